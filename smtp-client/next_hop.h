// The next hop of this program: what conf/next_hop.h reads, with its port settled, and the names under which it is
// known elsewhere. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::smtp_client {

struct NextHop {
  std::string configured;  // the whole text
  std::string host;        // name (ASCII form) or address, lower case, without brackets, "IPv6:" and a last dot
  uint16_t port = 0;
  bool lookup_mx = false;   // no brackets, and DNS is needed
  bool is_address = false;  // host is an IPv4 or IPv6 address

  // Under which keys its credentials may stand in smtp_sasl_password_maps, in the order in which they are asked
  // for: the host, then the next hop as configured, then its other spellings. Never a name that DNS made of it.
  std::vector<std::string> CredentialKeys() const;
  // Whether it says by itself where it is: an address, or this machine's name for itself (RFC 6761 section 6.3).
  bool NeedsNoDns() const;
};

// The error is for the administrator.
sys::Result<NextHop> ParseNextHop(std::string_view text, uint16_t default_port);

// Whether `host` can be a name in DNS: labels of letters, digits, '-' and '_', 253 bytes (RFC 1035 section 2.3.4).
bool IsHostName(std::string_view host);
// Whether `text` is a numeric IPv4 or IPv6 address.
bool IsAddress(const std::string& text);

}  // namespace outpost::smtp_client
