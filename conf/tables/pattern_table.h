// Tables of patterns, asked from the first to the last: regexp:, pcre:, cidr:. What they share: "PATTERN result" and
// "!PATTERN result" (for what does not match), blocks "if PATTERN" (or "if !PATTERN") to "endif" within each other.
// A pattern sees the whole key as it is: nothing is folded. Pure.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/logical_lines.h"
#include "conf/tables/table.h"

namespace outpost::conf {

// What the groups of a pattern matched: the whole at 0; an unmatched one is empty.
using Groups = std::vector<std::string_view>;

enum class Matched {
  kYes,
  kNo,
  kOtherKind,  // no key for this pattern, as an IPv6 address is none for an IPv4 network: "!" does not match it either
};
// Whether a key matches; `groups` receives what. An Error when that cannot be told.
using Pattern = std::function<sys::Result<Matched>(std::string_view key, Groups* groups)>;

struct CompiledPattern {
  Pattern match;
  size_t bytes = 0;   // of memory that it takes, about
  size_t groups = 0;  // how many a result may name: $1 to $groups
  // Whether "$1" in results stands for a group, and "$$" for "$"; else results are as written.
  bool has_groups = false;
};

// Takes a pattern, with its flags, from the front of `text`.
using PatternTaker = std::function<sys::Result<CompiledPattern>(std::string_view* text)>;

// Whether a result may hold what the pattern's groups matched. Not where it says how mail travels or what is run: then a
// part of the key, which may be anybody's, would decide.
enum class GroupsInResults { kTaken, kRefused };

// A text that would take more memory is cut there, with a complaint that is an error.
constexpr size_t kMaxPatternBytes = 64 * 1024 * 1024;

// What is no rule is left out with a complaint that is an error, and so is an "if" without its "endif", with all that
// follows it.
std::unique_ptr<Table> MakePatternTable(const std::vector<LogicalLine>& lines, const PatternTaker& take,
                                        GroupsInResults groups, std::vector<Complaint>* complaints);

// "/pattern/flags" with any delimiter but letters, digits and blanks; a backslash keeps the delimiter after it.
struct Delimited {
  std::string pattern;
  std::string_view flags;
};
sys::Result<Delimited> TakeDelimited(std::string_view* text);

}  // namespace outpost::conf
