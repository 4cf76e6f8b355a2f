// From a next hop to a session that is ready for mail: addresses, connection, TLS, login, with the next address
// where one fails. Whatever goes wrong here is no message's fault.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "lib/confine/confine.h"
#include "lib/mail/verdict.h"
#include "lib/sys/log.h"
#include "smtp-client/attempt.h"
#include "smtp-client/prepare.h"
#include "smtp-client/runner_line.h"

namespace outpost::smtp_client {

struct OpenFailure {
  mail::Verdict verdict;  // Deferred; Returned only where a recipient's domain takes no mail, or is none
  std::string relay;      // "" when nothing was reached
  std::vector<std::string> transcript{};  // of the session that failed
};

// The runner's end ends everything. Sockets are forbidden as soon as no other address can be tried: before the
// greeting where there is but one, else before the login, whose failure is the account's and is not repeated
// elsewhere. The credential is wiped when it is not needed any more.
//
// At level may, mail that has waited minimal_backoff_time goes in clear where TLS is offered but fails, as with
// Postfix; never where there is a credential.
std::variant<OpenConnection, OpenFailure, RunnerGone> Open(Provision& provision, const confine::Confined& confined,
                                                           RunnerLine& runner, const sys::Log& log);

}  // namespace outpost::smtp_client
