#include "conf/value_types.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using std::chrono::seconds;

constexpr int64_t kLongestTime = int64_t{100} * 366 * 24 * 3600;

std::string Quoted(std::string_view text) { return sys::Cat("\"", sys::Printable(text, 80), "\""); }

// Of a letter, or of more letters of its word, or as people shorten it.
std::optional<int64_t> SecondsOf(std::string_view unit) {
  static constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"seconds", 1},           {"minutes", 60}, {"hours", 3600}, {"days", 24 * 3600},
      {"weeks", 7 * 24 * 3600}, {"secs", 1},     {"mins", 60},    {"hrs", 3600}};
  for (const auto& [word, seconds_each] : kUnits) {
    if (!unit.empty() && word.starts_with(unit)) return seconds_each;
  }
  return std::nullopt;
}

bool IsSeparator(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ','; }

// The item at the front of `text`, which is not empty and begins with no separator.
sys::Result<std::string> TakeItem(std::string_view* text) {
  int depth = 0;
  size_t length = 0;
  size_t first_closed = 0;  // the length up to the end of the first braces
  for (; length < text->size(); ++length) {
    const char c = (*text)[length];
    if (depth == 0 && IsSeparator(c)) break;
    if (c == '{') ++depth;
    if (c == '}' && depth > 0 && --depth == 0 && first_closed == 0) first_closed = length + 1;
  }
  if (depth > 0) return sys::Error("\"{\" without \"}\"");
  const std::string_view item = text->substr(0, length);
  text->remove_prefix(length);
  if (item.front() != '{') return std::string(item);
  if (first_closed < length) return sys::Error("text directly after \"}\"");
  return std::string(sys::Trim(item.substr(1, length - 2)));
}

}  // namespace

sys::Result<bool> ParseBool(std::string_view text) {
  if (sys::EqualsIgnoringCase(text, "yes")) return true;
  if (sys::EqualsIgnoringCase(text, "no")) return false;
  return sys::Error(sys::Cat(Quoted(text), " is neither yes nor no"));
}

sys::Result<int64_t> ParseInteger(std::string_view text, int64_t minimum, int64_t maximum) {
  std::string_view digits = text;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  int64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, failure] = std::from_chars(digits.data(), end, number);
  if (failure == std::errc::result_out_of_range) return sys::Error(sys::Cat(Quoted(text), " is out of range"));
  if (failure != std::errc{} || stop != end || digits.empty()) {
    return sys::Error(sys::Cat(Quoted(text), " is no whole number"));
  }
  if (number < minimum) return sys::Error(sys::Cat(Quoted(text), " is less than ", minimum));
  if (number > maximum) return sys::Error(sys::Cat(Quoted(text), " is more than ", maximum));
  return number;
}

sys::Result<seconds> ParseTime(std::string_view text, char unit, seconds minimum) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<uint64_t> number = sys::ParseDecimal(text.substr(0, digits));
  const std::string_view suffix = text.substr(digits);
  const std::optional<int64_t> factor = SecondsOf(suffix.empty() ? std::string_view(&unit, 1) : suffix);
  if (!number || !factor) {
    return sys::Error(sys::Cat(Quoted(text), " is no time: a number and one of s, m, h, d, w"));
  }
  if (*number > static_cast<uint64_t>(kLongestTime / *factor)) {
    return sys::Error(sys::Cat(Quoted(text), " is longer than 100 years"));
  }
  const seconds time(static_cast<int64_t>(*number) * *factor);
  if (time < minimum) return sys::Error(sys::Cat(Quoted(text), " is shorter than ", minimum.count(), "s"));
  return time;
}

sys::Result<std::vector<std::string>> SplitList(std::string_view text) {
  std::vector<std::string> items;
  while (true) {
    while (!text.empty() && IsSeparator(text.front())) text.remove_prefix(1);
    if (text.empty()) return items;
    sys::Result<std::string> item = TakeItem(&text);
    if (!item) return item.error();
    items.push_back(std::move(*item));
  }
}

sys::Result<std::vector<std::string>> SplitBracedList(std::string_view text) {
  text = sys::Trim(text);
  if (text.size() < 2 || !text.starts_with('{') || !text.ends_with('}')) {
    return sys::Error("\"{...}\" expected");  // what is there may be a password
  }
  return SplitList(text.substr(1, text.size() - 2));
}

sys::Result<Feedback> ParseFeedback(std::string_view text) {
  const auto number = [](std::string_view digits) -> std::optional<double> {
    double value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, failure] = std::from_chars(digits.data(), end, value, std::chars_format::fixed);
    if (failure != std::errc{} || stop != end) return std::nullopt;
    return value;
  };
  const size_t slash = std::min(text.find('/'), text.size());
  const std::string_view below = sys::Trim(text.substr(std::min(slash + 1, text.size())));
  std::optional<double> amount = number(sys::Trim(text.substr(0, slash)));
  Feedback feedback;
  if (below == "concurrency") {
    feedback.per = Feedback::Per::kConcurrency;
  } else if (below == "sqrt_concurrency") {
    feedback.per = Feedback::Per::kRootOfConcurrency;
  } else if (slash < text.size()) {
    const std::optional<double> divisor = number(below);
    amount = amount && divisor && *divisor > 0 ? std::optional(*amount / *divisor) : std::nullopt;
  }
  if (!amount || !(*amount >= 0 && *amount <= 1)) {
    return sys::Error(sys::Cat(Quoted(text), " is no feedback: a number from 0 to 1, alone or as in 1/8, ",
                               "1/concurrency, 1/sqrt_concurrency"));
  }
  feedback.amount = *amount;
  return feedback;
}

bool IsHostName(std::string_view text) {
  if (text.empty() || text.size() > 255) return false;
  size_t label = 0;
  for (const char c : text) {
    const bool inner = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || static_cast<unsigned char>(c) >= 0x80;
    if (!inner && c != '.') return false;
    if (c == '.' && label == 0) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > 63) return false;
  }
  return label > 0 && text.front() != '-' && sys::IsCleanText(text);
}

size_t EditDistance(std::string_view a, std::string_view b) {
  // Three rows of the usual table: the one before last is there for swapped neighbours.
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace outpost::conf
