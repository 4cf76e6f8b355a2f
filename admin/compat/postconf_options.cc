#include "admin/compat/postconf_options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

// In the order in which Postfix names them.
constexpr std::string_view kOptions = "aAbcCdefFhHlmMnopPqtTvxX#";
constexpr std::string_view kWithValue = "cCoT";
// What postconf is asked for; one of them.
constexpr std::string_view kModes = "aAblmMFPptT";
constexpr std::string_view kOtherThings = "aAblmtT";  // than parameters and services
// At most one of each group.
constexpr auto kExclusive = std::to_array<std::string_view>({kModes, "denX#", "efX#", "exX#", "deoX#", "ehHX#"});
constexpr std::string_view kOnlyWithParameters = "defhHnoxX#";

constexpr std::string_view kUsage =
    "usage: postconf [-dfhHnqx] [-C class,...] [-o name=value] [-c dir] [name...], postconf [-e] [-c dir] "
    "name=value..., "
    "postconf -X|-# [-c dir] name..., postconf -a|-A|-l|-m";

// Those of `letters` that were given, as Postfix lists them: "-e -X".
std::string Given(std::string_view letters, std::string_view given) {
  std::string list;
  for (const char option : kOptions) {
    if (letters.find(option) == std::string_view::npos || given.find(option) == std::string_view::npos) continue;
    list += sys::Cat(list.empty() ? "-" : " -", option);
  }
  return list;
}

size_t Count(std::string_view letters, std::string_view given) {
  return static_cast<size_t>(
      std::ranges::count_if(letters, [&](char option) { return given.find(option) != std::string_view::npos; }));
}

sys::Result<void> CheckCombination(std::string_view given) {
  for (const std::string_view group : kExclusive) {
    if (Count(group, given) > 1) return sys::Error(sys::Cat("specify one of ", Given(group, given)));
  }
  if (Count(kOtherThings, given) > 0 && Count(kOnlyWithParameters, given) > 0) {
    return sys::Error(sys::Cat("with option ", Given(kOtherThings, given), ", do not specify ",
                               Given(kOnlyWithParameters, given)));
  }
  return {};
}

// Why an option of Postfix's does nothing here; "" where it does.
std::string_view WhyNot(char option) {
  switch (option) {
    case 'M':
    case 'F':
    case 'P':
      return "there is no master.cf: the mailer's programs are its own affair";
    case 'b':
    case 't':
      return "the texts of notices are not shown; bounce_template_file names others (docs/notices.md)";
    case 'T':
      return "ask `openssl version`: TLS is the system's OpenSSL";
    default:
      return "";
  }
}

sys::Result<void> TakeClasses(std::string_view words, PostconfOptions& options) {
  options.built_in = options.user_defined = false;
  while (!words.empty()) {
    const size_t end = words.find_first_of(", \t");
    const std::string word = sys::LowerCase(words.substr(0, end));
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
    if (word.empty() || word == "service") continue;  // no parameter is made by a service's name here
    if (word != "builtin" && word != "user" && word != "all") {
      return sys::Error(sys::Cat("unknown -C option value \"", sys::Printable(word, 60), "\""));
    }
    options.built_in |= word != "user";
    options.user_defined |= word != "builtin";
  }
  return {};
}

sys::Result<void> TakeValue(char option, const std::string& value, PostconfOptions& options) {
  if (option == 'C') return TakeClasses(value, options);
  if (option == 'c') options.directory = value;
  if (option == 'o') options.overrides.push_back(value);
  return {};
}

PostconfOptions::Mode ModeOf(std::string_view given) {
  using enum PostconfOptions::Mode;
  static constexpr std::pair<char, PostconfOptions::Mode> kModeOf[] = {
      {'e', kSet},       {'X', kRemove},     {'#', kCommentOut}, {'m', kTableTypes},
      {'l', kLockTypes}, {'a', kServerSasl}, {'A', kClientSasl}};
  for (const auto& [option, mode] : kModeOf) {
    if (given.find(option) != std::string_view::npos) return mode;
  }
  return kShow;
}

// Takes the options from the front of `arguments`; their letters come back.
sys::Result<std::string> TakeOptions(std::span<const std::string>& arguments, PostconfOptions& options) {
  std::string given;
  while (!arguments.empty() && arguments.front().size() > 1 && arguments.front().starts_with('-')) {
    const std::string& word = arguments.front();
    arguments = arguments.subspan(1);
    if (word == "--") break;
    for (size_t i = 1; i < word.size(); ++i) {
      const char option = word[i];
      if (kOptions.find(option) == std::string_view::npos) {
        return sys::Error(sys::Cat("invalid option -- '", sys::Printable(word.substr(i, 1)), "'; ", kUsage));
      }
      given += option;
      if (kWithValue.find(option) == std::string_view::npos) continue;
      std::string value = word.substr(i + 1);
      if (value.empty()) {
        if (arguments.empty())
          return sys::Error(sys::Cat("option requires an argument -- '", option, "'; ", kUsage));
        value = arguments.front();
        arguments = arguments.subspan(1);
      }
      if (auto taken = TakeValue(option, value, options); !taken) return taken.error();
      break;
    }
  }
  return given;
}

}  // namespace

sys::Result<PostconfOptions> ParsePostconfOptions(std::span<const std::string> arguments) {
  PostconfOptions options;
  sys::Result<std::string> given = TakeOptions(arguments, options);
  if (!given) return given.error();
  options.names.assign(arguments.begin(), arguments.end());
  const bool assigns = !options.names.empty() && options.names.front().find('=') != std::string::npos;
  if (assigns && Count(kOtherThings, *given) == 0) *given += 'e';
  options.mode = ModeOf(*given);
  for (const char option : *given) {
    if (const auto why = WhyNot(option); !why.empty()) return sys::Error(sys::Cat("-", option, ": ", why));
  }
  if (auto combined = CheckCombination(*given); !combined) return combined.error();
  const auto has = [&](char option) { return given->find(option) != std::string::npos; };
  options.defaults = has('d');
  options.only_set = has('n');
  options.expand = has('x');
  options.fold = has('f');
  options.hide_names = has('h');
  options.hide_values = has('H');
  options.no_warnings = has('q');
  if (options.mode == PostconfOptions::Mode::kSet && options.names.empty()) {
    return sys::Error("-e requires name=value argument");
  }
  const bool removes =
      options.mode == PostconfOptions::Mode::kRemove || options.mode == PostconfOptions::Mode::kCommentOut;
  if (removes && options.names.empty()) return sys::Error("-X or -# requires a parameter's name");
  return options;
}

std::string PostconfLine(std::string_view text, bool fold) {
  constexpr std::string_view kSeparators = " \t\r\n";
  constexpr std::string_view kIndent = "\n    ";
  constexpr size_t kLimit = 80;
  std::string line;
  size_t width = 0;
  for (size_t start = text.find_first_not_of(kSeparators); start != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(kSeparators, start), text.size());
    const std::string_view word = text.substr(start, end - start);
    if (width > 0) {
      const bool fits = !fold || width + word.size() < kLimit;
      line += fits ? " " : kIndent;
      width = fits ? width + 1 : kIndent.size() - 1;
    }
    line += word;
    width += word.size();
    start = text.find_first_not_of(kSeparators, end);
  }
  return line + "\n";
}

}  // namespace outpost::admin
