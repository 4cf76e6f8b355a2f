// Text for mail that people read, or programs line by line. Pure.
#pragma once

#include <string>
#include <string_view>

namespace outpost::queue_runner {

bool IsAscii(std::string_view text);

// Lines of about 76 bytes, broken at blanks, each but the first after `indent`; no line end at the end. A word that no
// line of a message holds (RFC 5322 section 2.1.1) is broken as well.
std::string Wrap(std::string_view text, std::string_view indent);

}  // namespace outpost::queue_runner
