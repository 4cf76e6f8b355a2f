#include "lib/mail/enhanced_status.h"

#include <charconv>

namespace outpost::mail {

std::optional<EnhancedStatus> EnhancedStatus::ParsePrefix(std::string_view text) {
  if (const size_t end = text.find_first_of(" \t\r\n"); end != std::string_view::npos) text = text.substr(0, end);
  return Parse(text);
}

std::optional<EnhancedStatus> EnhancedStatus::Parse(std::string_view text) {
  if (text.size() < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') || text[1] != '.') {
    return std::nullopt;
  }
  EnhancedStatus status{text[0] - '0', 0, 0};
  const char* end = text.data() + text.size();
  const auto number = [&](const char* from, int& out) -> const char* {
    if (from == end || *from < '0' || *from > '9') return nullptr;
    const auto [stop, failure] = std::from_chars(from, end, out);
    return failure == std::errc{} && stop - from <= 3 ? stop : nullptr;
  };
  const char* dot = number(text.data() + 2, status.subject);
  if (dot == nullptr || dot == end || *dot != '.') return std::nullopt;
  if (number(dot + 1, status.detail) != end) return std::nullopt;
  return status;
}

std::string EnhancedStatus::ToString() const {
  return std::to_string(category) + "." + std::to_string(subject) + "." + std::to_string(detail);
}

}  // namespace outpost::mail
