#include "smtp-client/relay_address.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace outpost::smtp_client {
namespace {

RelayAddress At(const std::string& address, int preference) {
  RelayAddress found = NumericAddress(address, 25).value();
  found.preference = preference;
  return found;
}

std::vector<std::string> Texts(const std::vector<RelayAddress>& addresses) {
  std::vector<std::string> texts;
  texts.reserve(addresses.size());
  for (const auto& address : addresses) texts.push_back(address.peer.address);
  return texts;
}

TEST(SmtpRelayAddress, NumericAddresses) {
  EXPECT_EQ("192.0.2.1[192.0.2.1]:587", NumericAddress("192.0.2.1", 587).value().peer.ToString());
  EXPECT_EQ("2001:db8::1", NumericAddress("2001:DB8:0::1", 25).value().peer.address);
  EXPECT_FALSE(NumericAddress("relay.example.org", 25));
  EXPECT_FALSE(NumericAddress("1.2.3", 25));
}

TEST(SmtpRelayAddress, LoopbackIsKnownByItsAddressAlone) {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(NumericAddress(address, 25).value().peer.loopback) << address;
  for (const char* address : {"128.0.0.1", "10.0.0.1", "::2", "fe80::1", "::ffff:10.0.0.1", "0.0.0.0"})
    EXPECT_FALSE(NumericAddress(address, 25).value().peer.loopback) << address;
}

TEST(SmtpRelayAddress, PreferenceFirstThenFamiliesInTurn) {
  AddressOrder order;
  order.preference = AddressPreference::kIpv6;
  order.randomize = false;
  order.limit = 0;
  const auto ordered = OrderAddresses(
      {At("192.0.2.9", 20), At("192.0.2.1", 10), At("192.0.2.2", 10), At("2001:db8::1", 10), At("2001:db8::9", 20)},
      order, 1);
  EXPECT_EQ((std::vector<std::string>{"2001:db8::1", "192.0.2.1", "192.0.2.2", "2001:db8::9", "192.0.2.9"}),
            Texts(ordered));
}

TEST(SmtpRelayAddress, AddressLimitKeepsTheBest) {
  AddressOrder order;
  order.limit = 2;
  order.preference = AddressPreference::kIpv4;
  const auto ordered = OrderAddresses({At("192.0.2.9", 20), At("192.0.2.1", 10), At("2001:db8::1", 10)}, order, 7);
  EXPECT_EQ((std::vector<std::string>{"192.0.2.1", "2001:db8::1"}), Texts(ordered));
}

TEST(SmtpRelayAddress, EqualsAreShuffled) {
  AddressOrder order;
  std::set<std::string> firsts;
  for (unsigned random = 0; random < 50; ++random) {
    firsts.insert(OrderAddresses({At("192.0.2.1", 10), At("192.0.2.2", 10), At("192.0.2.3", 10)}, order, random)
                      .front()
                      .peer.address);
  }
  EXPECT_EQ(3U, firsts.size());
}

}  // namespace
}  // namespace outpost::smtp_client
