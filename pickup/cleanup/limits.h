// The limits on a message: what is beyond them refuses it for good, or is dropped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pickup/cleanup/refusal.h"

namespace outpost::pickup {

// `limit_bytes` is message_size_limit, 0 for none; the size is the message's as it was submitted.
std::optional<Refusal> CheckSize(uint64_t size_bytes, uint64_t limit_bytes);

// `received_fields` are those that the message came with; ours counts too (hopcount_limit).
std::optional<Refusal> CheckHops(int64_t received_fields, int64_t limit);

// A raw field of at most `limit_bytes` and its newline (header_size_limit); "" when not even its name would be left.
std::string CutField(std::string_view raw, uint64_t limit_bytes);

}  // namespace outpost::pickup
