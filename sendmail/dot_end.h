// Where a message ends that is given without -i: before a line that is nothing but a dot. Pure, streaming.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "lib/content/message_reader.h"

namespace outpost::sendmail {

class DotEnd {
 public:
  using Keep = std::function<void(std::string_view)>;

  // `line_endings` says which CRs before the LF of a dot's line do not count.
  explicit DotEnd(content::LineEndings line_endings) : line_endings_(line_endings) {}

  // Calls `keep` with what belongs to the message, in order, cut anywhere. Returns false once the dot's line has been
  // seen: what follows it in `bytes` and after is no part of the message.
  bool Feed(std::string_view bytes, const Keep& keep);
  // At the end of the input: a last dot without a newline ends the message too.
  void End(const Keep& keep);

 private:
  enum class State { kLineStart, kInLine, kAfterDot, kEnded };
  bool CrsDoNotCount() const;
  size_t FinishLine(std::string_view bytes, size_t at);

  content::LineEndings line_endings_;
  State state_ = State::kLineStart;
  std::string held_;  // a dot at the start of a line and CRs behind it, not kept yet
  char last_ = 0;     // of the bytes before
  bool first_line_ = true;
  bool first_line_had_cr_ = false;
};

}  // namespace outpost::sendmail
