// A next hop's name becomes addresses: MX and A/AAAA records, by c-ares, which lives in relay.cc and nowhere else.
//
// The resolver is initialised afresh for each connection, so resolv.conf is never stale. Names are asked for as
// they are: no search list, no HOSTALIASES (attack S25). For a relay that main.cf names, every failure is a path
// fault. For a recipient's own domain, when no relayhost is set, DNS can say for good that nobody takes mail there:
// no such domain, no address, or a null MX (RFC 7505); then the mail is returned.
#pragma once

#include <chrono>
#include <string>
#include <sys/socket.h>
#include <variant>
#include <vector>

#include "lib/mail/verdict.h"
#include "lib/sys/unique_fd.h"
#include "smtp-client/next_hop.h"
#include "smtp-client/peer.h"

namespace outpost::smtp_client {

struct RelayAddress {
  Peer peer;
  sockaddr_storage address{};
  socklen_t length = 0;
  int preference = 0;  // the MX record's; equal for all without MX
};

enum class AddressPreference { kAny, kIpv4, kIpv6 };

struct ResolvePolicy {
  bool ipv4 = true;
  bool ipv6 = true;
  AddressPreference preference = AddressPreference::kAny;
  bool randomize = true;            // hosts of equal preference
  size_t address_limit = 5;         // 0: none
  bool failures_are_final = false;  // a recipient's domain, not a configured relay
  bool mx_lookups = true;           // disable_dns_lookups: no
  std::chrono::seconds limit{100};
};

struct RunnerGone {};

// Addresses in the order in which to try them, at least one; or why there are none: Deferred or Returned.
using Resolution = std::variant<std::vector<RelayAddress>, mail::Verdict, RunnerGone>;

// Ends early when the other end of `channel` closes.
Resolution ResolveRelay(const NextHop& next_hop, const ResolvePolicy& policy, sys::FdView channel);

// The order in which to try: by preference, families in turn within one, the preferred first; then cut to the
// limit. Pure but for `random`, which shuffles equals.
std::vector<RelayAddress> OrderAddresses(std::vector<RelayAddress> found, const ResolvePolicy& policy,
                                         unsigned random);

// A numeric address as a RelayAddress; nothing when it is none.
std::vector<RelayAddress> NumericAddress(const std::string& address, uint16_t port);

}  // namespace outpost::smtp_client
