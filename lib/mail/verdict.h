// What became of one recipient in one attempt: data that nobody can half-read.
#pragma once

#include <string>
#include <variant>

#include "lib/mail/enhanced_status.h"

namespace outpost::mail {

// Whose fault a failure is; they are never mixed up (docs/faults.md).
//   kMessage  refused at MAIL, RCPT or DATA: this message or recipient alone is deferred or returned
//   kAccount  login refused, mechanism missing, certificate that is not trusted: nothing is returned, the
//             circuit of (relay, account) opens
//   kPath     no route, DNS, connect, TLS, greeting, STARTTLS missing: deferred, nothing is returned
//   kSender   the account may not send as this sender: mail of that (relay, sender) alone waits, none is returned
enum class Fault { kMessage, kAccount, kPath, kSender };

struct Delivered {
  EnhancedStatus status{2, 0, 0};
  std::string reply;  // the relay's own words, printable
  // The relay was given what the sender wants to be told (RFC 3461), and tells it; else that is ours to do.
  bool relay_reports = false;
};
struct Deferred {
  EnhancedStatus status{4, 0, 0};
  std::string why;
  Fault fault = Fault::kPath;
};
// A permanent refusal; a message's fault always.
struct Returned {
  EnhancedStatus status{5, 0, 0};
  std::string why;
};

using Verdict = std::variant<Delivered, Deferred, Returned>;

// What becomes of a refusal where soft_bounce is set.
inline Deferred Soften(const Returned& returned) {
  return {{4, returned.status.subject, returned.status.detail}, returned.why, Fault::kMessage};
}

}  // namespace outpost::mail
