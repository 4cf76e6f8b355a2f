#include "smtp-client/connection.h"

#include <deque>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "smtp-client/deliver.h"
#include "smtp-client/login.h"
#include "smtp-client/sasl.h"
#include "smtp-client/tls_policy.h"

namespace outpost::smtp_client {
namespace {

using conf::TlsLevel;
using mail::Deferred;
using mail::Fault;

// Why an attempt at one address failed; nothing: the runner is gone.
using AttemptFailure = std::optional<Deferred>;

class Attempt {
 public:
  Attempt(const Provision& provision, ConnectedSocket connected, sys::FdView channel, const sys::Log& log)
      : provision_(provision), settings_(provision.settings), log_(log) {
    open_.socket = std::move(connected.fd);
    open_.peer = std::move(connected.peer);
    relay_ = open_.peer.ToString();
    open_.conversation = std::make_unique<Conversation>(open_.socket, channel);
  }

  std::variant<OpenConnection, AttemptFailure> Run() {
    if (auto failure = OpenSession()) return std::move(*failure);
    if (provision_.credential) {
      if (auto failure = LogIn()) return std::move(*failure);
    }
    return std::move(open_);
  }
  const std::string& relay() const { return relay_; }

 private:
  std::optional<AttemptFailure> OpenSession();
  std::optional<AttemptFailure> StartTls();
  std::optional<AttemptFailure> CheckCertificate();
  std::optional<AttemptFailure> LogIn();
  std::optional<AttemptFailure> Exchange(Login& login);
  Deferred NoMechanism(const MechanismChoice& choice) const;
  std::string WithheldAdvice() const;
  std::variant<Reply, Interruption> Converse(const std::string& command, Stage stage);

  AttemptFailure Broken(const Interruption& trouble, Stage stage) const {
    if (trouble.kind == Interruption::Kind::kRunnerGone) return std::nullopt;
    return Deferred{{4, 4, 2}, DescribeInterruption(trouble, relay_, stage), Fault::kPath};
  }
  bool IsKnownPeer() const { return open_.peer.loopback || (open_.tls && open_.tls->is_configured_relay); }

