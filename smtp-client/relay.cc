#include "smtp-client/relay.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <random>

#include <ares.h>
#include <ares_nameser.h>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr size_t kMaxMailHosts = 50;       // of one MX answer
constexpr size_t kMaxAddressesAHost = 50;  // of one A or AAAA answer
constexpr int kQueryTimeoutMs = 3000;
constexpr int kQueryTries = 3;

struct ChannelFreer {
  void operator()(ares_channel channel) const { ares_destroy(channel); }
};
using ResolverPointer = std::unique_ptr<std::remove_pointer_t<ares_channel>, ChannelFreer>;

struct MailHost {
  std::string name;
  int preference = 0;
};

// One look-up's outcome, filled by c-ares.
struct MxAnswer {
  int status = ARES_ENODATA;
  std::vector<MailHost> hosts;
};
struct AddressAnswer {
  int status = ARES_ENODATA;
  const MailHost* host = nullptr;
  uint16_t port = 0;
  std::vector<RelayAddress> addresses;
};

std::optional<RelayAddress> FromSockaddr(const sockaddr* address, socklen_t length, std::string_view host,
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
    found.peer.loopback = (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  } else if (address->sa_family == AF_INET6) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&found.address);
    v6->sin6_port = htons(port);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
    found.peer.loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) || (mapped && v6->sin6_addr.s6_addr[12] == 127);
  } else {
    return std::nullopt;
  }
  found.peer.address = text;
  found.peer.host = host;
  found.peer.port = port;
  return found;
}

void OnMx(void* argument, int status, int, unsigned char* bytes, int length) {
  auto& answer = *static_cast<MxAnswer*>(argument);
  answer.status = status;
  if (status != ARES_SUCCESS) return;
  ares_mx_reply* records = nullptr;
  answer.status = ares_parse_mx_reply(bytes, length, &records);
  for (const auto* record = records; record != nullptr && answer.hosts.size() < kMaxMailHosts;
       record = record->next) {
    answer.hosts.push_back({sys::LowerCase(record->host), record->priority});
  }
  if (records != nullptr) ares_free_data(records);
}

void OnAddresses(void* argument, int status, int, ares_addrinfo* found) {
  auto& answer = *static_cast<AddressAnswer*>(argument);
  answer.status = status;
  if (found == nullptr) return;
  for (const auto* node = found->nodes; node != nullptr && answer.addresses.size() < kMaxAddressesAHost;
       node = node->ai_next) {
    auto address = FromSockaddr(node->ai_addr, node->ai_addrlen, answer.host->name, answer.port);
    if (!address) continue;
    address->preference = answer.host->preference;
    answer.addresses.push_back(std::move(*address));
  }
  ares_freeaddrinfo(found);
}

enum class Waited { kDone, kTimeout, kRunnerGone };

// Drives the queries that are under way until all have ended.
Waited Drive(ares_channel resolver, sys::Microseconds deadline, sys::FdView channel) {
  while (true) {
    std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
    const auto wishes = static_cast<unsigned>(ares_getsock(resolver, sockets.data(), ARES_GETSOCK_MAXNUM));
    std::array<pollfd, ARES_GETSOCK_MAXNUM + 1> fds{};
    nfds_t count = 0;
    for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
      short events = 0;
      if ((wishes & (1U << i)) != 0) events |= POLLIN;
      if ((wishes & (1U << (i + ARES_GETSOCK_MAXNUM))) != 0) events |= POLLOUT;
      if (events != 0) fds[count++] = {sockets[i], events, 0};
    }
    if (count == 0) return Waited::kDone;
    fds[count] = {channel.get(), POLLRDHUP, 0};
    timeval most{1, 0};
    timeval left{};
    const timeval* next = ares_timeout(resolver, &most, &left);
    poll(fds.data(), count + 1, static_cast<int>(next->tv_sec * 1000 + next->tv_usec / 1000 + 1));
    if (fds[count].revents != 0) return Waited::kRunnerGone;
    for (nfds_t i = 0; i < count; ++i) {
      const bool readable = (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
      const bool writable = (fds[i].revents & POLLOUT) != 0;
      ares_process_fd(resolver, readable ? fds[i].fd : ARES_SOCKET_BAD, writable ? fds[i].fd : ARES_SOCKET_BAD);
    }
    if (sys::MonotonicClock() >= deadline) return Waited::kTimeout;
  }
}

