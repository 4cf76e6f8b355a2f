// A person's name beside their address, in a header that we make.
#pragma once

#include <string>
#include <string_view>

namespace outpost::pickup {

// "Full Name <address>": the name as it is, quoted, or in RFC 2047 encoded-words of `charset`, folded where it gets
// long; the address alone when the name is empty. Control characters in the name become '?', as does what is not
// UTF-8 where the charset says so.
std::string FormatMailbox(std::string_view full_name, std::string_view address, std::string_view charset);

}  // namespace outpost::pickup
