// message_drop_headers: fields that no message keeps. Bcc is the one that matters: who is named in it must not be seen
// by the others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outpost::pickup {

// `dropped` are lower case names.
bool IsDroppedHeader(std::string_view name, const std::vector<std::string>& dropped);

}  // namespace outpost::pickup
