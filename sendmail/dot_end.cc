#include "sendmail/dot_end.h"

namespace outpost::sendmail {
namespace {

constexpr size_t kMaxHeld = 64;  // more CRs than that are text

}  // namespace

bool DotEnd::CrsDoNotCount() const {
  switch (line_endings_) {
    case content::LineEndings::kAlways:
      return true;
    case content::LineEndings::kStrict:
      return first_line_ || first_line_had_cr_;
    case content::LineEndings::kNever:
      return false;
  }
  __builtin_trap();
}

// Goes on behind the next newline, or to the end of `bytes`.
size_t DotEnd::FinishLine(std::string_view bytes, size_t at) {
  const size_t newline = bytes.find('\n', at);
  if (newline == std::string_view::npos) return bytes.size();
  if (first_line_) first_line_had_cr_ = (newline > 0 ? bytes[newline - 1] : last_) == '\r';
  first_line_ = false;
  state_ = State::kLineStart;
  return newline + 1;
}

bool DotEnd::Feed(std::string_view bytes, const Keep& keep) {
  size_t kept = 0;  // what is before has been given to `keep` or is held
  for (size_t at = 0; at < bytes.size() && state_ != State::kEnded;) {
    const char c = bytes[at];
    switch (state_) {
      case State::kInLine:
        at = FinishLine(bytes, at);
        break;
      case State::kLineStart:
        state_ = c == '.' ? State::kAfterDot : State::kInLine;
        if (c != '.') break;
        if (at > kept) keep(bytes.substr(kept, at - kept));
        held_ = c;
        kept = ++at;
        break;
      case State::kAfterDot:
        if (c == '\n' && (held_.size() == 1 || CrsDoNotCount())) {
          state_ = State::kEnded;
        } else if (c == '\r' && held_.size() < kMaxHeld) {
          held_ += c;
          kept = ++at;
        } else {
          keep(held_);
          state_ = State::kInLine;
        }
        break;
      case State::kEnded:
        break;
    }
  }
  if (state_ == State::kEnded) return false;
  if (bytes.size() > kept) keep(bytes.substr(kept));
  if (!bytes.empty()) last_ = bytes.back();
  return true;
}

void DotEnd::End(const Keep& keep) {
  if (state_ == State::kAfterDot && held_.size() > 1) keep(held_);
  state_ = State::kEnded;
}

}  // namespace outpost::sendmail
