// What a row is worth: a checksum over its columns that never change, kept beside them and compared whenever the row is
// read. SQLite has none of its own, so a bit that flips on a disk would otherwise change an address or a message's text
// unseen. Against decay, not against people: whoever may write the file may compute it.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace outpost::queue {

int64_t ChecksumOf(std::string_view row);

inline void AppendForChecksum(std::string& out, std::integral auto number) {
  const auto fixed = static_cast<int64_t>(number);
  out.append(reinterpret_cast<const char*>(&fixed), sizeof fixed);
}
// With its length, so that two neighbours are told from each other.
inline void AppendForChecksum(std::string& out, std::string_view text) {
  AppendForChecksum(out, text.size());
  out += text;
}

// Of a row's values, in the order of its columns.
int64_t ChecksumOfRow(const auto&... values) {
  std::string bytes;
  (AppendForChecksum(bytes, values), ...);
  return ChecksumOf(bytes);
}

}  // namespace outpost::queue
