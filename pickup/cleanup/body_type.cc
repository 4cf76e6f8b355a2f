#include "pickup/cleanup/body_type.h"

namespace outpost::pickup {

bool HasEightBitBytes(std::string_view bytes) {
  // Without a branch a byte, so that the compiler can take many at once.
  unsigned char all = 0;
  for (const char c : bytes) all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
  return all >= 0x80;
}

}  // namespace outpost::pickup
