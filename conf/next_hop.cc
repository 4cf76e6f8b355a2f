#include "conf/next_hop.h"

#include <arpa/inet.h>

#include "conf/value_types.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

bool IsAddress(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

std::string_view WithoutIpv6Prefix(std::string_view host) {
  constexpr std::string_view kPrefix = "ipv6:";
  const bool prefixed = sys::EqualsIgnoringCase(host.substr(0, kPrefix.size()), kPrefix);
  return prefixed ? host.substr(kPrefix.size()) : host;
}

}  // namespace

std::optional<uint16_t> ParsePort(std::string_view text) {
  if (text == "smtp") return 25;
  if (text == "smtps" || text == "submissions") return 465;
  if (text == "submission") return 587;
  const std::optional<uint64_t> number = sys::ParseDecimal(text);
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

sys::Result<NextHop> ParseNextHop(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return sys::Error(sys::Cat("\"", sys::Printable(text, 200), "\" is no next hop: ", why));
  };
  NextHop hop;
  std::string_view rest = text;
  if (!rest.empty() && rest.front() == '[') {
    const size_t close = rest.find(']');
    if (close == std::string_view::npos) return wrong("'[' without ']'");
    hop.host = WithoutIpv6Prefix(rest.substr(1, close - 1));
    hop.bracketed = true;
    hop.is_address = IsAddress(hop.host);
    rest.remove_prefix(close + 1);
  } else {
    const size_t colon = rest.find(':');
    hop.host = rest.substr(0, colon);
    rest.remove_prefix(hop.host.size());
    if (IsAddress(hop.host)) return wrong(sys::Cat("write an address in brackets: [", hop.host, "]"));
  }
  if (!hop.is_address && !IsHostName(hop.host)) return wrong("the host name is not valid");
  if (rest.empty()) return hop;
  if (rest.front() != ':') return wrong("text after ']'");
  hop.port = ParsePort(rest.substr(1));
  if (!hop.port) return wrong("after ':' a port from 1 to 65535 is expected, or smtp, submission, submissions");
  return hop;
}

}  // namespace outpost::conf
