#include "queue-runner/network.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "conf/next_hop.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Error;
using sys::Microseconds;

constexpr Microseconds kQuiet = std::chrono::seconds(1);
constexpr Microseconds kLongestQuiet = std::chrono::seconds(5);
constexpr size_t kDatagram = 32 * 1024;
constexpr size_t kMaxHosts = 1024 * 1024;
constexpr unsigned kGroups =
    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

sys::Result<sys::UniqueFd> OpenNetlink(unsigned groups) {
  sys::UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd) return Error::FromErrno("open a netlink socket");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error::FromErrno("bind a netlink socket");
  }
  return fd;
}

// A datagram, cut off at the buffer's end; nothing when there is none.
std::span<const std::byte> ReceiveFrom(sys::FdView fd, std::vector<std::byte>& buffer) {
  buffer.resize(kDatagram);
  ssize_t count;
  do {
    count = recv(fd.get(), buffer.data(), buffer.size(), 0);
  } while (count < 0 && errno == EINTR);
  return std::span(buffer).first(count > 0 ? static_cast<size_t>(count) : 0);
}

template <typename Body>
struct Question {
  nlmsghdr head;
  Body body;
};

struct RouteQuestion {
  rtmsg route;
  rtattr head;
  in6_addr destination;
};

// The kernel answers within send(2): what is not there afterwards does not come. Of the body `body_bytes` count.
template <typename Body>
sys::Result<void> Ask(sys::FdView fd, uint16_t type, uint16_t flags, const Body& body,
                      size_t body_bytes = sizeof(Body)) {
  Question<Body> question{};
  question.head.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(body_bytes));
  question.head.nlmsg_type = type;
  question.head.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  question.body = body;
  if (send(fd.get(), &question, question.head.nlmsg_len, 0) < 0)
    return Error::FromErrno("ask the kernel for routes");
  return {};
}

sys::Result<void> ReadDump(sys::FdView fd, uint16_t type, int family, WaysOut& ways) {
  const rtgenmsg body{static_cast<unsigned char>(family)};
  if (auto asked = Ask(fd, type, NLM_F_DUMP, body); !asked) return asked;
  std::vector<std::byte> buffer;
  Dump state;
  do {
    const auto datagram = ReceiveFrom(fd, buffer);
    if (datagram.empty()) return Error("the kernel tells no routes");
    state = AddTo(ways, datagram);
  } while (state == Dump::kGoesOn);
  return state == Dump::kEnds ? sys::Result<void>() : Error("the kernel refuses to tell routes");
}

void Drain(sys::FdView fd) {
  std::array<std::byte, 4096> buffer{};
  while (recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS || errno == EINTR) {
  }
}

// A dump may be left unread behind an error: each look has a socket's fresh start.
sys::Result<WaysOut> ReadWays(sys::FdView fd) {
  Drain(fd);
  WaysOut ways;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const uint16_t type : {RTM_GETROUTE, RTM_GETADDR}) {
      if (auto read = ReadDump(fd, type, family, ways); !read) return read.error();
    }
  }
  return ways;
}

ResolverWatch WatchResolver(const std::string& file) {
  constexpr uint32_t kReplaced = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR;
  ResolverWatch watch{sys::UniqueFd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), {}};
  if (!watch.inotify) return watch;
  std::error_code error;
  for (const auto& path : {std::filesystem::path(file), std::filesystem::canonical(file, error)}) {
    if (path.empty()) continue;
    watch.names.insert(path.filename());
    (void)inotify_add_watch(watch.inotify.get(), path.parent_path().c_str(), kReplaced);
  }
  return watch;
}

// Whether a file of `names` was among those that have changed. Reads all there is.
bool HasChanged(const ResolverWatch& watch) {
  alignas(inotify_event) char events[16384];
  bool changed = false;
  ssize_t count;
  while ((count = read(watch.inotify.get(), events, sizeof events)) > 0) {
    for (const char* at = events; at < events + count;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      if (event->len > 0 && watch.names.contains(event->name)) changed = true;
      at += sizeof(inotify_event) + event->len;
    }
  }
  return changed;
}

}  // namespace

sys::Result<Network> Network::Make(const std::string& resolver_file) {
  auto events = OpenNetlink(kGroups);
  if (!events) return events.error();
  auto questions = OpenNetlink(0);
  if (!questions) return questions.error();
  auto ways = ReadWays(*questions);
  if (!ways) return ways.error();
  return Network(std::move(*questions), std::move(*events), WatchResolver(resolver_file), *ways);
}

sys::Result<void> Network::Start(sys::EventLoop& loop, std::function<void()> on_change) {
  loop_ = &loop;
  on_change_ = std::move(on_change);
  auto watch = loop.Watch(events_, [this] {
    Drain(events_);
    LookSoon();
  });
  if (!watch || !resolver_.inotify) return watch ? sys::Result<void>() : watch.error();
  watch = loop.Watch(resolver_.inotify, [this] {
    if (!HasChanged(resolver_)) return;
    resolver_changed_ = true;
    LookSoon();
  });
  return watch ? sys::Result<void>() : watch.error();
}

void Network::LookSoon() {
  const Microseconds now = sys::MonotonicClock();
  if (timer_ == 0) first_event_ = now;
  loop_->Cancel(timer_);
  timer_ = loop_->After(std::min(kQuiet, first_event_ + kLongestQuiet - now), [this] { Look(); });
}

void Network::Look() {
  timer_ = 0;
  const auto ways = ReadWays(questions_);
  // What cannot be told now is taken as it was.
  const bool changed = ways && *ways != ways_;
  if (changed) ways_ = *ways;
  if (std::exchange(resolver_changed_, false) || changed) on_change_();
}

bool Network::MayReach(std::string_view next_hop, const std::optional<IpAddress>& last_seen) const {
  const auto parsed = conf::ParseNextHop(next_hop);
  if (!parsed) return true;  // whoever delivers says what is wrong with it
  if (const auto address = IpAddress::Parse(parsed->host)) return Reaches(*address);
  if (ways_.everywhere || (last_seen && Reaches(*last_seen))) return true;
  if (ways_.any && !last_seen) return true;
  const std::string name = sys::LowerCase(parsed->host);
  if (name == "localhost") return true;
  const auto hosts = sys::ReadFile("/etc/hosts", kMaxHosts);
  return hosts && IsOnLoopback(*hosts, name);
}

bool Network::Reaches(const IpAddress& address) const {
  if (address.IsLoopback()) return true;
  RouteQuestion body{};
  body.route.rtm_family = static_cast<unsigned char>(address.family);
  body.route.rtm_dst_len = static_cast<unsigned char>(address.size() * 8);
  body.route.rtm_flags = RTM_F_FIB_MATCH;  // the table's entry: that one tells whether its link has a carrier
  body.head.rta_type = RTA_DST;
  body.head.rta_len = static_cast<unsigned short>(RTA_LENGTH(address.size()));
  body.destination = address.bytes;
  Drain(questions_);
  const size_t unused = sizeof body.destination - address.size();
  if (!Ask(questions_, RTM_GETROUTE, 0, body, sizeof body - unused)) return true;
  std::vector<std::byte> buffer;
  return IsReachable(ReceiveFrom(questions_, buffer));
}

}  // namespace outpost::queue_runner
