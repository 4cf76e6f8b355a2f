#include "smtp-client/deliver.h"

#include <algorithm>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "smtp-client/content_writer.h"
#include "smtp-client/report.h"

namespace outpost::smtp_client {
namespace {

constexpr int kClosing = 421;

}  // namespace

std::string DescribeInterruption(const Interruption& trouble, std::string_view relay, Stage stage) {
  const std::string detail = trouble.detail.empty() ? "" : sys::Cat(" (", trouble.detail, ")");
  switch (trouble.kind) {
    case Interruption::Kind::kLost:
    case Interruption::Kind::kRunnerGone:
      return sys::Cat("lost connection with ", relay, " while ", Activity(stage), detail);
    case Interruption::Kind::kTimeout:
      return sys::Cat("conversation with ", relay, " timed out while ", Activity(stage), detail);
    case Interruption::Kind::kNonsense:
      return sys::Cat("protocol error from ", relay, " while ", Activity(stage), detail);
  }
  return "";
}

Trouble TroubleOf(const Interruption& interruption) {
  switch (interruption.kind) {
    case Interruption::Kind::kLost:
    case Interruption::Kind::kRunnerGone:
      return Trouble::kConnectionLost;
    case Interruption::Kind::kTimeout:
      return Trouble::kTimeout;
    case Interruption::Kind::kNonsense:
      return Trouble::kNonsense;
  }
  return Trouble::kConnectionLost;
}

struct Delivery::Current {
  const Assignment& assignment;
  Transaction transaction;
  DeliveryTimes times;
  Stage stage = Stage::kMail;     // where it is, for its limit and for what is said when it breaks
  bool any_reply = false;         // the relay has said something about this message
  bool dot_sent = false;          // from here on only a reply says what became of it
  bool stale_connection = false;  // an old connection had ended before this message: it was not attempted
};

Delivery::Delivery(const conf::SmtpClientSettings& settings, const SessionFacts& facts, Conversation& conversation,
                   Transcript& transcript, const RunnerLine& runner, const sys::Log& log)
    : settings_(settings),
      facts_(facts),
      conversation_(conversation),
      transcript_(transcript),
      runner_(runner),
      log_(log) {}

Delivery::End Delivery::Deliver(const Assignment& assignment) {
  ++messages_;
  const TransactionRequest request{&assignment.message.envelope, &assignment.recipients,
                                   assignment.message.content_bytes};
  Current current{
      assignment, Transaction(request, facts_.capabilities, facts_.party, facts_.relay, needs_reset_), {}};
  const bool first = messages_ == 1;
  current.times.arrival = Microseconds(assignment.message.arrival_us);
  current.times.activated = Microseconds(assignment.message.activated_us);
  current.times.begun = first ? std::max(facts_.begun, current.times.activated) : sys::WallClock();
  current.times.connected = first ? facts_.connected : current.times.begun;
  WarnOf8Bit(assignment);

  const auto trouble = Drive(current);
  if (current.stale_connection) return End::kClose;
  if (trouble) {
    if (trouble->kind == Interruption::Kind::kRunnerGone) return End::kClose;
    SettleInterrupted(current, *trouble);
  }
  needs_reset_ = current.transaction.needs_reset();
  current.times.done = sys::WallClock();
  auto outcomes = current.transaction.TakeOutcomes();
  if (settings_.soft_bounce) SoftenRefusals(outcomes);
  const bool reported =
      Report(assignment, outcomes, facts_.relay, messages_, current.times, transcript_, runner_, log_);
  const bool usable = !trouble && !current.transaction.must_close() && reported;
  return usable ? End::kNextMessage : End::kClose;
}

std::optional<Interruption> Delivery::Drive(Current& current) {
  Transaction::Step step = current.transaction.Start();
  while (true) {
    if (!step.commands.empty()) {
      current.stage = current.transaction.stage();
      if (auto trouble = LookAround()) {
        current.stale_connection = IsUntouched(current);
        return trouble;
      }
      transcript_.Out(current.stage, step.commands);
      auto trouble = conversation_.Send(step.commands, TimeLimit(current.stage, settings_));
      // A relay that goes away has often said why: its replies are still heard.
      if (trouble && trouble->kind != Interruption::Kind::kLost) return trouble;
    }
    switch (step.next) {
      case Transaction::Next::kEnd:
        return std::nullopt;
      case Transaction::Next::kContent:
        if (auto trouble = SendContent(current)) return trouble;
        [[fallthrough]];
      case Transaction::Next::kReply:
        if (auto trouble = TakeReply(current, step)) return trouble;
    }
  }
}

// On a connection that has carried others, and without a word on this one.
bool Delivery::IsUntouched(const Current& current) const { return messages_ > 1 && !current.any_reply; }

std::optional<Interruption> Delivery::TakeReply(Current& current, Transaction::Step& step) {
  current.stage = current.transaction.stage();
  auto received = conversation_.Receive(TimeLimit(current.stage, settings_));
  if (auto* trouble = std::get_if<Interruption>(&received)) {
    current.stale_connection = IsUntouched(current) && trouble->kind == Interruption::Kind::kLost;
    return std::move(*trouble);
  }
  const Reply& reply = std::get<Reply>(received);
  current.stale_connection = IsUntouched(current) && reply.code == kClosing;
  if (current.stale_connection) return Interruption{};
  current.any_reply = true;
  transcript_.In(current.stage, reply);
  step = current.transaction.OnReply(reply);
  return std::nullopt;
}

std::optional<Interruption> Delivery::SendContent(Current& current) {
  current.stage = Stage::kContent;
  if (!runner_.Send(ipc::Begun{current.assignment.message.id}.Encode()))
    return Interruption{Interruption::Kind::kRunnerGone, ""};
  return SendBlocks(current);
}

std::optional<Interruption> Delivery::SendBlocks(Current& current) {
  const Assignment& assignment = current.assignment;
  ContentWriter writer(assignment.content.view(), assignment.content.size(),
                       static_cast<size_t>(settings_.smtp_line_length_limit));
  do {
    const auto block = writer.Next();
    if (!block) {
      current.transaction.Settle(Defer(Judge(facts_.party, Trouble::kContentUnreadable), block.error().text()));
      return Interruption{Interruption::Kind::kLost, block.error().text()};
    }
    // The last look before the message is the relay's: a reply that is there already is none to its end.
    if (writer.is_last()) {
      if (auto trouble = LookAround()) return trouble;
    }
    if (auto trouble = conversation_.Send(*block, TimeLimit(Stage::kContent, settings_))) return trouble;
  } while (!writer.is_last());
  current.dot_sent = true;
  if (writer.has_cut_lines()) {
    log_.Info(sys::Cat(assignment.message.id.text(), ": breaking line > ", settings_.smtp_line_length_limit,
                       " bytes with <CR><LF>SPACE"));
  }
  return std::nullopt;
}

std::optional<Interruption> Delivery::LookAround() {
  if (auto trouble = conversation_.LookAround()) return trouble;
  if (conversation_.HasUnread()) return Interruption{Interruption::Kind::kNonsense, "more was said than was asked"};
  return std::nullopt;
}

// Before the lone dot is out, the relay cannot have taken the message; after it only the relay knows, and our
// silence makes it "in doubt".
void Delivery::SettleInterrupted(Current& current, const Interruption& trouble) {
  const Ruling& ruling = Judge(facts_.party, TroubleOf(trouble), current.stage);
  mail::Deferred why = Defer(ruling, DescribeInterruption(trouble, facts_.relay, current.stage));
  if (current.dot_sent) {
    log_.Warning(sys::Cat(current.assignment.message.id.text(), ": ", why.why));
    return;
  }
  static_cast<void>(conversation_.LookAround());
  if (const auto said = conversation_.TakeWaiting()) {
    why.why += sys::Cat("; it said: ", said->ToString());
    // Too large, or not wanted: words on this content.
    if (current.stage == Stage::kContent) {
      const Ruling& of_content = Judge(facts_.party, Stage::kContent, *said);
      if (of_content.fault == mail::Fault::kMessage)
        why = Defer(of_content, StatusOf(of_content, *said), std::move(why.why));
    }
  }
  current.transaction.Abandon(why, trouble.kind == Interruption::Kind::kNonsense);
}

void Delivery::WarnOf8Bit(const Assignment& assignment) {
  const bool eight_bit = assignment.message.envelope.body == mail::BodyType::k8BitMime;
  if (!eight_bit || facts_.capabilities.eight_bit_mime || warned_of_8bit_) return;
  warned_of_8bit_ = true;
  log_.Warning(sys::Cat(assignment.message.id.text(), ": host ", facts_.relay,
                        " does not offer 8BITMIME: 8-bit content is sent as it is"));
}

}  // namespace outpost::smtp_client
