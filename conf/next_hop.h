// A next hop as relayhost writes it: "domain", "host:service", "[host]", "[host]:service", "[ipv4]", "[ipv6]:port"
// (also "[IPv6:addr]"). Pure. Brackets: no MX lookup, addresses alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/sys/error.h"

namespace outpost::conf {

struct NextHop {
  std::string host;              // a name, or an address without brackets and "IPv6:"
  bool bracketed = false;        // as written: no MX lookup
  bool is_address = false;       // an IPv4 or IPv6 address; only within brackets
  std::optional<uint16_t> port;  // nothing: smtp_tcp_port
};

sys::Result<NextHop> ParseNextHop(std::string_view text);

// A port number 1 to 65535, or one of the services smtp, smtps, submissions, submission.
std::optional<uint16_t> ParsePort(std::string_view text);

}  // namespace outpost::conf