ResolverPointer MakeResolver() {
  ares_options options{};
  options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
  options.timeout = kQueryTimeoutMs;
  options.tries = kQueryTries;
  options.domains = nullptr;
  options.ndomains = 0;
  ares_channel resolver = nullptr;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS;
  if (ares_init_options(&resolver, &options, mask) != ARES_SUCCESS) return nullptr;
  return ResolverPointer(resolver);
}

// Says for good that there is nothing.
bool IsNegative(int status) { return status == ARES_ENOTFOUND || status == ARES_ENODATA; }

// Why a look-up has ended without addresses.
using Ending = std::variant<mail::Verdict, RunnerGone>;

Resolution AsResolution(Ending ending) {
  if (auto* verdict = std::get_if<mail::Verdict>(&ending)) return std::move(*verdict);
  return RunnerGone{};
}

class Lookup {
 public:
  Lookup(const NextHop& next_hop, const ResolvePolicy& policy, sys::FdView channel)
      : next_hop_(next_hop),
        policy_(policy),
        channel_(channel),
        resolver_(MakeResolver()),
        deadline_(sys::MonotonicClock() + policy.limit) {}

  Resolution Run() {
    if (!resolver_) return Failure({4, 3, 0}, "cannot prepare the resolver", false);
    std::vector<MailHost> hosts;
    if (next_hop_.lookup_mx && policy_.mx_lookups) {
      if (auto ended = FindMailHosts(hosts)) return AsResolution(std::move(*ended));
    } else {
      hosts.push_back({next_hop_.host, 0});
    }
    return FindAddresses(hosts);
  }

 private:
  std::optional<Ending> FindMailHosts(std::vector<MailHost>& hosts) {
    MxAnswer answer;
    ares_query(resolver_.get(), next_hop_.host.c_str(), ns_c_in, ns_t_mx, OnMx, &answer);
    if (auto ended = Wait()) return ended;
    hosts = std::move(answer.hosts);
    if (hosts.size() == 1 && (hosts.front().name.empty() || hosts.front().name == "."))
      return Failure({5, 1, 0}, sys::Cat("Domain ", next_hop_.host, " does not accept mail (nullMX)"), true);
    std::erase_if(hosts, [](const auto& host) { return !IsHostName(host.name); });
    if (answer.status == ARES_ENODATA || (answer.status == ARES_ENOTFOUND && !policy_.failures_are_final)) {
      hosts.assign(1, {next_hop_.host, 0});  // no MX: the domain's own address (RFC 5321 section 5.1)
      return std::nullopt;
    }
    if (answer.status == ARES_ENOTFOUND) {
      return Failure({5, 4, 4},
                     sys::Cat("Host or domain name not found. Name service error for name=", next_hop_.host,
                              " type=MX: Host not found"),
                     true);
    }
    if (answer.status != ARES_SUCCESS || hosts.empty()) {
      return Failure({4, 4, 3},
                     sys::Cat("Host or domain name not found. Name service error for name=", next_hop_.host,
                              " type=MX: ", ares_strerror(answer.status)),
                     false);
    }
    return std::nullopt;
  }

  Resolution FindAddresses(const std::vector<MailHost>& hosts) {
    std::vector<AddressAnswer> answers(hosts.size());
    ares_addrinfo_hints hints{};
    hints.ai_flags = ARES_AI_NOSORT;
    hints.ai_family = policy_.ipv4 && policy_.ipv6 ? AF_UNSPEC : policy_.ipv4 ? AF_INET : AF_INET6;
    for (size_t i = 0; i < hosts.size(); ++i) {
      answers[i].host = &hosts[i];
      answers[i].port = next_hop_.port;
      ares_getaddrinfo(resolver_.get(), hosts[i].name.c_str(), nullptr, &hints, OnAddresses, &answers[i]);
    }
    if (auto ended = Wait()) return AsResolution(std::move(*ended));
    std::vector<RelayAddress> found;
    const AddressAnswer* unsure = nullptr;
    for (auto& answer : answers) {
      std::ranges::move(answer.addresses, std::back_inserter(found));
      if (!IsNegative(answer.status) && answer.status != ARES_SUCCESS) unsure = &answer;
    }
    if (!found.empty()) return OrderAddresses(std::move(found), policy_, std::random_device{}());
    const AddressAnswer& shown = unsure != nullptr ? *unsure : answers.front();
    const mail::EnhancedStatus status =
        unsure != nullptr ? mail::EnhancedStatus{4, 4, 3} : mail::EnhancedStatus{5, 4, 4};
    return Failure(status,
                   sys::Cat("Host or domain name not found. Name service error for name=", shown.host->name,
                            " type=A: ", ares_strerror(shown.status)),
                   unsure == nullptr);
  }

