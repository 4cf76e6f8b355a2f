// Addresses of the command line, which are RFC 822 lists: `a, "b c" <c@d>` in one word is two recipients. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::sendmail {

// In RFC 5321's external form, not completed. A word that holds no address is the null address "", which pickup maps
// to empty_address_recipient. Malformed ones go on: they are returned to the sender, alone. Errors (EX_USAGE): an
// address longer than mail::kMaxAddress, more than mail::kMaxRecipients, a control character within one.
sys::Result<std::vector<std::string>> ParseRecipients(const std::vector<std::string>& words);

struct Sender {
  std::string address;    // "" is the null sender
  bool had_more = false;  // further ones, which do not count
};
// Errors as above.
sys::Result<Sender> ParseSender(std::string_view text);

}  // namespace outpost::sendmail
