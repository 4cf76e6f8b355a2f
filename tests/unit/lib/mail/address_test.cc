#include "lib/mail/address.h"

#include <gtest/gtest.h>

#include "lib/mail/address_list.h"

namespace outpost::mail {
namespace {

TEST(Address, SplitsAtTheLastUnquotedAtSign) {
  const struct {
    std::string_view address;
    std::string_view local;
    std::optional<std::string> domain;
  } cases[] = {
      {"a@b", "a", "b"},
      {"a", "a", std::nullopt},
      {"", "", std::nullopt},
      {"\"a@b\"@c", "a@b", "c"},
      {"\"a\\\"@b\"@c", "a\"@b", "c"},
      {"\"a@b\"", "a@b", std::nullopt},
      {"user@", "user", ""},
      {"@x", "", "x"},
      {"a@b@c", "a@b", "c"},
      {"a\\", "a\\", std::nullopt},
  };
  for (const auto& one : cases) {
    const AddressParts parts = SplitAddress(one.address);
    EXPECT_EQ(parts.local_part, one.local) << one.address;
    EXPECT_EQ(parts.domain, one.domain) << one.address;
  }
}

TEST(Address, QuotesOnlyWhereItHasTo) {
  EXPECT_EQ(QuoteLocalPart("a.b+c"), "a.b+c");
  EXPECT_EQ(QuoteLocalPart("a b"), "\"a b\"");
  EXPECT_EQ(QuoteLocalPart("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(QuoteLocalPart("a."), "\"a.\"");
  EXPECT_EQ(QuoteLocalPart("-oi"), "-oi");
  EXPECT_EQ(QuoteLocalPart("j\xc3\xb6rg"), "j\xc3\xb6rg");
}

TEST(Address, AcceptsWhatMayStandInAnEnvelope) {
  for (const std::string_view address : {"a@b", "a.b@c.example", "\"a b\"@c", "\"a\\\"b\"@c", "a@[1.2.3.4]",
                                         "a@[IPv6:2001:db8::1]", "-x@y", "a@1b.2c", "a@under_score.example",
                                         "j\xc3\xb6rg@b\xc3\xbc"
                                         "cher.example",
                                         "a+b=c%d!e@f", "a@xn--bcher-kva.example"}) {
    EXPECT_TRUE(IsValidAddress(address)) << address;
  }
  EXPECT_TRUE(IsValidAddress(std::string(200, 'a') + "@reply.example"))
      << "longer than 64 bytes, as services use them";
}

TEST(Address, RefusesWhatMayNot) {
  for (const std::string_view address :
       {"",        "a",         "@b",         "a@",           "a b@c",       "a..b@c",    ".a@b",
        "a.@b",    "\"\"@b",    "\"a@b",      "a\"b@c",       "\"a\"b@c",    "\"a\\\"@c", "a@b..c",
        "a@.b",    "a@b.",      "a@-b",       "a@b-",         "a@b c",       "a@b,c",     "a@1.2.3.4",
        "a@123",   "a@[1.2.3]", "a@[1.2.3.4", "a@[IPv6:xyz]", "a@[]",        "a\r\n@b",   "\"a\nb\"@c",
        "a@b\x7f", "<a@b>",     "a@b>",       "a@b (c)",      "a@[1.2.3.4]x"}) {
    EXPECT_FALSE(IsValidAddress(address)) << address;
  }
  EXPECT_FALSE(IsValidAddress(std::string_view("\"a\0b\"@c", 7)));
  EXPECT_FALSE(IsValidAddress(std::string_view("a@[1.2.3.4\0]", 12)));
  EXPECT_FALSE(IsValidAddress(std::string(1001, 'a') + "@b"));
  EXPECT_FALSE(IsValidAddress("a@" + std::string(64, 'b') + ".example"));
  std::string long_domain = "a@b";
  while (long_domain.size() < 260) long_domain += ".example";
  EXPECT_FALSE(IsValidAddress(long_domain));
}

TEST(Address, TellsWhoNeedsSmtpUtf8) {
  EXPECT_FALSE(NeedsSmtpUtf8("a@b"));
  EXPECT_TRUE(NeedsSmtpUtf8("j\xc3\xb6rg@b"));
  EXPECT_TRUE(
      NeedsSmtpUtf8("a@b\xc3\xbc"
                    "cher.example"));
}

TEST(Address, IsCompletedAsPostfixDoes) {
  CompletionRules plain;
  plain.myorigin = "origin.example";
  plain.mydomain = "domain.example";
  CompletionRules dotted = plain;
  dotted.append_dot_mydomain = true;
  CompletionRules bare = plain;
  bare.append_at_myorigin = false;
  bare.swap_bangpath = false;
  bare.allow_percent_hack = false;
  const struct {
    const CompletionRules& rules;
    std::string_view address;
    std::string_view expected;
  } cases[] = {
      {plain, "root", "root@origin.example"},
      {plain, "a@b", "a@b"},
      {plain, "", ""},
      {plain, "user@", "user@"},
      {plain, "a@host.", "a@host"},
      {plain, "site!user", "user@site"},
      {plain, "a!b!user", "b!user@a"},
      {plain, "user%host", "user@host"},
      {plain, "u%a%b", "u%a@b"},
      {plain, "u%a@b", "u%a@b"},
      {plain, "\"a b\"", "\"a b\"@origin.example"},
      {plain, "a@[1.2.3.4]", "a@[1.2.3.4]"},
      {dotted, "a@host", "a@host.domain.example"},
      {dotted, "a@host.", "a@host"},
      {dotted, "a@h.example", "a@h.example"},
      {dotted, "a@[1.2.3.4]", "a@[1.2.3.4]"},
      {dotted, "user%host", "user@host.domain.example"},
      {bare, "root", "root"},
      {bare, "site!user", "site!user"},
      {bare, "user%host", "user%host"},
  };
  for (const auto& one : cases) EXPECT_EQ(CompleteAddress(one.address, one.rules), one.expected) << one.address;
}

TEST(Address, GoesThroughTheListParserUnchanged) {
  for (const std::string_view address :
       {"a@b", "\"a, b\"@c", "\"a\\\"b\\\\\"@c", "a@[1.2.3.4]", "\"(\"@c", "\"<x>\"@c", "root"}) {
    const auto list = ParseAddressList(address);
    ASSERT_EQ(list.mailboxes.size(), 1U) << address;
    EXPECT_EQ(list.mailboxes[0].address, address);
  }
}

}  // namespace
}  // namespace outpost::mail
