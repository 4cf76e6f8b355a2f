#include "queue-runner/ways_out.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <functional>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sstream>
#include <string_view>

#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using Bytes = std::span<const std::byte>;

constexpr uint32_t kLoopbackIndex = 1;  // the kernel gives it to `lo` in each network namespace
constexpr uint32_t kNoLink = RTNH_F_DEAD | RTNH_F_LINKDOWN;

template <typename T>
std::optional<T> Take(Bytes bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Bytes From(Bytes bytes, size_t offset) { return bytes.subspan(std::min(offset, bytes.size())); }

// The payload of the first attribute of `type` in a list of them.
Bytes Attribute(Bytes list, unsigned short type) {
  while (const auto head = Take<rtattr>(list)) {
    if (head->rta_len < sizeof(rtattr) || head->rta_len > list.size()) break;
    if ((head->rta_type & NLA_TYPE_MASK) == type)
      return list.subspan(sizeof(rtattr), head->rta_len - sizeof(rtattr));
    list = From(list, RTA_ALIGN(head->rta_len));
  }
  return {};
}

std::string_view View(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// One fact's number; they are added up, so that their order is of no account.
uint64_t NumberOf(std::initializer_list<Bytes> parts) {
  std::string text;
  for (const Bytes part : parts) text.append(View(part)).push_back('\xff');
  return std::hash<std::string>()(text) | 1;
}

bool IsLinkLocal(int family, Bytes address) {
  return family == AF_INET6 && address.size() == sizeof(in6_addr) && address[0] == std::byte{0xfe} &&
         (address[1] & std::byte{0xc0}) == std::byte{0x80};
}

void AddRoute(WaysOut& ways, Bytes payload) {
  const auto route = Take<rtmsg>(payload);
  if (!route || route->rtm_type != RTN_UNICAST || route->rtm_table == RT_TABLE_LOCAL) return;
  if ((route->rtm_flags & (kNoLink | RTM_F_CLONED)) != 0) return;
  const Bytes attributes = From(payload, NLMSG_ALIGN(sizeof(rtmsg)));
  const Bytes link = Attribute(attributes, RTA_OIF);
  const Bytes destination = Attribute(attributes, RTA_DST);
  if (Take<uint32_t>(link) == kLoopbackIndex || IsLinkLocal(route->rtm_family, destination)) return;
  ways.any = true;
  ways.everywhere = ways.everywhere || route->rtm_dst_len == 0;
  const std::array kind{std::byte{route->rtm_family}, std::byte{route->rtm_dst_len}, std::byte{route->rtm_table}};
  ways.digest +=
      NumberOf({kind, destination, link, Attribute(attributes, RTA_GATEWAY), Attribute(attributes, RTA_MULTIPATH)});
}

void AddAddress(WaysOut& ways, Bytes payload) {
  const auto facts = Take<ifaddrmsg>(payload);
  if (!facts || facts->ifa_index == kLoopbackIndex || facts->ifa_scope >= RT_SCOPE_LINK) return;
  // Not usable yet: the kernel tells when it is.
  if ((facts->ifa_flags & IFA_F_TENTATIVE) != 0) return;
  const std::array kind{std::byte{facts->ifa_family}, std::byte{facts->ifa_prefixlen}};
  const auto link = std::as_bytes(std::span(&facts->ifa_index, 1));
  ways.digest += NumberOf({kind, link, Attribute(From(payload, NLMSG_ALIGN(sizeof(ifaddrmsg))), IFA_ADDRESS)});
}

// Calls `use` with each message's type and payload until it says that it has enough.
template <typename Use>
void ForEachMessage(Bytes datagram, Use use) {
  while (const auto head = Take<nlmsghdr>(datagram)) {
    if (head->nlmsg_len < sizeof(nlmsghdr) || head->nlmsg_len > datagram.size()) return;
    if (!use(head->nlmsg_type, datagram.subspan(sizeof(nlmsghdr), head->nlmsg_len - sizeof(nlmsghdr)))) return;
    datagram = From(datagram, NLMSG_ALIGN(head->nlmsg_len));
  }
}

}  // namespace

Dump AddTo(WaysOut& ways, std::span<const std::byte> datagram) {
  Dump state = Dump::kGoesOn;
  ForEachMessage(datagram, [&](uint16_t type, Bytes payload) {
    if (type == NLMSG_DONE) state = Dump::kEnds;
    if (type == NLMSG_ERROR) state = Dump::kFailed;
    if (type == RTM_NEWROUTE) AddRoute(ways, payload);
    if (type == RTM_NEWADDR) AddAddress(ways, payload);
    return state == Dump::kGoesOn;
  });
  return state;
}

bool IsReachable(std::span<const std::byte> datagram) {
  bool reachable = false;
  ForEachMessage(datagram, [&](uint16_t type, Bytes payload) {
    const auto route = Take<rtmsg>(payload);
    reachable = type == RTM_NEWROUTE && route && (route->rtm_flags & kNoLink) == 0 &&
                (route->rtm_type == RTN_UNICAST || route->rtm_type == RTN_LOCAL);
    return false;
  });
  return reachable;
}

std::optional<IpAddress> IpAddress::Parse(const std::string& text) {
  IpAddress address;
  for (const int family : {AF_INET, AF_INET6}) {
    address.family = family;
    if (inet_pton(family, text.c_str(), &address.bytes) == 1) return address;
  }
  return std::nullopt;
}

bool IsOnLoopback(std::string_view hosts, std::string_view name) {
  std::istringstream lines{std::string(hosts)};
  bool found = false;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address;
    words >> address;
    for (std::string word; words >> word;) {
      if (sys::LowerCase(word) != name) continue;
      const auto parsed = IpAddress::Parse(address);
      if (!parsed || !parsed->IsLoopback()) return false;
      found = true;
    }
  }
  return found;
}

bool IpAddress::IsLoopback() const {
  if (family == AF_INET) return bytes.s6_addr[0] == IN_LOOPBACKNET;
  if (IN6_IS_ADDR_V4MAPPED(&bytes)) return bytes.s6_addr[12] == IN_LOOPBACKNET;
  return IN6_IS_ADDR_LOOPBACK(&bytes);
}

}  // namespace outpost::queue_runner
