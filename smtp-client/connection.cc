#include "smtp-client/connection.h"

#include <chrono>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include "lib/sys/text.h"
#include "smtp-client/relay.h"

namespace outpost::smtp_client {
namespace {

using conf::TlsLevel;
using mail::Deferred;

using Outcome = std::variant<OpenConnection, OpenFailure, RunnerGone>;

class Opener {
 public:
  Opener(Provision& provision, const confine::Confined& confined, RunnerLine& runner, const sys::Log& log)
      : provision_(provision),
        settings_(provision.settings),
        confined_(confined),
        runner_(runner),
        log_(log),
        level_(settings_.smtp_tls_security_level) {}

  Outcome Run() {
    if (provision_.refusal) return OpenFailure{*provision_.refusal, ""};
    auto resolution = ResolveRelay(provision_.next_hop, provision_.resolve, runner_.fd());
    if (std::holds_alternative<RunnerGone>(resolution)) return RunnerGone{};
    if (auto* verdict = std::get_if<mail::Verdict>(&resolution)) return OpenFailure{std::move(*verdict), ""};
    auto& found = std::get<std::vector<RelayAddress>>(resolution);
    addresses_.assign(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    while (true) {
      auto outcome = TryNext();
      if (outcome) return std::move(*outcome);
    }
  }

 private:
  // The next address that can be connected to. Nothing: another one is worth trying.
  std::optional<Outcome> TryNext() {
    auto connected = ConnectToFirst(addresses_, settings_.smtp_connect_timeout, runner_.fd());
    if (std::holds_alternative<RunnerGone>(connected)) return RunnerGone{};
    if (const auto* refused = std::get_if<ConnectFailure>(&connected)) {
      // What an earlier session's relay had said tells more than that another cannot be reached.
      if (failure_.relay.empty()) failure_.verdict = Fault(ConnectTrouble(refused->code), refused->why);
      return std::move(failure_);
    }
    ++sessions_;
    const int64_t limit = settings_.smtp_mx_session_limit;
    if (limit > 0 && sessions_ >= limit) addresses_.clear();
    auto& socket = std::get<ConnectedSocket>(connected);
    const RelayAddress target = socket.target;
    if (addresses_.empty() && !MayFallBack()) {
      if (auto forbidden = confine::ForbidSockets(confined_); !forbidden) return CannotConfine(forbidden.error());
    }
    Attempt attempt(provision_, level_, std::move(socket), runner_.fd(), log_);
    if (auto failure = attempt.OpenSession()) return OnSessionFailure(attempt, target, std::move(*failure));
    return LogIn(attempt);
  }

  std::optional<Outcome> OnSessionFailure(const Attempt& attempt, const RelayAddress& target,
                                          Attempt::Failure failure) {
    if (std::holds_alternative<RunnerGone>(failure)) return RunnerGone{};
    Note(attempt, std::move(failure));
    if (attempt.tls_failed() && MayFallBack() && HasWaited()) {
      log_.Warning(sys::Cat("going on without TLS with ", attempt.relay(), ": smtp_tls_security_level = may"));
      level_ = TlsLevel::kNone;
      addresses_.push_front(target);
    }
    if (addresses_.empty()) return std::move(failure_);
    return std::nullopt;
  }

  Outcome LogIn(Attempt& attempt) {
    if (auto forbidden = confine::ForbidSockets(confined_); !forbidden) return CannotConfine(forbidden.error());
    if (provision_.credential) {
      auto failure = attempt.LogIn();
      provision_.credential.reset();
      if (failure && std::holds_alternative<RunnerGone>(*failure)) return RunnerGone{};
      if (failure) {
        Note(attempt, std::move(*failure));
        return std::move(failure_);
      }
    }
    return std::move(attempt).Take();
  }

  void Note(const Attempt& attempt, Attempt::Failure failure) {
    auto& why = std::get<Deferred>(failure);
    log_.Info(why.why);
    failure_ = {std::move(why), attempt.relay(), attempt.transcript()};
  }

  bool MayFallBack() const {
    return level_ == TlsLevel::kMay && !provision_.credential && !settings_.smtp_tls_wrappermode;
  }
  // The mail that is to go first has.
  bool HasWaited() {
    const ipc::Deliver* first = runner_.Peek();
    if (first == nullptr) return false;
    const std::chrono::microseconds waited(first->activated_us - first->arrival_us);
    return waited >= settings_.minimal_backoff_time;
  }

  Deferred Fault(Trouble trouble, std::string why) const {
    return Defer(Judge(provision_.resolve.party, trouble), std::move(why));
  }
  Outcome CannotConfine(const sys::Error& error) const {
    return OpenFailure{Fault(Trouble::kCannotConfine, error.text()), ""};
  }

  Provision& provision_;
  const conf::SmtpClientSettings& settings_;
  const confine::Confined& confined_;
  RunnerLine& runner_;
  const sys::Log& log_;
  TlsLevel level_;
  std::deque<RelayAddress> addresses_;
  int64_t sessions_ = 0;
  OpenFailure failure_{Deferred{}, ""};
};

}  // namespace

Outcome Open(Provision& provision, const confine::Confined& confined, RunnerLine& runner, const sys::Log& log) {
  return Opener(provision, confined, runner, log).Run();
}

}  // namespace outpost::smtp_client
