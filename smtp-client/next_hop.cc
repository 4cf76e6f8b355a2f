#include "smtp-client/next_hop.h"

#include <algorithm>
#include <arpa/inet.h>

#include "conf/next_hop.h"
#include "conf/tables/address_keys.h"
#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr size_t kMaxHostName = 253;
constexpr size_t kMaxLabel = 63;

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && std::ranges::all_of(label, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

bool IsHostName(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > kMaxHostName) return false;
  while (true) {
    const size_t dot = host.find('.');
    if (!IsLabel(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

bool IsAddress(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

sys::Result<NextHop> ParseNextHop(std::string_view text, uint16_t default_port) {
  const auto parsed = conf::ParseNextHop(text);
  if (!parsed) return parsed.error();
  NextHop hop;
  hop.configured = text;
  hop.host = sys::LowerCase(conf::DomainInAscii(parsed->host));
  hop.port = parsed->port.value_or(default_port);
  hop.lookup_mx = !parsed->bracketed;
  hop.is_address = parsed->is_address;
  if (hop.is_address) return hop;
  if (!IsHostName(hop.host)) return sys::Error(sys::Cat("next hop ", hop.configured, ": not a host name"));
  if (hop.host.ends_with('.')) hop.host.pop_back();
  if (hop.NeedsNoDns()) hop.lookup_mx = false;
  return hop;
}

std::vector<std::string> NextHop::CredentialKeys() const {
  std::vector<std::string> keys;
  for (conf::LookupKey& key : conf::PasswordKeys({configured, host, port})) keys.push_back(std::move(key.text));
  return keys;
}

bool NextHop::NeedsNoDns() const { return is_address || host == "localhost" || host.ends_with(".localhost"); }

}  // namespace outpost::smtp_client
