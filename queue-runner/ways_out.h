// What the kernel says of this host's ways out: routes and addresses, by rtnetlink (rtnetlink(7)). Pure over its
// messages.
//
// A way out is a unicast route through a link that is up and is not loopback. What only ages (lifetimes, caches, a
// router's announcement heard again) changes nothing here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outpost::queue_runner {

struct WaysOut {
  bool any = false;         // a way to anywhere beyond this host
  bool everywhere = false;  // a default route
  uint64_t digest = 0;      // of the ways and of this host's addresses, whatever their order

  bool operator==(const WaysOut&) const = default;
};

// Where a datagram of a dump leaves it.
enum class Dump { kGoesOn, kEnds, kFailed };

// Adds what `datagram`, a part of a dump of routes or addresses, tells. Messages of other kinds, and what is not whole,
// are passed over.
Dump AddTo(WaysOut& ways, std::span<const std::byte> datagram);

// An IPv4 or IPv6 address in network order.
struct IpAddress {
  int family = AF_INET;
  in6_addr bytes{};  // IPv4: the first four

  // Of "192.0.2.1", "2001:db8::1" ("fe80::1%eth0" has a scope, and is not told apart from others).
  static std::optional<IpAddress> Parse(const std::string& text);
  bool IsLoopback() const;
  size_t size() const { return family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr); }
};

// Whether /etc/hosts, whose text this is, puts the host `name` (lower case) on loopback and nowhere else.
bool IsOnLoopback(std::string_view hosts, std::string_view name);

// What the kernel answers to the question for the route to one address: true for a way out and for this host itself.
bool IsReachable(std::span<const std::byte> datagram);

}  // namespace outpost::queue_runner
