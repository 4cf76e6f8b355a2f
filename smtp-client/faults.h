// Whose fault it is when a relay says no, or says nothing: one table of what can be said or go wrong at each stage, and
// what is made of it (fault_table.cc). The state machines ask here and decide nothing of their own; docs/faults.md is
// the table for people, and a test keeps the two the same.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lib/mail/enhanced_status.h"
#include "lib/mail/verdict.h"
#include "smtp-client/reply.h"
#include "smtp-client/stage.h"

namespace outpost::smtp_client {

// Whom a connection is made to. A recipient's own domain knows no account of ours, and can say for good that it takes
// no mail; a relay of main.cf can be wrong only until somebody mends it.
enum class Party { kRelay, kRecipientDomain };

// What goes wrong without the relay's word: before it could speak, between us, or on this host.
enum class Trouble {
  // Of the mail itself, known before anything is sent.
  kMessageTooLarge,
  kNoSmtpUtf8,
  kBadSender,
  kBadRecipient,
  kBadDomain,
  kContentUnreadable,
  // Of this host and its configuration.
  kConfiguration,
  kCannotResolve,
  kCannotConfine,
  kCannotBeginTls,
  // DNS.
  kDnsNoName,
  kDnsNoRecord,
  kDnsNullMx,
  kDnsNoHostNamed,
  kDnsServerFailure,
  kDnsRefused,
  kDnsTimeout,
  kDnsUnreachable,
  kDnsNonsense,
  // Connecting.
  kConnectRefused,
  kConnectTimeout,
  kHostUnreachable,
  kNetworkUnreachable,
  kConnectForbidden,
  kConnectReset,
  kNoSockets,
  kConnectFailed,
  // TLS.
  kTlsNotOffered,
  kTlsFailed,
  kTlsClosed,
  kNoCertificate,
  kCertificateExpired,
  kCertificateNotYetValid,
  kCertificateUnknownIssuer,
  kCertificateInvalid,
  kCertificateWrongName,
  kCertificateOfThisNetwork,  // any of the five, on another network than the one where it was good
  // The login.
  kNoCredentials,
  kNoPlugins,
  kAuthNotOffered,
  kNoMechanism,
  kSecretWithheld,
  kLoginAborted,
  kLoginUnproven,
  // The conversation, at any stage.
  kConnectionLost,
  kTimeout,
  kNonsense,
  kConnectionOver,  // an old connection's end, known before a message began
};

// What is done about it.
enum class Action {
  kReturn,       // the recipient's mail goes back to its sender
  kDefer,        // it waits, and is tried again by itself
  kHoldSender,   // this sender's mail to this relay waits, however long it takes
  kClose,        // the connection ends; what it had not settled waits
  kOutOfStep,    // the same, and no refusal of it is believed: replies and commands do not fit
  kNextHost,     // the relay's next address is tried; after the last one its mail waits
  kTryHelo,      // HELO is tried, where neither TLS nor a login needs EHLO; else as kNextHost
  kStopAccount,  // nothing more is tried with this account until a probe says that it is well again
  kInDoubt,      // the message may have been taken: that is told, and it is tried again after a while
};

// A set of stages.
using Stages = unsigned;
constexpr Stages At(Stage stage) { return 1U << static_cast<unsigned>(stage); }

// What is made of it.
struct Ruling {
  mail::Fault fault = mail::Fault::kPath;
  Action action = Action::kDefer;
  // For a reply: where it states none of its own (category 0: that of its code). For a trouble: its own.
  mail::EnhancedStatus status{0, 0, 0};
  std::string_view meaning;
};

// One row for replies. The first that fits is the one that counts.
struct ReplyRow {
  Stages stages = 0;
  int code = 0;              // 550; 5 for any that begins so; 0 for every other
  int subject = -1;          // of the enhanced status that the reply states; -1: whatever it says or not
  int detail = -1;           //
  std::string_view words{};  // that stand in its text, addresses left out, whatever the case; "" for any
  bool relay_only = false;   // not for a recipient's own domain
  Ruling ruling;
};
// One row for troubles, at some stages (0: it has none) and for one party or both.
struct TroubleRow {
  Trouble trouble{};
  Stages stages = 0;
  bool at_relay = true;
  bool at_recipient_domain = true;
  Ruling ruling;
};
std::span<const ReplyRow> ReplyRows();
std::span<const TroubleRow> TroubleRows();

// The row for a reply that is not the one hoped for. `reply` with a code of 200 to 599; there always is a row.
const Ruling& Judge(Party party, Stage stage, const Reply& reply);
const Ruling& Judge(Party party, Trouble trouble);
// Of what happens while something is sent or waited for: kConnectionLost, kTimeout, kNonsense.
const Ruling& Judge(Party party, Trouble trouble, Stage stage);

// The status of `reply` under `ruling`: the relay's own where it states one, of the class that suits the action.
mail::EnhancedStatus StatusOf(const Ruling& ruling, const Reply& reply);
// A verdict that is not "returned", and one that may be.
mail::Deferred Defer(const Ruling& ruling, mail::EnhancedStatus status, std::string why);
mail::Deferred Defer(const Ruling& ruling, std::string why);
mail::Verdict Decide(const Ruling& ruling, mail::EnhancedStatus status, std::string why);
mail::Verdict Decide(const Ruling& ruling, std::string why);

// The trouble that connect(2) reports by `code`, an errno.
Trouble ConnectTrouble(int code);

}  // namespace outpost::smtp_client
