#include "smtp-client/relay.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "lib/sys/socket.h"

namespace outpost::smtp_client {
namespace {

RelayAddress At(const std::string& address, int preference) {
  RelayAddress found = NumericAddress(address, 25).at(0);
  found.preference = preference;
  return found;
}

std::vector<std::string> Texts(const std::vector<RelayAddress>& addresses) {
  std::vector<std::string> texts;
  for (const auto& address : addresses) texts.push_back(address.peer.address);
  return texts;
}

TEST(SmtpRelay, NumericAddresses) {
  EXPECT_EQ("192.0.2.1[192.0.2.1]:587", NumericAddress("192.0.2.1", 587).at(0).peer.ToString());
  EXPECT_EQ("2001:db8::1", NumericAddress("2001:DB8:0::1", 25).at(0).peer.address);
  EXPECT_TRUE(NumericAddress("relay.example.org", 25).empty());
  EXPECT_TRUE(NumericAddress("1.2.3", 25).empty());
}

TEST(SmtpRelay, LoopbackIsKnownByItsAddressAlone) {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(NumericAddress(address, 25).at(0).peer.loopback) << address;
  for (const char* address : {"128.0.0.1", "10.0.0.1", "::2", "fe80::1", "::ffff:10.0.0.1", "0.0.0.0"})
    EXPECT_FALSE(NumericAddress(address, 25).at(0).peer.loopback) << address;
}

TEST(SmtpRelay, PreferenceFirstThenFamiliesInTurn) {
  ResolvePolicy policy;
  policy.preference = AddressPreference::kIpv6;
  policy.randomize = false;
  policy.address_limit = 0;
  const auto ordered = OrderAddresses(
      {At("192.0.2.9", 20), At("192.0.2.1", 10), At("192.0.2.2", 10), At("2001:db8::1", 10), At("2001:db8::9", 20)},
      policy, 1);
  EXPECT_EQ((std::vector<std::string>{"2001:db8::1", "192.0.2.1", "192.0.2.2", "2001:db8::9", "192.0.2.9"}),
            Texts(ordered));
}

TEST(SmtpRelay, AddressLimitKeepsTheBest) {
  ResolvePolicy policy;
  policy.address_limit = 2;
  policy.preference = AddressPreference::kIpv4;
  const auto ordered = OrderAddresses({At("192.0.2.9", 20), At("192.0.2.1", 10), At("2001:db8::1", 10)}, policy, 7);
  EXPECT_EQ((std::vector<std::string>{"192.0.2.1", "2001:db8::1"}), Texts(ordered));
}

TEST(SmtpRelay, EqualsAreShuffled) {
  ResolvePolicy policy;
  std::set<std::string> firsts;
  for (unsigned random = 0; random < 50; ++random) {
    firsts.insert(OrderAddresses({At("192.0.2.1", 10), At("192.0.2.2", 10), At("192.0.2.3", 10)}, policy, random)
                      .front()
                      .peer.address);
  }
  EXPECT_EQ(3U, firsts.size());
}

TEST(SmtpRelay, AnAddressNeedsNoResolver) {
  auto pair = sys::PacketPair();
  ASSERT_TRUE(pair);
  const auto hop = ParseNextHop("[127.0.0.1]:2525", 25);
  ASSERT_TRUE(hop);
  const auto resolution = ResolveRelay(*hop, ResolvePolicy{}, pair->first);
  ASSERT_TRUE(std::holds_alternative<std::vector<RelayAddress>>(resolution));
  EXPECT_EQ("127.0.0.1[127.0.0.1]:2525", std::get<std::vector<RelayAddress>>(resolution).at(0).peer.ToString());
}

TEST(SmtpRelay, LocalhostComesFromTheHostsFile) {
  auto pair = sys::PacketPair();
  ASSERT_TRUE(pair);
  const auto hop = ParseNextHop("[localhost]:2525", 25);
  ASSERT_TRUE(hop);
  ResolvePolicy policy;
  policy.ipv6 = false;
  const auto resolution = ResolveRelay(*hop, policy, pair->first);
  ASSERT_TRUE(std::holds_alternative<std::vector<RelayAddress>>(resolution));
  EXPECT_EQ("localhost[127.0.0.1]:2525", std::get<std::vector<RelayAddress>>(resolution).at(0).peer.ToString());
}

}  // namespace
}  // namespace outpost::smtp_client
