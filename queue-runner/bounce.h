// The notice that returns a message to its sender: multipart/report (RFC 6522) with a delivery status (RFC 3464,
// RFC 6533 where an address is not ASCII). Pure text; whoever calls stores it in the commit that says "returned".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/mail/envelope.h"
#include "lib/queue/queue.h"

namespace outpost::queue_runner {

struct FailedRecipient {
  queue::RecipientKey key = 0;
  mail::Recipient recipient;
  std::string status;  // "5.1.1"; of an expired one that of the last attempt, "4.4.1"
  std::string text;    // printable
  std::string relay;   // "host[address]:port", "" when none was asked
  bool expired = false;
};

// Whether the sender asked to be told of a failure of `recipient` (RFC 3461 section 4.1).
bool WantsFailureNotice(const mail::Recipient& recipient);

struct NoticeFacts {
  mail::QueueId id;  // the notice's own
  sys::Microseconds now{};
  std::string myhostname;
  std::string myorigin;
  std::string mail_name;
  // Of the original's content: all, or its header (with or without its empty line).
  std::string_view quoted;
  bool whole = false;
};

struct Notice {
  std::string content;  // lines end in LF
  uint64_t header_bytes = 0;
  std::string message_id;
  mail::Envelope envelope;  // from the null sender to the original's
};

// `original`'s sender is not null; `failed` is not empty.
Notice FormatNotice(const queue::QueuedMessage& original, const std::vector<FailedRecipient>& failed,
                    const NoticeFacts& facts);

// How many recipients from `failed`'s front one notice tells of: at least one, and so many that its own text (all but
// what it quotes) stays below kMaxNoticeText bytes.
constexpr size_t kMaxNoticeText = queue::kContentChunk / 4;
size_t CountForOneNotice(std::span<const FailedRecipient> failed);

// How many bytes of the original's front a notice quotes: the whole message when it is no larger than
// `size_limit_bytes` and RET=HDRS was not asked for, else its header, never more than the limit.
struct Quotation {
  size_t bytes = 0;
  bool whole = false;
};
Quotation Quote(const queue::QueuedMessage& original, size_t size_limit_bytes);

}  // namespace outpost::queue_runner
