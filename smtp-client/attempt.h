// One attempt at one address that is connected: the session is opened, with TLS where it is wanted, and the account
// logged in.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/mail/verdict.h"
#include "lib/sys/log.h"
#include "smtp-client/capabilities.h"
#include "smtp-client/connect.h"
#include "smtp-client/conversation.h"
#include "smtp-client/faults.h"
#include "smtp-client/login.h"
#include "smtp-client/mechanisms.h"
#include "smtp-client/peer.h"
#include "smtp-client/prepare.h"
#include "smtp-client/stage.h"
#include "smtp-client/transcript.h"

namespace outpost::smtp_client {

// A session that is ready for mail.
struct OpenConnection {
  sys::UniqueFd socket;
  std::unique_ptr<Conversation> conversation;  // over `socket`: destroyed before it
  Peer peer;
  std::optional<TlsFacts> tls;
  std::string mechanism;  // SASL; "" without login
  Capabilities capabilities;
  Transcript transcript{};
};

class Attempt {
 public:
  // Deferred: a path or account fault.
  using Failure = std::variant<mail::Deferred, RunnerGone>;

  // `level` is the one to hold to, usually that of the settings. All but `connected` must outlive this.
  Attempt(const Provision& provision, conf::TlsLevel level, ConnectedSocket connected, sys::FdView channel,
          const sys::Log& log);

  // Greeting, EHLO, TLS and what the level asks of the certificate. Nothing when all is well.
  std::optional<Failure> OpenSession();
  // With the provision's credential, which must be there, after OpenSession().
  std::optional<Failure> LogIn();
  OpenConnection Take() &&;

  const std::string& relay() const { return relay_; }  // "host[addr]:port"
  std::vector<std::string> transcript() const { return open_.transcript.lines(); }
  // OpenSession() failed after TLS was offered: without it there might have been a session.
  bool tls_failed() const { return tls_failed_; }

 private:
  std::optional<Failure> StartTls();
  std::optional<Failure> CheckCertificate();
  std::optional<Failure> Exchange(Login& login);
  mail::Deferred Fault(Trouble trouble, std::string why) const;
  mail::Deferred NoMechanism(const MechanismChoice& choice) const;
  std::string WithheldAdvice() const;
  std::variant<Reply, Interruption> Converse(const std::string& command, Stage stage);
  Failure Broken(const Interruption& trouble, Stage stage) const;
  bool IsKnownPeer() const;

  const Provision& provision_;
  const conf::SmtpClientSettings& settings_;
  conf::TlsLevel level_;
  const sys::Log& log_;
  OpenConnection open_;
  std::string relay_;
  bool tls_failed_ = false;
};

}  // namespace outpost::smtp_client
