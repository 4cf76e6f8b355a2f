// How a session begins: greeting, EHLO (or HELO), STARTTLS, EHLO again (RFC 5321 section 3.1, RFC 3207). A state
// machine: reply in, what to do next out. Pure.
//
// Nothing that goes wrong here is a message's fault: every failure is deferred, none returns mail. Nothing that
// was said before TLS is remembered after it (attack S16).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conf/settings.h"
#include "lib/mail/verdict.h"
#include "smtp-client/capabilities.h"
#include "smtp-client/faults.h"
#include "smtp-client/reply.h"
#include "smtp-client/stage.h"

namespace outpost::smtp_client {

struct OpeningPolicy {
  std::string helo_name;
  conf::TlsLevel tls_level = conf::TlsLevel::kMay;
  bool tls_from_the_start = false;  // smtp_tls_wrappermode: the handshake comes before the greeting
  bool has_credential = false;      // then HELO does not do, nor plain text where TLS was refused
  bool always_send_ehlo = true;
  Party party = Party::kRelay;
};

class Opening {
 public:
  enum class Next {
    kReply,      // send `command`, feed the next reply to OnReply()
    kHandshake,  // begin TLS now, with nothing left unread; then OnTlsEstablished()
    kReady,      // log in if there is a credential, then send mail
    kFailed,     // `failure` says why
  };
  struct Step {
    Next next = Next::kFailed;
    std::string command;
    mail::Deferred failure;
  };

  Opening(OpeningPolicy policy, std::string_view relay);

  // What to do first: the greeting is waited for, or, with TLS from the start, the handshake comes.
  Step Start();
  Step OnReply(const Reply& reply);
  Step OnTlsEstablished();

  // The stage of the reply that is waited for.
  Stage stage() const { return stage_; }
  const Capabilities& capabilities() const { return capabilities_; }

 private:
  Step Greet(const Reply& reply);
  Step SendEhlo();
  Step OnEhlo(const Reply& reply);
  Step OnHelo(const Reply& reply);
  Step OnStartTls(const Reply& reply);
  Step Fail(const Ruling& ruling, const Reply& reply) const;
  Step Fail(const Ruling& ruling, const Reply& reply, std::string why) const;
  bool TlsRequired() const { return policy_.tls_level >= conf::TlsLevel::kEncrypt; }

  OpeningPolicy policy_;
  std::string relay_;
  Stage stage_ = Stage::kGreeting;
  bool tls_ = false;
  Capabilities capabilities_;
};

}  // namespace outpost::smtp_client
