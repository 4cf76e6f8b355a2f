// From a next hop to a session that is ready for mail: addresses, connection, TLS, login, with the next address
// where one fails. Whatever goes wrong here is no message's fault.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "lib/confine/confine.h"
#include "lib/mail/verdict.h"
#include "lib/sys/log.h"
#include "smtp-client/capabilities.h"
#include "smtp-client/connect.h"
#include "smtp-client/conversation.h"
#include "smtp-client/opening.h"
#include "smtp-client/prepare.h"

namespace outpost::smtp_client {

struct OpenConnection {
  sys::UniqueFd socket;
  std::unique_ptr<Conversation> conversation;  // over `socket`; destroyed before it
  Peer peer;
  std::optional<TlsFacts> tls;
  std::string mechanism;  // SASL; "" without login
  Capabilities capabilities;
  OpenConnection() = default;
  OpenConnection(OpenConnection&& other) = default;
  OpenConnection& operator=(OpenConnection&&) = delete;
  ~OpenConnection() { conversation.reset(); }
};

struct OpenFailure {
  mail::Verdict verdict;  // Deferred; Returned only where DNS says that a recipient's domain takes no mail
  std::string relay;      // "" when nothing was reached
};

// `channel` is the runner's: its end ends everything. Sockets are forbidden as soon as no other address can be tried
// any more: before the greeting where there is one address, else when the session is ready. The credential is wiped
// when it is not needed any more.
std::variant<OpenConnection, OpenFailure, RunnerGone> Open(Provision& provision, const confine::Confined& confined,
                                                           sys::FdView channel, const sys::Log& log);

}  // namespace outpost::smtp_client
