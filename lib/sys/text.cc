#include "lib/sys/text.h"

#include <algorithm>

namespace outpost::sys {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

struct Decoded {
  char32_t code = 0;
  size_t length = 0;  // 0: not valid UTF-8 here
};

// The character at the front of `text`, which is not empty (RFC 3629: no overlong forms, no surrogates).
Decoded Decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  char32_t code = first & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

bool IsControl(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x202A && code <= 0x202E) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0x200E || code == 0x200F || code == 0x061C ||
         code == 0x2028 || code == 0x2029;
}

}  // namespace

std::optional<uint64_t> ParseDecimal(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return number;
}

std::string Printable(std::string_view text, size_t max_bytes) {
  std::string out;
  out.reserve(std::min(text.size(), max_bytes));
  while (!text.empty()) {
    const Decoded decoded = Decode(text);
    const size_t length = std::max<size_t>(decoded.length, 1);
    const bool clean = decoded.length != 0 && !IsControl(decoded.code);
    if (out.size() + (clean ? length : 1) > max_bytes) break;
    if (clean) {
      out += text.substr(0, length);
    } else {
      out += decoded.code == '\t' && decoded.length != 0 ? ' ' : '?';
    }
    text.remove_prefix(length);
  }
  return out;
}

bool IsCleanText(std::string_view text) {
  while (!text.empty()) {
    const Decoded decoded = Decode(text);
    if (decoded.length == 0 || IsControl(decoded.code)) return false;
    text.remove_prefix(decoded.length);
  }
  return true;
}

std::string LowerCase(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), Lower);
  return out;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace outpost::sys
