#include "smtp-client/tls_policy.h"

#include <gtest/gtest.h>

namespace outpost::smtp_client {
namespace {

TEST(SmtpTlsPolicy, ReadsPostfixsProtocolLists) {
  using enum TlsVersion;
  struct Case {
    const char* text;
    TlsVersion lowest;
    TlsVersion highest;
  };
  for (const Case& c :
       {Case{"", kTls10, kTls13}, Case{">=TLSv1", kTls10, kTls13}, Case{">=TLSv1.2", kTls12, kTls13},
        Case{">=tlsv1.1, <=TLSv1.2", kTls11, kTls12}, Case{"!SSLv2, !SSLv3", kTls10, kTls13},
        Case{"!TLSv1 !TLSv1.1", kTls12, kTls13}, Case{"TLSv1.2", kTls12, kTls12},
        Case{"TLSv1.2:TLSv1.3", kTls12, kTls13}, Case{"!TLSv1.3", kTls10, kTls12}}) {
    const auto versions = ParseTlsProtocols(c.text);
    ASSERT_TRUE(versions) << c.text;
    EXPECT_EQ(c.lowest, versions->lowest) << c.text;
    EXPECT_EQ(c.highest, versions->highest) << c.text;
  }
}

TEST(SmtpTlsPolicy, RefusesWhatLeavesNothingOrAGap) {
  for (const char* text :
       {"TLSv2", ">=", ">=TLSv1.3, <=TLSv1.1", "!TLSv1.1", "TLSv1 TLSv1.3", "!TLSv1 !TLSv1.1 !TLSv1.2 !TLSv1.3"}) {
    EXPECT_FALSE(ParseTlsProtocols(text)) << text;
  }
}

TEST(SmtpTlsPolicy, NamesToMatch) {
  const auto hop = ParseNextHop("example.org:587", 25);
  ASSERT_TRUE(hop);
  EXPECT_EQ((std::vector<std::string>{"example.org", ".example.org"}),
            NamesToMatch({"nexthop", "dot-nexthop"}, *hop, "mx1.other.net"));
  EXPECT_EQ((std::vector<std::string>{"mx1.other.net", "smtp.example.net"}),
            NamesToMatch({"hostname", "SMTP.example.net"}, *hop, "mx1.other.net"));
}

TEST(SmtpTlsPolicy, ServerNameIsTheRelaysUnlessToldOtherwise) {
  const auto hop = ParseNextHop("example.org", 25);
  const auto address = ParseNextHop("[192.0.2.1]", 25);
  ASSERT_TRUE(hop && address);
  EXPECT_EQ("mx.example.org", ServerName("", *hop, "mx.example.org"));
  EXPECT_EQ("mx.example.org", ServerName("hostname", *hop, "mx.example.org"));
  EXPECT_EQ("example.org", ServerName("nexthop", *hop, "mx.example.org"));
  EXPECT_EQ("a.example", ServerName("a.example", *hop, "mx.example.org"));
  EXPECT_EQ("", ServerName("", *address, "192.0.2.1"));
}

}  // namespace
}  // namespace outpost::smtp_client
