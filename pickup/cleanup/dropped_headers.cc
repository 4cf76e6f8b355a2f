#include "pickup/cleanup/dropped_headers.h"

#include <algorithm>

#include "lib/sys/text.h"

namespace outpost::pickup {

bool IsDroppedHeader(std::string_view name, const std::vector<std::string>& dropped) {
  return std::ranges::any_of(dropped, [&](const std::string& one) { return sys::EqualsIgnoringCase(name, one); });
}

}  // namespace outpost::pickup
