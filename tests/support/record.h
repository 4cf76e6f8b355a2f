// Submission records, as tests look at them.
#pragma once

#include <optional>
#include <string_view>

namespace outpost::tests {

// The length of a record's head, empty line included; nothing where it has not ended yet.
inline std::optional<size_t> HeadLength(std::string_view record) {
  const size_t end = record.find("\n\n");
  if (end == std::string_view::npos) return std::nullopt;
  return end + 2;
}

}  // namespace outpost::tests
