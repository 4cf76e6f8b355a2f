// Lists of addresses as people and programs write them: RFC 5322 section 3.4, the obsolete forms of section 4.4,
// and what Postfix tolerates.
//
// Total: any bytes go in, nothing is refused, time and memory grow with the text alone (no recursion). What makes
// no sense comes out as an address that IsValidAddress refuses, so that a message with one bad recipient still
// reaches the others.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace outpost::mail {

constexpr size_t kMaxAddressTokens = 10240;  // Postfix's header_address_token_limit

struct Mailbox {
  std::string address;       // external form, source route removed, not completed; "" for <>
  std::string display_name;  // the phrase before <...>, else the comment behind; unquoted, any bytes
  // The address within the text, without angle brackets: another one may be put in its place.
  size_t begin = 0;
  size_t end = 0;
};

struct AddressList {
  std::vector<Mailbox> mailboxes;
  bool cut = false;  // there were more than `max_tokens` tokens; the address at the cut is left out
};

// The members of groups count as members of the list. Words that stand beside each other without an operator are
// addresses of their own, as if a comma had been forgotten. A quoted string, comment, literal or group without end
// ends with the text; an angle bracket without end ends at the next comma.
AddressList ParseAddressList(std::string_view text, size_t max_tokens = kMaxAddressTokens);

}  // namespace outpost::mail
