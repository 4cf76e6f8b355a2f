#include "smtp-client/opening.h"

#include <algorithm>
#include <utility>

#include "lib/sys/text.h"
#include "smtp-client/transaction.h"

namespace outpost::smtp_client {
namespace {

constexpr int kServiceReady = 220;

bool SaysEsmtp(const Reply& reply) {
  return std::ranges::any_of(reply.lines, [](const auto& line) { return line.find("ESMTP") != std::string::npos; });
}

}  // namespace

Opening::Opening(OpeningPolicy policy, std::string_view relay) : policy_(std::move(policy)), relay_(relay) {}

Opening::Step Opening::Start() {
  if (policy_.tls_from_the_start) return {Next::kHandshake, "", {}};
  return {Next::kReply, "", {}};
}

Opening::Step Opening::OnTlsEstablished() {
  tls_ = true;
  capabilities_ = {};
  if (stage_ == Stage::kGreeting) return {Next::kReply, "", {}};
  return SendEhlo();
}

Opening::Step Opening::OnReply(const Reply& reply) {
  switch (stage_) {
    case Stage::kGreeting:
      return Greet(reply);
    case Stage::kEhlo:
      return OnEhlo(reply);
    case Stage::kHelo:
      return OnHelo(reply);
    case Stage::kStartTls:
      return OnStartTls(reply);
    case Stage::kAuth:
    case Stage::kMail:
    case Stage::kRcpt:
    case Stage::kData:
    case Stage::kContent:
    case Stage::kEndOfData:
    case Stage::kReset:
    case Stage::kQuit:
      break;
  }
  return Fail(Judge(policy_.party, Stage::kMail, reply), reply,
              sys::Cat("host ", relay_, " answered what was not asked: ", reply.ToString()));
}

Opening::Step Opening::Greet(const Reply& reply) {
  if (reply.code != kServiceReady) {
    return Fail(Judge(policy_.party, stage_, reply), reply,
                sys::Cat("host ", relay_, " refused to talk to me: ", reply.ToString()));
  }
  const bool needs_esmtp = policy_.has_credential || (TlsRequired() && !tls_);
  if (policy_.always_send_ehlo || needs_esmtp || SaysEsmtp(reply)) return SendEhlo();
  stage_ = Stage::kHelo;
  return {Next::kReply, sys::Cat("HELO ", policy_.helo_name, "\r\n"), {}};
}

Opening::Step Opening::SendEhlo() {
  stage_ = Stage::kEhlo;
  return {Next::kReply, sys::Cat("EHLO ", policy_.helo_name, "\r\n"), {}};
}

Opening::Step Opening::OnEhlo(const Reply& reply) {
  if (reply.Class() != 2) {
    const Ruling& ruling = Judge(policy_.party, stage_, reply);
    const bool helo_does = !tls_ && !TlsRequired() && !policy_.has_credential;
    if (ruling.action != Action::kTryHelo || !helo_does) return Fail(ruling, reply);
    stage_ = Stage::kHelo;
    return {Next::kReply, sys::Cat("HELO ", policy_.helo_name, "\r\n"), {}};
  }
  capabilities_ = ParseEhlo(reply);
  if (tls_ || policy_.tls_level == conf::TlsLevel::kNone) return {Next::kReady, "", {}};
  if (capabilities_.starttls) {
    stage_ = Stage::kStartTls;
    return {Next::kReply, "STARTTLS\r\n", {}};
  }
  if (TlsRequired()) {
    const Ruling& ruling = Judge(policy_.party, Trouble::kTlsNotOffered);
    return {Next::kFailed, "", Defer(ruling, sys::Cat("TLS is required, but was not offered by host ", relay_))};
  }
  return {Next::kReady, "", {}};
}

Opening::Step Opening::OnHelo(const Reply& reply) {
  if (reply.Class() != 2) return Fail(Judge(policy_.party, stage_, reply), reply);
  capabilities_ = {};
  return {Next::kReady, "", {}};
}

// A relay that offered TLS and then refuses it gets no plain text: that is how an attacker would look.
Opening::Step Opening::OnStartTls(const Reply& reply) {
  if (reply.code == kServiceReady) return {Next::kHandshake, "", {}};
  return Fail(Judge(policy_.party, stage_, reply), reply);
}

Opening::Step Opening::Fail(const Ruling& ruling, const Reply& reply) const {
  return Fail(ruling, reply, DescribeRefusal(relay_, reply, stage_));
}

Opening::Step Opening::Fail(const Ruling& ruling, const Reply& reply, std::string why) const {
  return {Next::kFailed, "", Defer(ruling, StatusOf(ruling, reply), std::move(why))};
}

}  // namespace outpost::smtp_client
