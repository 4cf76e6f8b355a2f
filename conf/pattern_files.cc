#include "conf/pattern_files.h"

#include "conf/logical_lines.h"
#include "conf/value_types.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

class Reading {
 public:
  sys::Result<void> Take(std::string_view text, bool negated, int depth) {
    const auto items = SplitList(text);
    if (!items) return items.error();
    for (std::string_view item : *items) {
      bool item_negated = negated;
      for (; item.starts_with('!'); item.remove_prefix(1)) item_negated = !item_negated;
      if (item.starts_with('/')) {
        if (auto taken = TakeFile(std::string(item), item_negated, depth + 1); !taken) return taken;
      } else {
        patterns_.push_back(sys::Cat(item_negated ? "!" : "", item));
      }
      if (patterns_.size() > kMaxPatterns) return sys::Error(sys::Cat("more than ", kMaxPatterns, " items"));
    }
    return {};
  }

  std::vector<std::string> Patterns() && { return std::move(patterns_); }

 private:
  sys::Result<void> TakeFile(const std::string& path, bool negated, int depth) {
    if (depth > kMaxPatternFileDepth) return sys::Error(sys::Cat(path, ": files name each other without end"));
    if (++files_ > kMaxPatternFiles)
      return sys::Error(sys::Cat("more than ", kMaxPatternFiles, " files are named"));
    const auto text = sys::ReadFile(path, kMaxPatternFile);
    if (!text) return text.error();
    const LogicalLines lines = SplitLogicalLines(*text);
    if (!lines.complaints.empty()) {
      const Complaint& first = lines.complaints.front();
      return sys::Error(sys::Cat(path, ":", first.line, ": ", first.text));
    }
    for (const LogicalLine& line : lines.lines) {
      if (auto taken = Take(line.text, negated, depth); !taken) {
        return taken.error().Within(sys::Cat(path, ":", line.line));
      }
    }
    return {};
  }

  std::vector<std::string> patterns_;
  int files_ = 0;
};

}  // namespace

sys::Result<std::vector<std::string>> ReadPatterns(std::string_view text) {
  Reading reading;
  if (auto taken = reading.Take(text, false, 0); !taken) return taken.error();
  return std::move(reading).Patterns();
}

}  // namespace outpost::conf
