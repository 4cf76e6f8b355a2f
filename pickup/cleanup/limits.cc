#include "pickup/cleanup/limits.h"

#include <sysexits.h>

#include "lib/sys/text.h"

namespace outpost::pickup {

std::optional<Refusal> CheckSize(uint64_t size_bytes, uint64_t limit_bytes) {
  if (limit_bytes == 0 || size_bytes <= limit_bytes) return std::nullopt;
  return Refusal{EX_UNAVAILABLE,
                 {5, 3, 4},
                 sys::Cat("message of ", size_bytes, " bytes is larger than message_size_limit, ", limit_bytes)};
}

std::optional<Refusal> CheckHops(int64_t received_fields, int64_t limit) {
  if (received_fields + 1 < limit) return std::nullopt;
  return Refusal{EX_UNAVAILABLE, {5, 4, 0}, "too many hops: the message seems to go round in circles"};
}

std::string CutField(std::string_view raw, uint64_t limit_bytes) {
  std::string out(raw.substr(0, limit_bytes));
  if (out.find(':') == std::string::npos) return {};
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

}  // namespace outpost::pickup
