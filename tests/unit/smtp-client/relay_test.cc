#include "smtp-client/relay.h"

#include <algorithm>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "lib/sys/socket.h"

namespace outpost::smtp_client {
namespace {

MailHostAnswer Hosts(std::vector<MailHost> hosts) { return {DnsStatus::kFound, std::move(hosts), ""}; }

AddressAnswer Found(const std::string& address, int preference) {
  AddressAnswer answer{DnsStatus::kFound, {NumericAddress(address, 25).value()}, ""};
  answer.addresses.front().preference = preference;
  return answer;
}
const AddressAnswer kNoAddress{DnsStatus::kNoName, {}, "no such name"};
const AddressAnswer kUnsureAddress{DnsStatus::kTimeout, {}, "timed out"};

ResolvePolicy ForRecipientDomain() {
  ResolvePolicy policy;
  policy.party = Party::kRecipientDomain;
  return policy;
}

std::vector<std::string> Names(const std::variant<std::vector<MailHost>, mail::Verdict>& chosen) {
  std::vector<std::string> names;
  if (const auto* hosts = std::get_if<std::vector<MailHost>>(&chosen)) {
    std::ranges::transform(*hosts, std::back_inserter(names), &MailHost::name);
  }
  return names;
}

// "5.4.4 WHY" of a mail that is returned, "4.4.4 WHY" of one that waits; a path fault in any case.
template <typename Chosen>
std::string Failure(const Chosen& chosen) {
  const auto* verdict = std::get_if<mail::Verdict>(&chosen);
  if (verdict == nullptr) return "found";
  if (const auto* returned = std::get_if<mail::Returned>(verdict))
    return returned->status.ToString() + " " + returned->why;
  const auto& deferred = std::get<mail::Deferred>(*verdict);
  EXPECT_EQ(mail::Fault::kPath, deferred.fault);
  return deferred.status.ToString() + " " + deferred.why;
}

constexpr const char* kNotFound = "Host or domain name not found. Name service error for name=";

TEST(SmtpRelay, TheBestMailHostsAreKeptOfVeryMany) {
  std::vector<MailHost> many;
  many.reserve(200);
  for (int i = 0; i < 200; ++i) many.push_back({"h" + std::to_string(200 - i) + ".example", 200 - i});
  const auto names = Names(ChooseMailHosts("example", Hosts(std::move(many)), {}));
  ASSERT_EQ(50U, names.size());
  EXPECT_EQ("h1.example", names.front());
  EXPECT_EQ("h50.example", names.back());
}

TEST(SmtpRelay, WithoutMxTheDomainItselfIsTheHost) {
  EXPECT_EQ(std::vector<std::string>{"example.org"},
            Names(ChooseMailHosts("example.org", {DnsStatus::kNoRecord, {}, "no data"}, ForRecipientDomain())));
}

// RFC 7505: alone it means that there is no mail; beside others it is no host.
TEST(SmtpRelay, NullMxReturnsARecipientsMail) {
  for (const char* null : {"", "."}) {
    const auto answer = Hosts({{null, 0}});
    EXPECT_EQ("5.1.10 Domain example.org does not accept mail (nullMX)",
              Failure(ChooseMailHosts("example.org", answer, ForRecipientDomain())));
    EXPECT_EQ("4.1.10 Domain example.org does not accept mail (nullMX)",
              Failure(ChooseMailHosts("example.org", answer, {})));
    EXPECT_EQ(std::vector<std::string>{"mx.example.org"},
              Names(ChooseMailHosts("example.org", Hosts({{null, 0}, {"mx.example.org", 5}}), {})));
  }
}

TEST(SmtpRelay, MailHostsThatAreNoNamesAreNone) {
  const auto answer = Hosts({{"a b", 0}, {"x\r\ny", 1}});
  EXPECT_EQ(std::string("5.4.4 ") + kNotFound + "example.org type=MX: no record names a host",
            Failure(ChooseMailHosts("example.org", answer, ForRecipientDomain())));
}

TEST(SmtpRelay, NothingIsReturnedWhileDnsIsUnsure) {
  EXPECT_EQ(std::string("4.4.3 ") + kNotFound + "example.org type=MX: timed out",
            Failure(ChooseMailHosts("example.org", {DnsStatus::kTimeout, {}, "timed out"}, ForRecipientDomain())));
  EXPECT_EQ(std::string("4.4.3 ") + kNotFound + "b.example type=A: timed out",
            Failure(ChooseAddresses({{"a.example", 1}, {"b.example", 2}}, {kNoAddress, kUnsureAddress},
                                    ForRecipientDomain(), 1)));
}

TEST(SmtpRelay, NoAddressReturnsARecipientsMailAlone) {
  const std::vector<MailHost> hosts{{"a.example", 1}, {"b.example", 2}};
  const std::string why = std::string(kNotFound) + "a.example type=A: no such name";
  EXPECT_EQ("5.4.4 " + why, Failure(ChooseAddresses(hosts, {kNoAddress, kNoAddress}, ForRecipientDomain(), 1)));
  EXPECT_EQ("4.4.4 " + why, Failure(ChooseAddresses(hosts, {kNoAddress, kNoAddress}, {}, 1)));
}

TEST(SmtpRelay, WhatIsFoundIsTriedWhateverTheRestSays) {
  const auto chosen = ChooseAddresses({{"a.example", 1}, {"b.example", 2}, {"c.example", 3}},
                                      {kUnsureAddress, Found("192.0.2.2", 2), kNoAddress}, {}, 1);
  ASSERT_TRUE(std::holds_alternative<std::vector<RelayAddress>>(chosen)) << Failure(chosen);
  EXPECT_EQ("192.0.2.2", std::get<std::vector<RelayAddress>>(chosen).at(0).peer.address);
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
  policy.families.ipv6 = false;
  const auto resolution = ResolveRelay(*hop, policy, pair->first);
  ASSERT_TRUE(std::holds_alternative<std::vector<RelayAddress>>(resolution));
  EXPECT_EQ("localhost[127.0.0.1]:2525", std::get<std::vector<RelayAddress>>(resolution).at(0).peer.ToString());
}

}  // namespace
}  // namespace outpost::smtp_client
