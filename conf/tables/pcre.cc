#include "conf/tables/pcre.h"

#include <array>
#include <memory>
#include <pcre2.h>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr uint32_t kMaxGroups = 100;
constexpr uint32_t kMaxSteps = 1'000'000;
constexpr uint32_t kMaxKibibytes = 4096;
constexpr size_t kContexts = 300;  // what a pattern takes beside its code

std::string Explain(int code) {
  std::array<PCRE2_UCHAR, 200> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

struct Code {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

struct Pcre {
  std::unique_ptr<pcre2_code, Code> code;
  std::unique_ptr<pcre2_match_data, Code> match;
  std::unique_ptr<pcre2_match_context, Code> bounds;

  sys::Result<Matched> Match(std::string_view key, Groups* groups) const {
    const int count = pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(key.data()), key.size(), 0, 0,
                                  match.get(), bounds.get());
    if (count == PCRE2_ERROR_NOMATCH) return Matched::kNo;
    if (count < 0) return sys::Error(Explain(count));
    const PCRE2_SIZE* places = pcre2_get_ovector_pointer(match.get());
    groups->clear();
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      const size_t begin = places[2 * i];
      const size_t end = places[2 * i + 1];
      groups->push_back(begin == PCRE2_UNSET || end < begin ? std::string_view() : key.substr(begin, end - begin));
    }
    return Matched::kYes;
  }
};

sys::Result<uint32_t> Options(std::string_view flags) {
  uint32_t options = PCRE2_CASELESS | PCRE2_DOTALL;
  for (const char flag : flags) {
    switch (flag) {
      case 'i':
        options ^= PCRE2_CASELESS;
        break;
      case 'm':
        options ^= PCRE2_MULTILINE;
        break;
      case 's':
        options ^= PCRE2_DOTALL;
        break;
      case 'x':
        options ^= PCRE2_EXTENDED;
        break;
      case 'A':
        options ^= PCRE2_ANCHORED;
        break;
      case 'E':
        options ^= PCRE2_DOLLAR_ENDONLY;
        break;
      case 'U':
        options ^= PCRE2_UNGREEDY;
        break;
      case 'X':
        break;
      default:
        return sys::Error(sys::Cat("unknown flag \"", flag, "\""));
    }
  }
  return options;
}

}  // namespace

sys::Result<CompiledPattern> TakePcre(std::string_view* text) {
  const sys::Result<Delimited> written = TakeDelimited(text);
  if (!written) return written.error();
  const sys::Result<uint32_t> options = Options(written->flags);
  if (!options) return options.error();
  int error = 0;
  PCRE2_SIZE place = 0;
  const auto pcre = std::make_shared<Pcre>();
  pcre->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(written->pattern.data()), written->pattern.size(),
                                 *options, &error, &place, nullptr));
  if (!pcre->code) return sys::Error(sys::Cat("bad pattern: ", Explain(error), " at character ", place + 1));
  uint32_t groups = 0;
  pcre2_pattern_info(pcre->code.get(), PCRE2_INFO_CAPTURECOUNT, &groups);
  if (groups >= kMaxGroups) return sys::Error("too many groups");
  pcre->match.reset(pcre2_match_data_create_from_pattern(pcre->code.get(), nullptr));
  pcre->bounds.reset(pcre2_match_context_create(nullptr));
  if (!pcre->match || !pcre->bounds) return sys::Error("no memory for a pattern", ENOMEM);
  pcre2_set_match_limit(pcre->bounds.get(), kMaxSteps);
  pcre2_set_heap_limit(pcre->bounds.get(), kMaxKibibytes);
  size_t bytes = 0;
  pcre2_pattern_info(pcre->code.get(), PCRE2_INFO_SIZE, &bytes);
  bytes += pcre2_get_match_data_size(pcre->match.get()) + kContexts;
  return CompiledPattern{[pcre](std::string_view key, Groups* found) { return pcre->Match(key, found); }, bytes,
                         groups, true};
}

}  // namespace outpost::conf
