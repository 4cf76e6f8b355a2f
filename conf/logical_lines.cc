#include "conf/logical_lines.h"

#include <algorithm>
#include <optional>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }

std::string_view TrimEnd(std::string_view line) {
  const size_t end = line.find_last_not_of(" \t\r");
  return end == std::string_view::npos ? std::string_view{} : line.substr(0, end + 1);
}

// Gathers physical lines; a logical line that has something wrong in any of its parts is left out as a whole.
class Gatherer {
 public:
  void Add(std::string_view physical, int number) {
    const std::string_view line = TrimEnd(physical);
    const size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos || line[first] == '#') return;
    if (!IsBlank(line.front())) {
      Finish();
      current_ = LogicalLine{"", number};
    } else if (!current_) {
      result_.complaints.push_back({number, "a first line must not begin with a blank; ignored"});
      return;
    }
    if (std::ranges::any_of(line, IsControl)) {
      Spoil(number, "a control character (NUL or another); line ignored");
    } else if (current_->text.size() + line.size() > kMaxLogicalLine) {
      Spoil(number, sys::Cat("longer than ", kMaxLogicalLine, " bytes; line ignored"));
    } else {
      current_->text += line;
    }
  }

  LogicalLines Finished() && {
    Finish();
    return std::move(result_);
  }

 private:
  void Spoil(int number, std::string why) {
    if (!spoilt_) result_.complaints.push_back({number, std::move(why)});
    spoilt_ = true;
  }

  void Finish() {
    if (current_ && !spoilt_) result_.lines.push_back(std::move(*current_));
    current_.reset();
    spoilt_ = false;
  }

  LogicalLines result_;
  std::optional<LogicalLine> current_;
  bool spoilt_ = false;
};

}  // namespace

LogicalLines SplitLogicalLines(std::string_view text) {
  Gatherer gatherer;
  int number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    gatherer.Add(text.substr(0, end), ++number);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return std::move(gatherer).Finished();
}

}  // namespace outpost::conf
