#include "conf/values.h"

#include <algorithm>
#include <chrono>

#include "conf/value_types.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr std::string_view kSeparator = ", ";

// Calls `take` with each word of "a, b, c".
template <typename Take>
void ForEachWord(std::string_view words, Take take) {
  while (true) {
    const size_t end = words.find(kSeparator);
    take(words.substr(0, end));
    if (end == std::string_view::npos) return;
    words.remove_prefix(end + kSeparator.size());
  }
}

// The word of `words` that takes the fewest changes to be `text`; "" when none is near.
std::string_view NearestWord(std::string_view words, std::string_view text) {
  std::string_view nearest;
  size_t distance = std::max<size_t>(2, text.size() / 4) + 1;
  ForEachWord(words, [&](std::string_view word) {
    const size_t here = EditDistance(text.substr(0, 100), word);
    if (here >= distance || word.empty()) return;
    distance = here;
    nearest = word;
  });
  return nearest;
}

template <typename T>
sys::Result<void> WithoutValue(const sys::Result<T>& result) {
  if (!result) return result.error();
  return {};
}

// Whether `text` may be meant as a host's or a domain's name. One without a dot that is nearly a word is a slip.
bool IsName(const Values& values, std::string_view text) {
  constexpr std::string_view kOfNames = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  if (!values.names || text.empty() || text.find_first_not_of(kOfNames) != std::string_view::npos) return false;
  return text.find('.') != std::string_view::npos || NearestWord(values.words, text).empty();
}

sys::Result<void> CheckBounded(const Values& values, std::string_view text) {
  return WithoutValue(ParseInteger(text, values.minimum, values.maximum));
}

}  // namespace

std::string_view ToString(Type type) {
  switch (type) {
    case Type::kString:
    case Type::kNonEmpty:
      return "string";
    case Type::kBool:
      return "yes or no";
    case Type::kInteger:
      return "number";
    case Type::kSize:
      return "bytes";
    case Type::kTime:
      return "time";
    case Type::kWord:
      return "word";
    case Type::kWords:
      return "list of words";
    case Type::kList:
      return "list";
    case Type::kPatterns:
      return "list of names, files and tables";
    case Type::kTables:
      return "list of tables";
    case Type::kOwnMacros:
      return "text with its own $names";
  }
  __builtin_unreachable();
}

std::string Describe(const Values& values) {
  std::string type(ToString(values.type));
  switch (values.type) {
    case Type::kNonEmpty:
      return "string, not empty";
    case Type::kInteger:
    case Type::kSize:
      if (values.maximum < std::numeric_limits<int64_t>::max()) {
        return sys::Cat(type, ", ", values.minimum, " to ", values.maximum);
      }
      return values.minimum > 0 ? sys::Cat(type, ", at least ", values.minimum) : type;
    case Type::kTime:
      return values.minimum > 0 ? sys::Cat("time in ", values.unit, ", at least ", values.minimum, "s")
                                : sys::Cat("time in ", values.unit);
    case Type::kWord:
      return values.words.starts_with(kSeparator)
                 ? sys::Cat("one of ", values.words.substr(kSeparator.size()), ", or empty")
                 : sys::Cat("one of ", values.words);
    case Type::kWords:
      return sys::Cat("list of ", values.words,
                      values.names ? ", and names such as example.com, .example.com" : "");
    case Type::kTables:
      if (values.tables == TableTypes::kPasswords) return type + ", also command:, credential: and secret:";
      if (values.tables == TableTypes::kConstant) return type + "; patterns without $1";
      return type;
    case Type::kString:
    case Type::kBool:
    case Type::kList:
    case Type::kPatterns:
    case Type::kOwnMacros:
      return type;
  }
  __builtin_unreachable();
}

sys::Result<void> CheckValue(const Values& values, std::string_view text) {
  switch (values.type) {
    case Type::kString:
    case Type::kOwnMacros:
      return {};
    case Type::kNonEmpty:
      if (text.empty()) return sys::Error("must not be empty");
      return {};
    case Type::kBool:
      return WithoutValue(ParseBool(text));
    case Type::kInteger:
    case Type::kSize:
      return CheckBounded(values, text);
    case Type::kTime:
      return WithoutValue(ParseTime(text, values.unit, std::chrono::seconds(values.minimum)));
    case Type::kWord:
      return WithoutValue(FindWord(values, text));
    case Type::kWords:
      return WithoutValue(ReadWords(values, text));
    case Type::kList:
    case Type::kPatterns:
    case Type::kTables:
      return WithoutValue(SplitList(text));
  }
  __builtin_unreachable();
}

sys::Result<std::string_view> FindWord(const Values& values, std::string_view text) {
  const std::string lower = sys::LowerCase(text);
  std::optional<std::string_view> found;
  ForEachWord(values.words, [&](std::string_view word) {
    if (word == lower) found = word;
  });
  if (found) return *found;
  if (text.empty()) return sys::Error(sys::Cat("must not be empty; known are ", values.words));
  const std::string_view nearest = NearestWord(values.words, lower);
  const std::string hint = nearest.empty() ? "" : sys::Cat("; did you mean ", nearest, "?");
  return sys::Error(sys::Cat(
      "\"", sys::Printable(text, 80), "\" is not known", hint, hint.empty() ? "; known" : " Known", " are ",
      values.words.starts_with(kSeparator) ? values.words.substr(kSeparator.size()) : values.words));
}

sys::Result<std::vector<std::string>> ReadWords(const Values& values, std::string_view text) {
  std::string spaced(text);
  if (values.names) std::replace(spaced.begin(), spaced.end(), ':', ' ');  // as Postfix splits names to match
  auto items = SplitList(spaced);
  if (!items) return items;
  for (std::string& item : *items) {
    const std::string lower = sys::LowerCase(item);
    const auto word = FindWord(values, lower);
    if (!word && !IsName(values, lower)) return FindWord(values, item).error();
    item = word ? std::string(*word) : lower;
  }
  return items;
}

}  // namespace outpost::conf
