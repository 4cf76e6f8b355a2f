// The relay's bytes become Reply values (RFC 5321 section 4.2). Pure, strict, bounded: whatever a relay sends, a
// reader of Reply sees three checked digits and printable text, and memory stays small (attack S20).
//
// Lines end in LF; a CR before it belongs to the end. All lines of a reply must bear the same code. A line above
// kMaxReplyLine, more lines than kMaxReplyLines or anything that is not a reply line breaks the parser for good:
// nothing after it on that connection can be believed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/mail/enhanced_status.h"

namespace outpost::smtp_client {

constexpr size_t kMaxReplyLine = 64 * 1024;    // longer ones are refused, their end not waited for
constexpr size_t kMaxReplyLines = 9999;        // more are refused
constexpr size_t kKeptReplyLine = 4 * 1024;    // of one line; the rest is read and forgotten
constexpr size_t kKeptReplyText = 32 * 1024;   // of one reply
constexpr size_t kMaxReplyDescription = 1000;  // of what travels on to the queue and the log

struct Reply {
  int code = 0;                    // 200 to 599
  std::vector<std::string> lines;  // text after code and separator, printable; at least one, maybe empty
  bool cut = false;                // some text was dropped

  int Class() const { return code / 100; }
  // "250 2.0.0 Ok: queued": the lines joined with blanks, at most kMaxReplyDescription bytes.
  std::string ToString() const;
  // The code that the first line's text begins with, if its class is the reply's (RFC 2034); else "C.0.0".
  mail::EnhancedStatus Status() const;
  // The same of a failure that is only deferred, whatever class the relay gave it.
  mail::EnhancedStatus SoftStatus() const;
};

class ReplyParser {
 public:
  // Takes bytes up to the end of the first reply in them and says how many; all of them when it is not complete.
  // Not to be called while a complete reply waits or after it broke.
  size_t Feed(std::string_view bytes);
  // The reply, once it is complete; the parser is then ready for the next.
  std::optional<Reply> Take();
  // What was wrong, for people; "" while all is well.
  const std::string& broken() const { return broken_; }
  // Part of a reply has come.
  bool in_reply() const { return line_bytes_ > 0 || line_count_ > 0; }

 private:
  void EndLine();
  void Break(std::string_view why);

  std::string line_;       // kept part of the line that is being read
  size_t line_bytes_ = 0;  // its whole length so far
  size_t line_count_ = 0;
  size_t kept_text_ = 0;
  Reply reply_;
  bool complete_ = false;
  std::string broken_;
};

}  // namespace outpost::smtp_client