  std::optional<Ending> Wait() {
    switch (Drive(resolver_.get(), deadline_, channel_)) {
      case Waited::kDone:
        return std::nullopt;
      case Waited::kTimeout:
        ares_cancel(resolver_.get());
        return Failure({4, 4, 3}, sys::Cat("Name service error for name=", next_hop_.host, ": timed out"), false);
      case Waited::kRunnerGone:
        ares_cancel(resolver_.get());
        return RunnerGone{};
    }
    return std::nullopt;
  }

  // `for_good`: DNS has said so, and not that it does not know.
  mail::Verdict Failure(mail::EnhancedStatus status, std::string why, bool for_good) const {
    if (for_good && policy_.failures_are_final) return mail::Returned{status, std::move(why)};
    if (status.category != 4) status = {4, status.subject, status.detail};
    return mail::Deferred{status, std::move(why), mail::Fault::kPath};
  }

  const NextHop& next_hop_;
  const ResolvePolicy& policy_;
  sys::FdView channel_;
  ResolverPointer resolver_;
  sys::Microseconds deadline_;
};

bool IsPreferred(const RelayAddress& address, AddressPreference preference, bool fallback) {
  switch (preference) {
    case AddressPreference::kIpv4:
      return address.address.ss_family == AF_INET;
    case AddressPreference::kIpv6:
      return address.address.ss_family == AF_INET6;
    case AddressPreference::kAny:
      return (address.address.ss_family == AF_INET6) == fallback;
  }
  return false;
}

// One preference's addresses: a family's and the other's in turn.
void AppendInterleaved(std::vector<RelayAddress> group, const ResolvePolicy& policy, std::mt19937& random,
                       std::vector<RelayAddress>& out) {
  if (policy.randomize) std::ranges::shuffle(group, random);
  const bool ipv6_first = !policy.randomize || random() % 2 == 0;
  std::vector<RelayAddress> turn[2];
  for (auto& address : group) {
    turn[IsPreferred(address, policy.preference, ipv6_first) ? 0 : 1].push_back(std::move(address));
  }
  for (size_t i = 0; i < std::max(turn[0].size(), turn[1].size()); ++i) {
    for (auto& family : turn) {
      if (i < family.size()) out.push_back(std::move(family[i]));
    }
  }
}

}  // namespace

std::vector<RelayAddress> OrderAddresses(std::vector<RelayAddress> found, const ResolvePolicy& policy,
                                         unsigned random) {
  std::mt19937 generator(random);
  std::ranges::stable_sort(found, {}, &RelayAddress::preference);
  std::vector<RelayAddress> ordered;
  for (auto begin = found.begin(); begin != found.end();) {
    const auto end =
        std::find_if(begin, found.end(), [&](const auto& a) { return a.preference != begin->preference; });
    AppendInterleaved({std::make_move_iterator(begin), std::make_move_iterator(end)}, policy, generator, ordered);
    begin = end;
  }
  if (policy.address_limit > 0 && ordered.size() > policy.address_limit) ordered.resize(policy.address_limit);
  return ordered;
}

std::vector<RelayAddress> NumericAddress(const std::string& address, uint16_t port) {
  std::vector<RelayAddress> found;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    if (auto made = FromSockaddr(reinterpret_cast<sockaddr*>(&v4), sizeof v4, address, port))
      found.push_back(*made);
  } else if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    if (auto made = FromSockaddr(reinterpret_cast<sockaddr*>(&v6), sizeof v6, address, port))
      found.push_back(*made);
  }
  return found;
}

Resolution ResolveRelay(const NextHop& next_hop, const ResolvePolicy& policy, sys::FdView channel) {
  if (next_hop.is_address) {
    auto found = NumericAddress(next_hop.host, next_hop.port);
    if (!found.empty()) return found;
  }
  return Lookup(next_hop, policy, channel).Run();
}

}  // namespace outpost::smtp_client
