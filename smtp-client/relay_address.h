// One address of a relay, and the order in which several are tried. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "smtp-client/peer.h"

namespace outpost::smtp_client {

struct RelayAddress {
  Peer peer;
  sockaddr_storage address{};
  socklen_t length = 0;
  int preference = 0;  // the MX record's; equal for all without MX
};

enum class AddressPreference { kAny, kIpv4, kIpv6 };

struct AddressOrder {
  AddressPreference preference = AddressPreference::kAny;
  bool randomize = true;  // hosts of equal preference
  size_t limit = 5;       // 0: none
};

// By preference, families in turn within one, the preferred first; then cut to the limit. `random` shuffles equals.
std::vector<RelayAddress> OrderAddresses(std::vector<RelayAddress> found, const AddressOrder& order,
                                         unsigned random);

// An IPv4 or IPv6 socket address, as an address of `host`; nothing when it is of another family.
std::optional<RelayAddress> ToRelayAddress(const sockaddr* address, socklen_t length, std::string_view host,
                                           uint16_t port);
// A numeric address; nothing when it is none.
std::optional<RelayAddress> NumericAddress(const std::string& address, uint16_t port);

}  // namespace outpost::smtp_client
