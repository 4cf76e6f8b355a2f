// Notices of what became of a message, for its sender or the administrator: multipart/report (RFC 6522) with a delivery
// status (RFC 3464, RFC 6533 where an address is not ASCII). Pure text; whoever calls stores it in the commit that
// settles the recipients.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/mail/envelope.h"
#include "lib/queue/queue.h"
#include "queue-runner/policy.h"
#include "queue-runner/recipient_report.h"
#include "queue-runner/system_mail.h"

namespace outpost::queue_runner {

// Whether the sender asked to be told of it (RFC 3461 section 4.1).
bool WantsReport(const mail::Recipient& recipient, queue::ReportKind kind);

// The recipients of one message that a notice tells of; at least one.
struct ReportedMessage {
  std::string id;
  std::string sender;
  sys::Microseconds arrival{};
  std::string envelope_id;
  std::vector<RecipientReport> recipients;
};

struct Quotation {
  uint64_t bytes = 0;  // of the front of the content; 0: nothing is quoted
  bool whole = false;  // the message; else its header
  bool eight_bit = false;
};

struct ReportRequest {
  queue::ReportKind kind = queue::ReportKind::kFailed;
  bool is_double_bounce = false;          // of a message without sender, for the administrator
  std::vector<ReportedMessage> messages;  // one, or several that have waited to be told together
  Quotation quotation;                    // of the one
  std::optional<sys::Microseconds> will_retry_until;
};

// The text of a notice that `mail` (with id, now, recipient) becomes; fills in the rest of `mail`. `text.quoted` is left to
// the caller.
SystemMailText FormatReport(const ReportRequest& request, const Policy& policy, SystemMail& mail);

// How many recipients from `reports`' front one notice tells of: at least one, and so many that its own text (all but
// what it quotes) stays below kMaxNoticeText bytes.
constexpr size_t kMaxNoticeText = queue::kContentChunk / 4;
size_t CountForOneNotice(std::span<const RecipientReport> reports);

}  // namespace outpost::queue_runner
