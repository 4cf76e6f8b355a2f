// Enhanced status codes, "2.0.0" (RFC 3463, syntax of RFC 2034).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outpost::mail {

struct EnhancedStatus {
  int category = 5;  // 2, 4 or 5
  int subject = 0;   // 0 to 999
  int detail = 0;    // 0 to 999

  // The code that is the whole of `text`.
  static std::optional<EnhancedStatus> Parse(std::string_view text);
  // The code that `text` begins with, followed by a blank or the end.
  static std::optional<EnhancedStatus> ParsePrefix(std::string_view text);
  std::string ToString() const;
  friend bool operator==(const EnhancedStatus&, const EnhancedStatus&) = default;
};

}  // namespace outpost::mail
