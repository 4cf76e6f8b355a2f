#include "smtp-client/reply.h"

#include <algorithm>
#include <utility>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The code at the front of `line`; 0 when there is none.
int ParseCode(std::string_view line) {
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !IsDigit(line[1]) || !IsDigit(line[2])) return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

std::string Reply::ToString() const {
  std::string text = std::to_string(code);
  for (const auto& line : lines) {
    if (text.size() >= kMaxReplyDescription) break;
    if (!line.empty()) text += ' ';
    text += line;
  }
  return sys::Printable(text, kMaxReplyDescription);
}

mail::EnhancedStatus Reply::Status() const {
  const auto stated = mail::EnhancedStatus::ParsePrefix(lines.empty() ? "" : lines.front());
  if (stated && stated->category == Class()) return *stated;
  return mail::EnhancedStatus{Class(), 0, 0};
}

mail::EnhancedStatus Reply::SoftStatus() const {
  mail::EnhancedStatus status = Status();
  status.category = 4;
  return status;
}

size_t ReplyParser::Feed(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && !complete_ && broken_.empty()) {
    const std::string_view rest = bytes.substr(taken);
    const size_t newline = rest.find('\n');
    const std::string_view part = rest.substr(0, newline);
    line_bytes_ += part.size();
    if (line_bytes_ > kMaxReplyLine) {
      Break("a reply line is too long");
      return bytes.size();
    }
    line_ += part.substr(0, kKeptReplyLine - std::min(kKeptReplyLine, line_.size()));
    if (newline == std::string_view::npos) return bytes.size();
    taken += newline + 1;
    EndLine();
  }
  return taken;
}

void ReplyParser::EndLine() {
  std::string_view line = line_;
  const bool cut = line_bytes_ > line_.size();
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const int code = ParseCode(line);
  const bool separated = line.size() == 3 || (line.size() > 3 && (line[3] == ' ' || line[3] == '-'));
  if (code == 0 || !separated) return Break(sys::Cat("not an SMTP reply: ", sys::Printable(line, 200)));
  if (line_count_ > 0 && code != reply_.code) return Break("the code changes within a reply");
  if (++line_count_ > kMaxReplyLines) return Break("a reply has too many lines");

  reply_.code = code;
  const std::string_view text = line.substr(std::min<size_t>(4, line.size()));
  if (kept_text_ + text.size() <= kKeptReplyText) {
    kept_text_ += text.size() + 1;
    reply_.lines.push_back(sys::Printable(text, kKeptReplyLine));
    reply_.cut = reply_.cut || cut;
  } else {
    reply_.cut = true;
  }
  complete_ = line.size() == 3 || line[3] == ' ';
  line_.clear();
  line_bytes_ = 0;
}

std::optional<Reply> ReplyParser::Take() {
  if (!complete_) return std::nullopt;
  complete_ = false;
  line_count_ = 0;
  kept_text_ = 0;
  return std::exchange(reply_, Reply{});
}

void ReplyParser::Break(std::string_view why) { broken_ = why; }

}  // namespace outpost::smtp_client
