#include "conf/tables/regexp.h"

#include <array>
#include <memory>
#include <regex.h>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr size_t kMaxGroups = 100;

class Regexp {
 public:
  Regexp() = default;
  Regexp(const Regexp&) = delete;
  Regexp& operator=(const Regexp&) = delete;
  ~Regexp() {
    if (compiled_) regfree(&regex_);
  }

  sys::Result<void> Compile(const std::string& pattern, int flags) {
    const int status = regcomp(&regex_, pattern.c_str(), flags);
    compiled_ = status == 0;
    if (compiled_) return {};
    return sys::Error(sys::Cat("bad pattern: ", Explain(status)));
  }
  size_t groups() const { return regex_.re_nsub; }

  sys::Result<bool> Match(std::string_view key, Groups* groups) const {
    std::array<regmatch_t, kMaxGroups> places;
    places[0] = {0, static_cast<regoff_t>(key.size())};
    const size_t count = std::min(kMaxGroups, regex_.re_nsub + 1);
    const int status = regexec(&regex_, key.data(), count, places.data(), REG_STARTEND);
    if (status == REG_NOMATCH) return false;
    if (status != 0) return sys::Error(Explain(status));
    groups->clear();
    for (size_t i = 0; i < count; ++i) {
      const auto [begin, end] = places[i];
      groups->push_back(begin < 0 ? std::string_view()
                                  : key.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    }
    return true;
  }

 private:
  std::string Explain(int status) const {
    std::array<char, 200> text{};
    regerror(status, &regex_, text.data(), text.size());
    return text.data();
  }
  regex_t regex_{};
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
  const auto regexp = std::make_shared<Regexp>();
  if (auto compiled = regexp->Compile(written->pattern, flags); !compiled) return compiled.error();
  if (regexp->groups() >= kMaxGroups) return sys::Error("too many groups");
  return CompiledPattern{[regexp](std::string_view key, Groups* groups) { return regexp->Match(key, groups); },
                         regexp->groups(), true};
}

}  // namespace outpost::conf
