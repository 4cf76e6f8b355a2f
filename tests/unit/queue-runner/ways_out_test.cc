#include "queue-runner/ways_out.h"

#include <cstring>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <vector>

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using Datagram = std::vector<std::byte>;

void Append(Datagram& to, const void* bytes, size_t count) {
  const auto* first = static_cast<const std::byte*>(bytes);
  to.insert(to.end(), first, first + count);
  to.resize(NLMSG_ALIGN(to.size()));
}

struct Route {
  unsigned char family = AF_INET;
  unsigned char type = RTN_UNICAST;
  unsigned char table = RT_TABLE_MAIN;
  unsigned char prefix = 24;
  unsigned flags = 0;
  uint32_t link = 2;
  std::string destination = "192.0.2.0";
};

Datagram Message(const Route& route) {
  Datagram body;
  rtmsg head{};
  head.rtm_family = route.family;
  head.rtm_type = route.type;
  head.rtm_table = route.table;
  head.rtm_dst_len = route.prefix;
  head.rtm_flags = route.flags;
  Append(body, &head, sizeof head);
  const auto attribute = [&](unsigned short type, const void* bytes, size_t count) {
    const rtattr about{static_cast<unsigned short>(RTA_LENGTH(count)), type};
    Append(body, &about, sizeof about);
    Append(body, bytes, count);
  };
  attribute(RTA_OIF, &route.link, sizeof route.link);
  const auto address = IpAddress::Parse(route.destination);
  if (address && route.prefix > 0) attribute(RTA_DST, &address->bytes, address->size());
  nlmsghdr about{};
  about.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(body.size()));
  about.nlmsg_type = RTM_NEWROUTE;
  Datagram datagram;
  Append(datagram, &about, sizeof about);
  Append(datagram, body.data(), body.size());
  return datagram;
}

WaysOut Ways(const std::vector<Route>& routes) {
  WaysOut ways;
  for (const Route& route : routes) EXPECT_EQ(AddTo(ways, Message(route)), Dump::kGoesOn);
  return ways;
}

TEST(WaysOut, KnowsWhatIsAWay) {
  struct Case {
    const char* what;
    Route route;
    bool any;
    bool everywhere;
  };
  const Case cases[] = {
      {"a neighbourhood", {}, true, false},
      {"a default route", {.prefix = 0}, true, true},
      {"loopback", {.link = 1, .destination = "127.0.0.0"}, false, false},
      {"this host", {.type = RTN_LOCAL, .table = RT_TABLE_LOCAL}, false, false},
      {"a wall", {.type = RTN_UNREACHABLE, .prefix = 0}, false, false},
      {"no carrier", {.flags = RTNH_F_LINKDOWN}, false, false},
      {"a dead link", {.flags = RTNH_F_DEAD}, false, false},
      {"IPv6", {.family = AF_INET6, .prefix = 0, .destination = "::"}, true, true},
      {"link-local", {.family = AF_INET6, .prefix = 64, .destination = "fe80::"}, false, false},
      {"unique local", {.family = AF_INET6, .prefix = 64, .destination = "fd00::"}, true, false},
  };
  for (const auto& [what, route, any, everywhere] : cases) {
    const WaysOut ways = Ways({route});
    EXPECT_EQ(ways.any, any) << what;
    EXPECT_EQ(ways.everywhere, everywhere) << what;
    EXPECT_EQ(ways.digest != 0, any) << what;
  }
}

TEST(WaysOut, HasTheSameDigestInAnyOrderAndAnotherForOtherWays) {
  const Route one;
  const Route two{.prefix = 0};
  EXPECT_EQ(Ways({one, two}), Ways({two, one}));
  EXPECT_NE(Ways({one, two}), Ways({one}));
  EXPECT_NE(Ways({one}), Ways({{.link = 3}}));
  EXPECT_NE(Ways({one}), Ways({{.destination = "198.51.100.0"}}));
}

TEST(WaysOut, EndsWhereTheDumpEnds) {
  nlmsghdr head{};
  head.nlmsg_len = sizeof head;
  head.nlmsg_type = NLMSG_DONE;
  Datagram datagram = Message({});
  Append(datagram, &head, sizeof head);
  WaysOut ways;
  EXPECT_EQ(AddTo(ways, datagram), Dump::kEnds);
  EXPECT_TRUE(ways.any);
}

TEST(WaysOut, PassesOverWhatIsNotWhole) {
  const Datagram whole = Message({});
  for (size_t size = 0; size < whole.size(); ++size) {
    WaysOut ways;
    EXPECT_EQ(AddTo(ways, std::span(whole).first(size)), Dump::kGoesOn);
    EXPECT_FALSE(ways.any) << size;
  }
  Datagram odd = whole;
  odd[sizeof(nlmsghdr) + sizeof(rtmsg)] = std::byte{1};  // an attribute shorter than its head
  WaysOut ways;
  EXPECT_EQ(AddTo(ways, odd), Dump::kGoesOn);
}

TEST(IpAddress, KnowsLoopback) {
  for (const char* text : {"127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(IpAddress::Parse(text).value().IsLoopback()) << text;
  for (const char* text : {"128.0.0.1", "::", "2001:db8::1", "::ffff:192.0.2.1"})
    EXPECT_FALSE(IpAddress::Parse(text).value().IsLoopback()) << text;
  for (const char* text : {"", "localhost", "127.1", "1.2.3.4.5"}) EXPECT_FALSE(IpAddress::Parse(text)) << text;
}

TEST(HostsFile, PutsANameOnLoopback) {
  constexpr std::string_view kHosts =
      "127.0.0.1 localhost\n"
      "::1 localhost ip6-localhost  # relay.example\n"
      "127.0.1.1\tTunnel.example\ttunnel\n"
      "192.0.2.1 split.example\n"
      "127.0.0.1 split.example\n"
      "192.0.2.2 far.example";
  EXPECT_TRUE(IsOnLoopback(kHosts, "localhost"));
  EXPECT_TRUE(IsOnLoopback(kHosts, "tunnel.example"));
  EXPECT_TRUE(IsOnLoopback(kHosts, "tunnel"));
  for (const char* name : {"relay.example", "split.example", "far.example", "tun", "127.0.0.1", ""})
    EXPECT_FALSE(IsOnLoopback(kHosts, name)) << name;
}

}  // namespace
}  // namespace outpost::queue_runner
