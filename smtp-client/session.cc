#include "smtp-client/session.h"

#include <cerrno>
#include <optional>
#include <poll.h>
#include <sysexits.h>
#include <utility>
#include <vector>

#include "lib/confine/confine.h"
#include "lib/sys/text.h"
#include "smtp-client/confinement.h"
#include "smtp-client/connection.h"
#include "smtp-client/deliver.h"
#include "smtp-client/report.h"
#include "smtp-client/runner_line.h"

namespace outpost::smtp_client {
namespace {

class Session {
 public:
  Session(ipc::Channel channel, Provision provision, const sys::Log& log)
      : runner_(std::move(channel)), provision_(std::move(provision)), log_(log), begun_(sys::WallClock()) {}

  int Run();

 private:
  int ServeConnection(OpenConnection open);
  int ReportFailure(const OpenFailure& failure);
  int ReturnAll(const mail::Verdict& verdict);
  // The next message; nothing at the end of the work, for whatever reason.
  std::optional<Assignment> NextMessage(Conversation* conversation, bool& finished);

  RunnerLine runner_;
  Provision provision_;
  const sys::Log& log_;
  Microseconds begun_;
};

int Session::Run() {
  const auto confined = confine::Confine(ConnectionProfile());
  if (!confined) {
    log_.Error(confined.error().text());
    return EX_OSERR;
  }
  auto outcome = Open(provision_, *confined, runner_, log_);
  if (std::holds_alternative<RunnerGone>(outcome)) return EX_OK;
  if (const auto* failure = std::get_if<OpenFailure>(&outcome)) return ReportFailure(*failure);
  return ServeConnection(std::move(std::get<OpenConnection>(outcome)));
}

int Session::ReportFailure(const OpenFailure& failure) {
  if (const auto* deferred = std::get_if<mail::Deferred>(&failure.verdict)) {
    static_cast<void>(runner_.Send(ipc::ConnectionFailed{*deferred, failure.relay, failure.transcript}.Encode()));
    return EX_OK;
  }
  return ReturnAll(failure.verdict);
}

// Nobody will ever take mail for this domain: each message is answered so.
int Session::ReturnAll(const mail::Verdict& verdict) {
  bool finished = false;
  if (!runner_.Send(ipc::Connected{"none", "", "", ""}.Encode())) return EX_OK;
  while (const auto assignment = NextMessage(nullptr, finished)) {
    std::vector<Transaction::Outcome> outcomes;
    for (size_t i = 0; i < assignment->recipients.size(); ++i) outcomes.push_back({i, verdict});
    if (provision_.settings.soft_bounce) SoftenRefusals(outcomes);
    DeliveryTimes times{Microseconds(assignment->message.arrival_us),
                        Microseconds(assignment->message.activated_us), begun_, begun_, sys::WallClock()};
    if (!Report(*assignment, outcomes, "none", 1, times, Transcript(), runner_, log_)) return EX_OK;
  }
  return EX_OK;
}

int Session::ServeConnection(OpenConnection open) {
  const Party party = provision_.resolve.party;
  SessionFacts facts{open.peer.ToString(), party, open.capabilities, begun_, sys::WallClock()};
  ipc::Connected connected{facts.relay, "", "", open.mechanism};
  if (open.tls) {
    connected.tls = open.tls->cipher;
    connected.certificate = open.tls->has_certificate ? sys::LowerCase(open.tls->Word()) : "";
  }
  if (!runner_.Send(connected.Encode())) return EX_OK;
  Delivery delivery(provision_.settings, facts, *open.conversation, open.transcript, runner_, log_);
  bool finished = false;
  while (const auto assignment = NextMessage(open.conversation.get(), finished)) {
    if (delivery.Deliver(*assignment) == Delivery::End::kClose) break;
  }
  if (finished) {  // the answer to QUIT changes nothing
    static_cast<void>(open.conversation->Send("QUIT\r\n", provision_.settings.smtp_quit_timeout));
  } else {  // messages may be on their way to us that the runner must not take for what we died of
    const mail::Deferred why =
        Defer(Judge(party, Trouble::kConnectionOver), sys::Cat("the connection with ", facts.relay, " has ended"));
    static_cast<void>(runner_.Send(ipc::ConnectionFailed{why, facts.relay}.Encode()));
  }
  open.conversation->Shutdown();
  return EX_OK;
}

std::optional<Assignment> Session::NextMessage(Conversation* conversation, bool& finished) {
  while (true) {
    auto next = runner_.Next();
    if (!next) {
      if (next.error().code() != EPIPE) log_.Error(next.error().text());
      return std::nullopt;
    }
    if (auto* assignment = std::get_if<Assignment>(&*next)) return std::move(*assignment);
    finished = std::holds_alternative<Finished>(*next);
    if (finished) return std::nullopt;
    if (conversation != nullptr) {
      if (!conversation->WaitForRunner()) return std::nullopt;
    } else {
      pollfd fd{runner_.fd().get(), POLLIN, 0};
      poll(&fd, 1, -1);
    }
  }
}

}  // namespace

int RunSession(ipc::Channel channel, Provision provision, const sys::Log& log) {
  return Session(std::move(channel), std::move(provision), log).Run();
}

}  // namespace outpost::smtp_client
