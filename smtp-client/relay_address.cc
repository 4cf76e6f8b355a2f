#include "smtp-client/relay_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <iterator>
#include <netinet/in.h>
#include <random>

namespace outpost::smtp_client {
namespace {

bool IsPreferred(const RelayAddress& address, AddressPreference preference, bool ipv6_first) {
  switch (preference) {
    case AddressPreference::kIpv4:
      return address.address.ss_family == AF_INET;
    case AddressPreference::kIpv6:
      return address.address.ss_family == AF_INET6;
    case AddressPreference::kAny:
      return (address.address.ss_family == AF_INET6) == ipv6_first;
  }
  return false;
}

// One preference's addresses: a family's and the other's in turn.
void AppendInterleaved(std::vector<RelayAddress> group, const AddressOrder& order, std::mt19937& random,
                       std::vector<RelayAddress>& out) {
  if (order.randomize) std::ranges::shuffle(group, random);
  const bool ipv6_first = !order.randomize || random() % 2 == 0;
  std::array<std::vector<RelayAddress>, 2> turn;
  for (auto& address : group) {
    turn[IsPreferred(address, order.preference, ipv6_first) ? 0 : 1].push_back(std::move(address));
  }
  for (size_t i = 0; i < std::max(turn[0].size(), turn[1].size()); ++i) {
    for (auto& family : turn) {
      if (i < family.size()) out.push_back(std::move(family[i]));
    }
  }
}

}  // namespace

std::vector<RelayAddress> OrderAddresses(std::vector<RelayAddress> found, const AddressOrder& order,
                                         unsigned random) {
  std::mt19937 generator(random);
  std::ranges::stable_sort(found, {}, &RelayAddress::preference);
  std::vector<RelayAddress> ordered;
  for (auto begin = found.begin(); begin != found.end();) {
    const auto end =
        std::find_if(begin, found.end(), [&](const auto& a) { return a.preference != begin->preference; });
    AppendInterleaved({std::make_move_iterator(begin), std::make_move_iterator(end)}, order, generator, ordered);
    begin = end;
  }
  if (order.limit > 0 && ordered.size() > order.limit) ordered.resize(order.limit);
  return ordered;
}

std::optional<RelayAddress> ToRelayAddress(const sockaddr* address, socklen_t length, std::string_view host,
                                           uint16_t port) {
  RelayAddress found;
  if (length > sizeof found.address) return std::nullopt;
  memcpy(&found.address, address, length);
  found.length = length;
  char text[INET6_ADDRSTRLEN];
  if (address->sa_family == AF_INET) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&found.address);
    v4->sin_port = htons(port);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    found.peer.loopback = (ntohl(v4->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
  } else if (address->sa_family == AF_INET6) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&found.address);
    v6->sin6_port = htons(port);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
    found.peer.loopback =
        IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) || (mapped && v6->sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
  } else {
    return std::nullopt;
  }
  found.peer.address = text;
  found.peer.host = host;
  found.peer.port = port;
  return found;
}

std::optional<RelayAddress> NumericAddress(const std::string& address, uint16_t port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1)
    return ToRelayAddress(reinterpret_cast<sockaddr*>(&v4), sizeof v4, address, port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1)
    return ToRelayAddress(reinterpret_cast<sockaddr*>(&v6), sizeof v6, address, port);
  return std::nullopt;
}

}  // namespace outpost::smtp_client
