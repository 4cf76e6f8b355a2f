// pickup -> queue-runner: finished messages; queue-runner -> pickup: what became of them.
//
// Each struct has Encode() and a place in a Parse...() variant that refuses unknown types, missing, extra or
// mistyped members, over-long strings and control characters. A message with more than kRecipientsAPacket
// recipients continues: `more` is set, and MoreRecipients with the same handle follow in order, nothing between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/ipc/channel.h"
#include "lib/mail/envelope.h"
#include "lib/mail/queue_id.h"
#include "lib/mail/verdict.h"
#include "lib/sys/error.h"

namespace outpost::ipc {

// One message, its content in the packet's descriptor (sys::ReadOnlyFd of content_bytes). It is not kept until
// Accepted comes.
struct Submission {
  uint64_t handle = 0;  // pickup's number for it, returned in the answer
  mail::QueueId id;
  uint32_t uid = 0;            // who submitted, by the kernel's word
  std::string token;           // spool::kTokenLength hexadecimal digits
  uint64_t record_bytes = 0;   // of the message as submitted
  std::string digest;          // of the record's message and envelope, 32 hexadecimal digits
  int64_t arrival_us = 0;      // wall clock
  uint64_t content_bytes = 0;  // after cleanup, lines ending in LF
  uint64_t header_bytes = 0;   // of content, without the empty line
  std::string message_id;      // for the history; may be empty
  mail::Envelope envelope;     // recipients: those of this packet
  // Cleanup has refused the message for good (too large, too many hops), and nobody is left to be told: it came by
  // the maildrop. The runner keeps it as any other, but attempts nothing: it records `refusal` as the verdict of all
  // recipients and reports to the sender. The content is the header alone then, so the report returns headers.
  bool refused = false;
  mail::Returned refusal;  // where `refused`
  bool more = false;
  std::string Encode() const;
};

struct MoreRecipients {
  uint64_t handle = 0;
  std::vector<mail::Recipient> recipients;
  bool more = false;
  std::string Encode() const;
};

// All that was in the maildrop when the scan began has been answered for. `left`: files that wait for another try.
struct Scanned {
  uint64_t left = 0;
  std::string Encode() const;
};

// Committed under this id (another one than asked for when the submission was known already).
struct Accepted {
  uint64_t handle = 0;
  mail::QueueId id;
  std::string Encode() const;
};

// Not kept; `temporary` says whether trying again may help.
struct Refused {
  uint64_t handle = 0;
  bool temporary = true;
  std::string text;
  std::string Encode() const;
};

// Look into the maildrop (pickup does so by itself when it starts).
struct Scan {
  std::string Encode() const;
};

using ToRunner = std::variant<Submission, MoreRecipients, Scanned>;
using ToPickup = std::variant<Accepted, Refused, Scan>;
sys::Result<ToRunner> ParseToRunner(std::string_view bytes);
sys::Result<ToPickup> ParseToPickup(std::string_view bytes);

}  // namespace outpost::ipc
