// Building and checking short texts; GCC 12 has no std::format.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outpost::sys {

namespace internal {
inline void Append(std::string& out, std::string_view text) { out += text; }
inline void Append(std::string& out, char c) { out += c; }
template <std::integral T>
requires(!std::same_as<T, char> && !std::same_as<T, bool>) void Append(std::string& out, T number) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number);
  out.append(buffer, end.ptr);
}
}  // namespace internal

// The parts, one after another: Cat("to=<", address, ">, delay=", 3).
template <typename... Parts>
std::string Cat(const Parts&... parts) {
  std::string out;
  (internal::Append(out, parts), ...);
  return out;
}

// A decimal number that is the whole of `text`, without sign, blanks or surplus; nothing when it does not fit.
std::optional<uint64_t> ParseDecimal(std::string_view text);

// `text` for a log line or a terminal: valid UTF-8, every control character (C0, C1, DEL, bidirectional
// controls), every invalid byte as '?', cut at `max_bytes` on a character's border (attacks S20, S21).
std::string Printable(std::string_view text, size_t max_bytes = 2000);

// Whether `text` is valid UTF-8 without any control character.
bool IsCleanText(std::string_view text);

// ASCII only, whatever the locale.
std::string LowerCase(std::string_view text);
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

// `text` without blanks, tabs, CR and LF at both ends.
std::string_view Trim(std::string_view text);

}  // namespace outpost::sys
