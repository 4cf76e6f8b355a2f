// The submission record: what `sendmail` writes to public/submit or, through `drop`, to maildrop/ID. One format
// for both ways; docs/record.md has the grammar and an example.
//
//   outpost-record 1 ID\n          first line, fixed length, so that `drop` can name its file
//   name=value\n ...               attributes, each at most kMaxAttributeLine bytes, %XX for what a line cannot
//   hold \n the message                    exactly size= bytes, as they came from the caller
//
// Anybody may write one: a reader trusts nothing in it. Who submitted is not in it, but what the kernel says of
// the socket's peer or the file's owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/mail/envelope.h"
#include "lib/mail/queue_id.h"
#include "lib/sys/error.h"

namespace outpost::spool {

constexpr size_t kMaxAttributeLine = 4096;
constexpr size_t kMaxHeadBytes = 16 * 1024 * 1024;  // all attribute lines together
constexpr size_t kTokenLength = 32;                 // hexadecimal, lower case, 128 bits
constexpr size_t kMaxFullName = 1000;               // bytes, after decoding
constexpr std::string_view kFirstLinePrefix = "outpost-record 1 ";
constexpr size_t kFirstLineLength = kFirstLinePrefix.size() + mail::QueueId::kLength + 1;  // newline included

struct RecordHead {
  mail::QueueId id;
  std::string token;                     // the same on every try of one submission
  std::chrono::microseconds arrival{};   // when sendmail had read the message
  uint64_t size_bytes = 0;               // of the message that follows
  std::string sender;                    // as given or the login name; "" the null sender
  std::optional<std::string> full_name;  // for a generated From:
  std::vector<std::string> recipients;   // RFC 5322 addresses as given, not completed
  bool extract_recipients = false;       // -t: pickup adds those of To, Cc, Bcc (or their Resent- forms)
  bool is_relayed = false;               // -G: not of this host's making, its header is left as it is
  mail::Notify notify;                   // for all recipients
  mail::ReturnContent ret = mail::ReturnContent::kUnspecified;
  std::string envelope_id;  // xtext (RFC 3461 section 4), at most mail::kMaxEnvelopeId bytes; empty: not given
};

// The head as bytes, empty line included. Its length does not depend on `arrival` and `size_bytes`, so that a
// writer may send it ahead into a file and put the true values there when the message is whole. The caller has
// kept to the limits (mail::kMaxAddress, kMaxFullName, ...): FormatHead of anything else is refused by ParseHead.
std::string FormatHead(const RecordHead& head);

// The ID of a record's first line; nothing when it is not one.
std::optional<mail::QueueId> ParseFirstLine(std::string_view first_line_with_newline);

// `head` is exactly the head. Refuses unknown, repeated or missing attributes, bad values, control characters
// (bytes below 0x20 and 0x7F) after decoding, more than mail::kMaxRecipients; the error names the line. Bytes from
// 0x80 may be anything: whether they are UTF-8 is cleanup's question.
sys::Result<RecordHead> ParseHead(std::string_view head);

// What pickup answers on the socket: one line.
struct Answer {
  enum class Kind {
    kQueued,   // "queued ID\n": on stable storage
    kLater,    // "later TEXT\n": could not be kept now, EX_TEMPFAIL
    kRefused,  // "refused SYSEXIT TEXT\n": never will be
  };
  Kind kind = Kind::kLater;
  std::string id;     // kQueued
  int exit_code = 0;  // kRefused, a sysexits.h number
  std::string text;   // printable, for the caller
};
constexpr size_t kMaxAnswerLine = 1024;  // newline included
// The line, newline included; the text made printable and cut to fit.
std::string FormatAnswer(const Answer& answer);
// `line` with its newline: an answer that was cut short is none.
sys::Result<Answer> ParseAnswer(std::string_view line);

}  // namespace outpost::spool
