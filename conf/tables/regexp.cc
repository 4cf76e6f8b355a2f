#include "conf/tables/regexp.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <malloc.h>
#include <memory>
#include <regex.h>
#include <vector>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr size_t kMaxGroups = 100;
constexpr uint64_t kMaxSize = 5000;
constexpr size_t kBytesEach = 120;  // of memory, that each part takes at least

// The most that "{m,n}" at the front of `text` repeats; 1 where it is none.
uint64_t Repeats(std::string_view text) {
  uint64_t most = 1;
  const std::string_view inside = text.substr(1, text.find('}') - 1);
  for (const std::string_view part : {inside.substr(0, inside.find(',')), inside.substr(inside.rfind(',') + 1)}) {
    most = std::max(most, sys::ParseDecimal(part).value_or(1));
  }
  return std::min(most, kMaxSize);
}

// How large the system's library may make a pattern, which copies what is repeated: "((a{99}){99}){99}" and "a++++" need
// memory by the power. An upper bound; sums end at kMaxSize.
uint64_t SizeOf(std::string_view pattern) {
  std::vector<uint64_t> sums{0};  // of the groups that are open
  uint64_t atom = 0;              // the last part of the innermost, which may be repeated
  const auto take = [&](uint64_t size) {
    sums.back() = std::min(sums.back() + atom, kMaxSize);
    atom = size;
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    switch (pattern[i]) {
      case '(':
        take(0);
        sums.push_back(0);
        break;
      case ')':
        take(0);
        atom = sums.back() + 1;
        if (sums.size() > 1) sums.pop_back();
        break;
      case '+':
      case '*':
      case '?':
        atom = std::min(2 * atom, kMaxSize);
        break;
      case '{':
        atom = std::min(Repeats(pattern.substr(i)) * atom, kMaxSize);
        break;
      default:
        take(1);
    }
  }
  take(0);
  uint64_t all = 0;
  for (const uint64_t sum : sums) all += sum;
  return all;
}

// The place behind the bracket expression that begins at `begin`.
size_t SkipBracket(std::string_view pattern, size_t begin) {
  size_t first = begin + 1;  // where "]" stands for itself
  if (first < pattern.size() && pattern[first] == '^') ++first;
  const size_t end = pattern.find(']', first + 1);
  return end == std::string_view::npos ? pattern.size() : end + 1;
}

// "\1": the library tries every way to match such a pattern, which takes minutes for an address of a hundred letters.
bool RefersBack(std::string_view pattern) {
  for (size_t i = 0; i < pattern.size();) {
    if (pattern[i] == '[') {
      i = SkipBracket(pattern, i);
    } else if (pattern[i] == '\\') {
      if (i + 1 < pattern.size() && pattern[i + 1] >= '1' && pattern[i + 1] <= '9') return true;
      i += 2;
    } else {
      ++i;
    }
  }
  return false;
}

// The library does not tell what a pattern takes; the allocator does, but for a sanitizer's.
size_t BytesInUse() {
  const auto facts = mallinfo2();
  return facts.uordblks + facts.hblkhd;
}

class Regexp {
 public:
  Regexp() = default;
  Regexp(const Regexp&) = delete;
  Regexp& operator=(const Regexp&) = delete;
  ~Regexp() {
    if (compiled_) regfree(&regex_);
  }

  sys::Result<void> Compile(const std::string& pattern, int flags) {
    const size_t before = BytesInUse();
    const int status = regcomp(&regex_, pattern.c_str(), flags);
    const size_t after = BytesInUse();
    bytes_ = after - std::min(before, after);
    compiled_ = status == 0;
    if (compiled_) return {};
    return sys::Error(sys::Cat("bad pattern: ", Explain(status)));
  }
  size_t groups() const { return regex_.re_nsub; }
  size_t bytes() const { return bytes_; }

  sys::Result<Matched> Match(std::string_view key, Groups* groups) const {
    std::array<regmatch_t, kMaxGroups> places;
    places[0] = {0, static_cast<regoff_t>(key.size())};
    const size_t count = std::min(kMaxGroups, regex_.re_nsub + 1);
    const int status = regexec(&regex_, key.data(), count, places.data(), REG_STARTEND);
    if (status == REG_NOMATCH) return Matched::kNo;
    if (status != 0) return sys::Error(Explain(status));
    groups->clear();
    for (size_t i = 0; i < count; ++i) {
      const auto [begin, end] = places[i];
      groups->push_back(begin < 0 ? std::string_view()
                                  : key.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    }
    return Matched::kYes;
  }

 private:
  std::string Explain(int status) const {
    std::array<char, 200> text{};
    regerror(status, &regex_, text.data(), text.size());
    return text.data();
  }
  regex_t regex_{};
  size_t bytes_ = 0;
  bool compiled_ = false;
};

}  // namespace

sys::Result<CompiledPattern> TakeRegexp(std::string_view* text) {
  const sys::Result<Delimited> written = TakeDelimited(text);
  if (!written) return written.error();
  int flags = REG_EXTENDED | REG_ICASE;
  for (const char flag : written->flags) {
    if (flag == 'i') {
      flags ^= REG_ICASE;
    } else if (flag == 'm') {
      flags ^= REG_NEWLINE;
    } else if (flag == 'x') {
      flags ^= REG_EXTENDED;
    } else {
      return sys::Error(sys::Cat("unknown flag \"", flag, "\""));
    }
  }
  if (RefersBack(written->pattern)) {
    return sys::Error("\"\\1\" within a pattern is not taken here: its time has no bound; use pcre:");
  }
  const uint64_t size = SizeOf(written->pattern);
  if (size >= kMaxSize) return sys::Error("the pattern repeats too much");
  const auto regexp = std::make_shared<Regexp>();
  if (auto compiled = regexp->Compile(written->pattern, flags); !compiled) return compiled.error();
  if (regexp->groups() >= kMaxGroups) return sys::Error("too many groups");
  return CompiledPattern{[regexp](std::string_view key, Groups* groups) { return regexp->Match(key, groups); },
                         std::max<size_t>(regexp->bytes(), size * kBytesEach), regexp->groups(), true};
}

}  // namespace outpost::conf