  const Provision& provision_;
  const conf::SmtpClientSettings& settings_;
  const sys::Log& log_;
  OpenConnection open_;
  std::string relay_;
};

// One command and its one reply; "" waits alone. More than one reply to one command is none.
std::variant<Reply, Interruption> Attempt::Converse(const std::string& command, Stage stage) {
  const auto limit = TimeLimit(stage, settings_);
  if (!command.empty()) {
    if (auto trouble = open_.conversation->Send(command, limit)) return *trouble;
  }
  auto received = open_.conversation->Receive(limit);
  if (std::holds_alternative<Reply>(received) && open_.conversation->HasUnread())
    return Interruption{Interruption::Kind::kNonsense, "more was said than was asked"};
  return received;
}

std::optional<AttemptFailure> Attempt::OpenSession() {
  OpeningPolicy policy;
  policy.helo_name = settings_.smtp_helo_name;
  policy.tls_level = settings_.smtp_tls_security_level;
  policy.tls_from_the_start = settings_.smtp_tls_wrappermode;
  policy.has_credential = provision_.credential.has_value();
  policy.always_send_ehlo = settings_.smtp_always_send_ehlo;
  Opening opening(std::move(policy), relay_);
  Opening::Step step = opening.Start();
  while (true) {
    switch (step.next) {
      case Opening::Next::kReady:
        open_.capabilities = opening.capabilities();
        return std::nullopt;
      case Opening::Next::kFailed:
        return std::move(step.failure);
      case Opening::Next::kHandshake:
        if (auto failure = StartTls()) return failure;
        step = opening.OnTlsEstablished();
        break;
      case Opening::Next::kReply: {
        auto received = Converse(step.command, opening.stage());
        if (const auto* trouble = std::get_if<Interruption>(&received)) return Broken(*trouble, opening.stage());
        step = opening.OnReply(std::get<Reply>(received));
      }
    }
  }
}

std::optional<AttemptFailure> Attempt::StartTls() {
  const NextHop& next_hop = provision_.next_hop;
  const auto& match = settings_.smtp_tls_security_level == TlsLevel::kSecure ? settings_.smtp_tls_secure_cert_match
                                                                             : settings_.smtp_tls_verify_cert_match;
  const TlsRequest request{ServerName(settings_.smtp_tls_servername, next_hop, open_.peer.host),
                           NamesToMatch(match, next_hop, open_.peer.host), next_hop.host};
  auto stream = TlsStream::Make(*provision_.tls, open_.socket, request);
  if (!stream) return Deferred{{4, 7, 5}, stream.error().text(), Fault::kPath};
  const sys::Microseconds deadline = sys::MonotonicClock() + settings_.smtp_starttls_timeout;
  while (true) {
    const StreamResult result = (*stream)->Handshake();
    if (result.kind == StreamResult::Kind::kDone) break;
    if (result.kind == StreamResult::Kind::kClosed || result.kind == StreamResult::Kind::kFailed) {
      const std::string why = result.problem.empty() ? "connection closed" : result.problem;
      return Deferred{{4, 7, 5}, sys::Cat("Cannot start TLS with ", relay_, ": ", why), Fault::kPath};
    }
    if (auto trouble = open_.conversation->WaitFor(result.kind, deadline))
      return Broken(*trouble, Stage::kStartTls);
  }
  open_.tls = (*stream)->Facts();
  open_.conversation->Use(std::move(*stream));
  if (settings_.smtp_tls_loglevel >= 1) {
    log_.Info(sys::Cat(open_.tls->Word(), " TLS connection established to ", relay_, ": ", open_.tls->cipher));
  }
  return CheckCertificate();
}

std::optional<AttemptFailure> Attempt::CheckCertificate() {
  if (settings_.smtp_tls_security_level < TlsLevel::kVerify || open_.tls->matched) return std::nullopt;
  const char* what = open_.tls->trusted ? "Server certificate not verified" : "Server certificate not trusted";
  return Deferred{{4, 7, 5}, sys::Cat(what, ": ", relay_, ": ", open_.tls->problem), Fault::kAccount};
}

std::optional<AttemptFailure> Attempt::LogIn() {
  const PeerStanding standing{open_.tls.has_value(), IsKnownPeer()};
  const MechanismChoice choice = ChooseMechanisms(open_.capabilities.mechanisms, provision_.sasl, standing);
  if (choice.candidates.empty()) return NoMechanism(choice);
  auto exchange = BeginSasl(choice.candidates, choice.options, provision_.next_hop.host, *provision_.credential);
  if (!exchange)
    return Deferred{{4, 7, 0}, sys::Cat("SASL authentication failed: ", exchange.error().text()), Fault::kAccount};
  Login login(**exchange, relay_);
  if (auto failure = Exchange(login)) return failure;
  open_.mechanism = (*exchange)->mechanism();
  return std::nullopt;
}

std::optional<AttemptFailure> Attempt::Exchange(Login& login) {
  Login::Step step = login.Start();
  while (step.next == Login::Next::kReply) {
    auto received = Converse(step.command, Stage::kAuth);
    Wipe(step.command);
    if (const auto* trouble = std::get_if<Interruption>(&received)) return Broken(*trouble, Stage::kAuth);
    step = login.OnReply(std::get<Reply>(received));
  }
  if (step.next == Login::Next::kFailed) return std::move(step.failure);
  return std::nullopt;
}

Deferred Attempt::NoMechanism(const MechanismChoice& choice) const {
  std::string why;
  if (!open_.capabilities.auth) {
    why = sys::Cat("server ", relay_, " does not offer AUTH");
  } else if (choice.withheld_from_unknown_peer) {
    why = sys::Cat("the password for ", provision_.next_hop.configured, " is not sent to ", relay_, ": ",
                   WithheldAdvice());
  } else {
    std::string offered;
    for (const auto& name : open_.capabilities.mechanisms) offered += sys::Cat(" ", name);
    why = sys::Cat("no mechanism that main.cf allows on this connection; server ", relay_, " offers:", offered);
  }
  return Deferred{{4, 7, 0}, sys::Cat("SASL authentication failed; ", why), Fault::kAccount};
}

// What to add to main.cf.
std::string Attempt::WithheldAdvice() const {
  constexpr std::string_view kOtherwise =
      "smtp_sasl_require_known_peer = no, to send passwords to servers that nothing proves";
  if (!open_.tls) {
    return sys::Cat("the connection is not encrypted; add to main.cf: smtp_tls_security_level = encrypt; or ",
                    kOtherwise);
  }
  if (open_.tls->trusted) {
    return sys::Cat(open_.tls->problem,
                    "; name the server in relayhost as its certificate does; or add to main.cf: ", kOtherwise);
  }
  return sys::Cat("its certificate is not trusted (", open_.tls->problem,
                  "); add to main.cf: smtp_tls_CAfile = FILE with the certificate of its CA; or ", kOtherwise);
}

OpenFailure CannotConfine(const sys::Error& error) { return {Deferred{{4, 3, 0}, error.text(), Fault::kPath}, ""}; }

}  // namespace

std::variant<OpenConnection, OpenFailure, RunnerGone> Open(Provision& provision, const confine::Confined& confined,
                                                           sys::FdView channel, const sys::Log& log) {
  auto resolution = ResolveRelay(provision.next_hop, provision.resolve, channel);
  if (std::holds_alternative<RunnerGone>(resolution)) return RunnerGone{};
  if (auto* verdict = std::get_if<mail::Verdict>(&resolution)) return OpenFailure{std::move(*verdict), ""};
  auto& found = std::get<std::vector<RelayAddress>>(resolution);
  std::deque<RelayAddress> addresses(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));

  const int64_t session_limit = provision.settings.smtp_mx_session_limit;
  OpenFailure failure{Deferred{}, ""};
  for (int64_t sessions = 1;; ++sessions) {
    auto connected = ConnectToFirst(addresses, provision.settings.smtp_connect_timeout, channel);
    if (std::holds_alternative<RunnerGone>(connected)) return RunnerGone{};
    if (const auto* refused = std::get_if<ConnectFailure>(&connected)) {
      // What an earlier session's relay had said tells more than that another cannot be reached.
      if (failure.relay.empty()) failure.verdict = Deferred{{4, 4, 1}, refused->why, Fault::kPath};
      return failure;
    }
    if (session_limit > 0 && sessions >= session_limit) addresses.clear();
    if (addresses.empty()) {
      if (auto forbidden = confine::ForbidSockets(confined); !forbidden) return CannotConfine(forbidden.error());
    }
    Attempt attempt(provision, std::move(std::get<ConnectedSocket>(connected)), channel, log);
    auto outcome = attempt.Run();
    if (auto* open = std::get_if<OpenConnection>(&outcome)) {
      provision.credential.reset();
      if (auto forbidden = confine::ForbidSockets(confined); !forbidden) return CannotConfine(forbidden.error());
      return std::move(*open);
    }
    auto& why = std::get<AttemptFailure>(outcome);
    if (!why) return RunnerGone{};
    log.Info(why->why);
    failure = {std::move(*why), attempt.relay()};
    if (addresses.empty()) return failure;
  }
}

}  // namespace outpost::smtp_client
