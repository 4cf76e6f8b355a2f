#include "smtp-client/next_hop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outpost::smtp_client {
namespace {

TEST(SmtpNextHop, ReadsEverySpelling) {
  struct Case {
    const char* text;
    const char* host;
    uint16_t port;
    bool lookup_mx;
    bool is_address;
  };
  for (const Case& c :
       {Case{"[smtp.example.org]:587", "smtp.example.org", 587, false, false},
        Case{"[SMTP.Example.org]", "smtp.example.org", 25, false, false},
        Case{"example.org", "example.org", 25, true, false}, Case{"localhost:25", "localhost", 25, false, false},
        Case{"example.org:submission", "example.org", 587, true, false},
        Case{"[192.0.2.1]:26", "192.0.2.1", 26, false, true},
        Case{"[IPv6:2001:db8::1]:465", "2001:db8::1", 465, false, true},
        Case{"[2001:db8::1]", "2001:db8::1", 25, false, true},
        Case{"[b\xC3\xBC"
             "cher.example]:587",
             "xn--bcher-kva.example", 587, false, false}}) {
    const auto hop = ParseNextHop(c.text, 25);
    ASSERT_TRUE(hop) << c.text;
    EXPECT_EQ(c.text, hop->configured);
    EXPECT_EQ(c.host, hop->host);
    EXPECT_EQ(c.port, hop->port) << c.text;
    EXPECT_EQ(c.lookup_mx, hop->lookup_mx) << c.text;
    EXPECT_EQ(c.is_address, hop->is_address) << c.text;
  }
}

TEST(SmtpNextHop, RefusesWhatIsNone) {
  for (const char* text : {"", "[", "[a", "a]", "[a]b", "[a]:", "[a]:0", "[a]:65536", "[a]:nosuchservice", "a b",
                           "[a\r\nRSET]", "-:-:-", "a..b"}) {
    EXPECT_FALSE(ParseNextHop(text, 25)) << text;
  }
}

TEST(SmtpNextHop, CredentialsStandUnderEitherSpelling) {
  const auto hop = ParseNextHop("[smtp.example.org]:587", 25);
  ASSERT_TRUE(hop);
  const auto keys = hop->CredentialKeys();
  EXPECT_EQ("smtp.example.org", keys[0]);
  EXPECT_EQ("[smtp.example.org]:587", keys[1]);
  EXPECT_THAT(keys, testing::UnorderedElementsAre("smtp.example.org", "[smtp.example.org]:587",
                                                  "[smtp.example.org]", "smtp.example.org:587"));
}

TEST(SmtpNextHop, NamesFromDnsAreChecked) {
  EXPECT_TRUE(IsHostName("mx_1.example-2.org."));
  EXPECT_FALSE(IsHostName(""));
  EXPECT_FALSE(IsHostName("."));
  EXPECT_FALSE(IsHostName("a b.org"));
  EXPECT_FALSE(IsHostName(std::string_view("a\0b", 3)));
  EXPECT_FALSE(IsHostName(std::string(64, 'a')));
  EXPECT_FALSE(IsHostName(std::string(200, 'a') + "." + std::string(60, 'b')));
}

// S18, S26: an answer of 127.0.0.1 for a name makes it no relay of this machine.
TEST(SmtpNextHop, OnlyItsOwnWordsPutItOnThisMachine) {
  for (const char* text :
       {"[127.0.0.1]:587", "[IPv6:::1]", "[localhost]:2525", "[LOCALHOST]", "[relay.localhost]"}) {
    const auto hop = ParseNextHop(text, 25);
    ASSERT_TRUE(hop) << text;
    EXPECT_TRUE(hop->NeedsNoDns()) << text;
  }
  for (const char* text : {"[smtp.example.org]:587", "localhost.example.org", "[notlocalhost]"}) {
    const auto hop = ParseNextHop(text, 25);
    ASSERT_TRUE(hop) << text;
    EXPECT_FALSE(hop->NeedsNoDns()) << text;
  }
}

}  // namespace
}  // namespace outpost::smtp_client
