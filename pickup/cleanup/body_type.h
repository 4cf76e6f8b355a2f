// What a relay has to be able to take (RFC 6152).
#pragma once

#include <string_view>

namespace outpost::pickup {

// Whether a byte of `bytes` is outside ASCII.
bool HasEightBitBytes(std::string_view bytes);

}  // namespace outpost::pickup
