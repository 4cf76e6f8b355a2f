#include "conf/logical_lines.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

std::string_view TrimEnd(std::string_view line) {
  const size_t end = line.find_last_not_of(" \t\r");
  return end == std::string_view::npos ? std::string_view{} : line.substr(0, end + 1);
}

}  // namespace

void Complain(std::vector<Complaint>* complaints, Complaint complaint) {
  if (complaints->size() < kMaxComplaints) {
    complaints->push_back(std::move(complaint));
  } else if (complaints->size() == kMaxComplaints) {
    complaints->push_back({complaint.line, "and more; further lines may be wrong too", complaint.is_error});
  }
}

TextSource SourceOf(std::string_view text) {
  return [text](std::span<char> room) mutable -> sys::Result<size_t> {
    const size_t length = std::min(room.size(), text.size());
    std::ranges::copy(text.substr(0, length), room.begin());
    text.remove_prefix(length);
    return length;
  };
}

sys::Result<std::optional<LogicalLine>> LogicalLineReader::Next() {
  while (true) {
    const auto physical = NextPhysical();
    if (!physical) return physical.error();
    if (!*physical) return Finish();
    ++number_;
    if (std::optional<LogicalLine> whole = Add(**physical)) return whole;
  }
}

sys::Result<std::optional<std::string_view>> LogicalLineReader::NextPhysical() {
  cut_.clear();
  while (true) {
    const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
    const void* const found = std::memchr(rest.data(), '\n', rest.size());
    const size_t length =
        found == nullptr ? rest.size() : static_cast<size_t>(static_cast<const char*>(found) - rest.data());
    const std::string_view part = rest.substr(0, length);
    if (found != nullptr) {
      begin_ += length + 1;
      if (cut_.empty()) return std::optional(part);
    }
    cut_ += part.substr(0, std::min(part.size(), kMaxLogicalLine + 1 - std::min(cut_.size(), kMaxLogicalLine + 1)));
    if (found != nullptr) return std::optional<std::string_view>(cut_);
    const auto count = source_(buffer_);
    if (!count) return count.error();
    begin_ = 0;
    end_ = *count;
    if (*count > 0) continue;
    if (cut_.empty()) return std::optional<std::string_view>();
    return std::optional<std::string_view>(cut_);
  }
}

std::optional<LogicalLine> LogicalLineReader::Add(std::string_view physical) {
  const std::string_view line = TrimEnd(physical);
  const size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos || line[first] == '#') return std::nullopt;
  std::optional<LogicalLine> whole;
  if (!IsBlank(line.front())) {
    whole = Finish();
    current_ = LogicalLine{"", number_};
  } else if (!current_) {
    Complain(complaints_, {number_, "a first line must not begin with a blank; ignored"});
    return std::nullopt;
  }
  if (std::ranges::any_of(line, IsControl)) {
    Spoil("a control character (NUL or another); line ignored");
  } else if (current_->text.size() + line.size() > kMaxLogicalLine) {
    Spoil(sys::Cat("longer than ", kMaxLogicalLine, " bytes; line ignored"));
  } else {
    current_->text += line;
  }
  return whole;
}

void LogicalLineReader::Spoil(std::string why) {
  if (!spoilt_) Complain(complaints_, {number_, std::move(why)});
  spoilt_ = true;
}

std::optional<LogicalLine> LogicalLineReader::Finish() {
  std::optional<LogicalLine> whole = std::exchange(current_, std::nullopt);
  if (std::exchange(spoilt_, false)) whole.reset();
  return whole;
}

LogicalLines SplitLogicalLines(std::string_view text) {
  LogicalLines result;
  LogicalLineReader reader(SourceOf(text), &result.complaints);
  while (true) {
    sys::Result<std::optional<LogicalLine>> line = reader.Next();  // a text in memory is no trouble
    if (!line || !*line) return result;
    result.lines.push_back(std::move(**line));
  }
}

}  // namespace outpost::conf
