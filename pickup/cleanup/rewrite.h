// Addresses in header fields become whole ones, as those of the envelope do. Only the address itself is replaced, in
// its place: phrases, comments and folding stay, and a field where nothing changes stays byte for byte (Postfix writes
// a changed field anew).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "lib/content/header_scanner.h"
#include "lib/mail/address.h"

namespace outpost::pickup {

// Whether a field of this name holds addresses of senders or recipients.
bool HoldsAddresses(std::string_view name);

// The raw text of such a field with its first `token_limit` tokens completed; nothing when that changes nothing.
std::optional<std::string> CompleteField(const content::Field& field, const mail::CompletionRules& rules,
                                         size_t token_limit);

}  // namespace outpost::pickup
