#include "smtp-client/report.h"

#include "lib/ipc/channel.h"

namespace outpost::smtp_client {
namespace {

bool SameVerdict(const mail::Verdict& a, const mail::Verdict& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<mail::Delivered>(&a)) {
    const auto& y = std::get<mail::Delivered>(b);
    return x->status == y.status && x->reply == y.reply && x->relay_reports == y.relay_reports;
  }
  if (const auto* x = std::get_if<mail::Deferred>(&a)) {
    const auto& y = std::get<mail::Deferred>(b);
    return x->status == y.status && x->why == y.why && x->fault == y.fault;
  }
  const auto& x = std::get<mail::Returned>(a);
  const auto& y = std::get<mail::Returned>(b);
  return x.status == y.status && x.why == y.why;
}

}  // namespace

void SoftenRefusals(std::vector<Transaction::Outcome>& outcomes) {
  for (auto& outcome : outcomes) {
    if (const auto* returned = std::get_if<mail::Returned>(&outcome.verdict)) {
      outcome.verdict = mail::Soften(mail::Returned(*returned));
    }
  }
}

bool Report(const Assignment& assignment, const std::vector<Transaction::Outcome>& outcomes, std::string_view relay,
            int connection_use, const DeliveryTimes& times, const Transcript& transcript, const RunnerLine& runner,
            const sys::Log& log) {
  const mail::QueueId& id = assignment.message.id;
  for (const auto& outcome : outcomes) {
    log.Info(FormatDelivery(id, assignment.recipients[outcome.recipient], relay, connection_use, times,
                            outcome.verdict));
  }
  const bool all = outcomes.size() == assignment.recipients.size();
  for (size_t i = 0; i < outcomes.size();) {
    ipc::Verdicts packet{id, {}, outcomes[i].verdict, std::string(relay), false};
    while (i < outcomes.size() && packet.recipients.size() < ipc::kRecipientsAPacket &&
           SameVerdict(outcomes[i].verdict, packet.verdict)) {
      packet.recipients.push_back(assignment.numbers[outcomes[i++].recipient]);
    }
    if (!std::holds_alternative<mail::Delivered>(packet.verdict)) packet.transcript = transcript.lines();
    packet.last = all && i == outcomes.size();
    if (!runner.Send(packet.Encode())) return false;
  }
  return true;
}

}  // namespace outpost::smtp_client
