#include "smtp-client/attempt.h"

#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "smtp-client/deliver.h"
#include "smtp-client/opening.h"
#include "smtp-client/sasl.h"
#include "smtp-client/tls_policy.h"

namespace outpost::smtp_client {

using conf::TlsLevel;
using mail::Deferred;

namespace {

Trouble TroubleOf(CertificateProblem problem) {
  switch (problem) {
    case CertificateProblem::kMissing:
      return Trouble::kNoCertificate;
    case CertificateProblem::kExpired:
      return Trouble::kCertificateExpired;
    case CertificateProblem::kNotYetValid:
      return Trouble::kCertificateNotYetValid;
    case CertificateProblem::kUnknownIssuer:
      return Trouble::kCertificateUnknownIssuer;
    case CertificateProblem::kWrongName:
      return Trouble::kCertificateWrongName;
    case CertificateProblem::kInvalid:
    case CertificateProblem::kNone:
      break;
  }
  return Trouble::kCertificateInvalid;
}

}  // namespace

Attempt::Attempt(const Provision& provision, TlsLevel level, ConnectedSocket connected, sys::FdView channel,
                 const sys::Log& log)
    : provision_(provision), settings_(provision.settings), level_(level), log_(log) {
  open_.socket = std::move(connected.fd);
  open_.peer = std::move(connected.target.peer);
  open_.transcript = Transcript(true);
  relay_ = open_.peer.ToString();
  open_.conversation = std::make_unique<Conversation>(open_.socket, channel);
}

OpenConnection Attempt::Take() && {
  if (!provision_.wants_transcripts) open_.transcript = Transcript();
  return std::move(open_);
}

Attempt::Failure Attempt::Broken(const Interruption& trouble, Stage stage) const {
  if (trouble.kind == Interruption::Kind::kRunnerGone) return RunnerGone{};
  const Ruling& ruling = Judge(provision_.resolve.party, smtp_client::TroubleOf(trouble), stage);
  return Defer(ruling, DescribeInterruption(trouble, relay_, stage));
}

Deferred Attempt::Fault(Trouble trouble, std::string why) const {
  return Defer(Judge(provision_.resolve.party, trouble), std::move(why));
}

// One command and its one reply; "" waits alone. More than one reply to one command is none.
std::variant<Reply, Interruption> Attempt::Converse(const std::string& command, Stage stage) {
  const auto limit = TimeLimit(stage, settings_);
  if (!command.empty()) {
    open_.transcript.Out(stage, command);
    if (auto trouble = open_.conversation->Send(command, limit)) return *trouble;
  }
  auto received = open_.conversation->Receive(limit);
  if (const auto* reply = std::get_if<Reply>(&received)) open_.transcript.In(stage, *reply);
  if (std::holds_alternative<Reply>(received) && open_.conversation->HasUnread())
    return Interruption{Interruption::Kind::kNonsense, "more was said than was asked"};
  return received;
}

std::optional<Attempt::Failure> Attempt::OpenSession() {
  OpeningPolicy policy;
  policy.helo_name = settings_.smtp_helo_name;
  policy.tls_level = level_;
  policy.tls_from_the_start = settings_.smtp_tls_wrappermode;
  policy.has_credential = provision_.credential.has_value();
  policy.always_send_ehlo = settings_.smtp_always_send_ehlo;
  policy.party = provision_.resolve.party;
  Opening opening(std::move(policy), relay_);
  Opening::Step step = opening.Start();
  while (true) {
    switch (step.next) {
      case Opening::Next::kReady:
        open_.capabilities = opening.capabilities();
        return std::nullopt;
      case Opening::Next::kFailed:
        tls_failed_ = opening.stage() == Stage::kStartTls;
        return std::move(step.failure);
      case Opening::Next::kHandshake:
        if (auto failure = StartTls()) {
          tls_failed_ = true;
          return failure;
        }
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

std::optional<Attempt::Failure> Attempt::StartTls() {
  const NextHop& next_hop = provision_.next_hop;
  const auto& match =
      level_ == TlsLevel::kSecure ? settings_.smtp_tls_secure_cert_match : settings_.smtp_tls_verify_cert_match;
  const TlsRequest request{ServerName(settings_.smtp_tls_servername, next_hop, open_.peer.host),
                           NamesToMatch(match, next_hop, open_.peer.host), next_hop.host};
  auto stream = TlsStream::Make(*provision_.tls, open_.socket, request);
  if (!stream) return Fault(Trouble::kCannotBeginTls, stream.error().text());
  const sys::Microseconds deadline = sys::MonotonicClock() + settings_.smtp_starttls_timeout;
  while (true) {
    const StreamResult result = (*stream)->Handshake();
    if (result.kind == StreamResult::Kind::kDone) break;
    if (result.kind == StreamResult::Kind::kClosed || result.kind == StreamResult::Kind::kFailed) {
      const bool closed = result.problem.empty();
      return Fault(closed ? Trouble::kTlsClosed : Trouble::kTlsFailed,
                   sys::Cat("Cannot start TLS with ", relay_, ": ", closed ? "connection closed" : result.problem));
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

std::optional<Attempt::Failure> Attempt::CheckCertificate() {
  if (level_ < TlsLevel::kVerify || open_.tls->matched) return std::nullopt;
  const char* what = open_.tls->trusted ? "Server certificate not verified" : "Server certificate not trusted";
  const Trouble trouble = provision_.verified_elsewhere ? Trouble::kCertificateOfThisNetwork
                                                        : TroubleOf(open_.tls->certificate_problem);
  return Fault(trouble, sys::Cat(what, ": ", relay_, ": ", open_.tls->problem,
                                 provision_.verified_elsewhere ? "; it was good on another network" : ""));
}

// DNS has no part in it: an answer of 127.0.0.1 would lead a secret to whoever listens there (attacks S18, S26).
bool Attempt::IsKnownPeer() const {
  const bool loopback = open_.peer.loopback && provision_.next_hop.NeedsNoDns();
  return loopback || (open_.tls && open_.tls->is_configured_relay);
}

std::optional<Attempt::Failure> Attempt::LogIn() {
  const PeerStanding standing{open_.tls.has_value(), IsKnownPeer()};
  const MechanismChoice choice = ChooseMechanisms(open_.capabilities.mechanisms, provision_.sasl, standing);
  if (choice.candidates.empty()) return NoMechanism(choice);
  auto exchange = BeginSasl(choice.candidates, choice.options, provision_.next_hop.host, *provision_.credential);
  if (!exchange)
    return Fault(Trouble::kNoPlugins, sys::Cat("SASL authentication failed: ", exchange.error().text()));
  Login login(**exchange, relay_);
  if (auto failure = Exchange(login)) return failure;
  open_.mechanism = (*exchange)->mechanism();
  return std::nullopt;
}

std::optional<Attempt::Failure> Attempt::Exchange(Login& login) {
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
  Trouble trouble = Trouble::kNoMechanism;
  if (!open_.capabilities.auth) {
    trouble = Trouble::kAuthNotOffered;
    why = sys::Cat("server ", relay_, " does not offer AUTH");
  } else if (choice.withheld_from_unknown_peer) {
    trouble = Trouble::kSecretWithheld;
    why = sys::Cat("the password for ", provision_.next_hop.configured, " is not sent to ", relay_, ": ",
                   WithheldAdvice());
  } else {
    std::string offered;
    for (const auto& name : open_.capabilities.mechanisms) offered += sys::Cat(" ", name);
    why = sys::Cat("no mechanism that main.cf allows on this connection; server ", relay_, " offers:", offered);
  }
  return Fault(trouble, sys::Cat("SASL authentication failed; ", why));
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

}  // namespace outpost::smtp_client
