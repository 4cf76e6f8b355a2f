#include "lib/queue/checksum.h"

#include <xxhash.h>

namespace outpost::queue {

int64_t ChecksumOf(std::string_view row) { return static_cast<int64_t>(XXH3_64bits(row.data(), row.size())); }

}  // namespace outpost::queue
