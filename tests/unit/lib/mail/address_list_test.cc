#include "lib/mail/address_list.h"

#include <random>

#include <gtest/gtest.h>

#include "lib/mail/address.h"

namespace outpost::mail {
namespace {

std::vector<std::string> Addresses(std::string_view text) {
  std::vector<std::string> out;
  for (const Mailbox& mailbox : ParseAddressList(text).mailboxes) out.push_back(mailbox.address);
  return out;
}

struct Case {
  std::string_view text;
  std::vector<std::string> addresses;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& one : cases) EXPECT_EQ(Addresses(one.text), one.addresses) << one.text;
}

TEST(AddressList, FindsMailboxesWithAndWithoutPhrases) {
  Check({
      {"", {}},
      {" \t\r\n ", {}},
      {"root", {"root"}},
      {"a@b.example", {"a@b.example"}},
      {"a@b.example, c@d.example", {"a@b.example", "c@d.example"}},
      {"<a@b>", {"a@b"}},
      {"John Q. Public <john@b>, Jane <jane@b>", {"john@b", "jane@b"}},
      {"\"Public, John\" <john@b>,x", {"john@b", "x"}},
      {"<>", {""}},
      {"nobody <>", {""}},
      {",, a@b ,,", {"a@b"}},
  });
}

TEST(AddressList, LeavesCommentsOut) {
  Check({
      {"a@b (the (very) first)", {"a@b"}},
      {"(one)a(two)@(three)b(four)", {"a@b"}},
      {"(a@b, c@d) e@f", {"e@f"}},
      {"a@b (not \\) yet, x@y)", {"a@b"}},
      {"a@b (never closed, x@y", {"a@b"}},
      {"Phrase (comment, with comma) <a@b>", {"a@b"}},
      {"<(in) a@b (out)>", {"a@b"}},
      {"(only)", {}},
  });
}

TEST(AddressList, KeepsQuotedLocalPartsWhole) {
  Check({
      {"\"a, b\"@c", {"\"a, b\"@c"}},
      {"\"a@b\"@c", {"\"a@b\"@c"}},
      {"\"a\\\"b\"@c", {"\"a\\\"b\"@c"}},
      {"\"plain\"@c", {"plain@c"}},
      {"\"a\".b@c", {"a.b@c"}},
      {"a\\,b@c", {"\"a,b\"@c"}},
      {"\"folded\r\n text\"@c", {"\"folded text\"@c"}},
      {"\"unclosed, x@y", {"\"unclosed, x@y\""}},
      {"a..b@c", {"\"a..b\"@c"}},
      {".a@c", {"\".a\"@c"}},
  });
}

TEST(AddressList, UnderstandsGroups) {
  Check({
      {"undisclosed-recipients:;", {}},
      {"undisclosed-recipients:", {}},
      {"Friends: a@b, C <c@d>;", {"a@b", "c@d"}},
      {"Friends: a@b; x@y", {"a@b", "x@y"}},
      {"\"My, group\": a@b;, x@y", {"a@b", "x@y"}},
      {"One: Two: a@b;;", {"a@b"}},
  });
}

TEST(AddressList, DropsSourceRoutes) {
  Check({
      {"<@r1,@r2:user@c>", {"user@c"}},
      {"Name <@r1:user@c>", {"user@c"}},
      {"@r1:user@c", {"user@c"}},
      {"@nowhere", {"@nowhere"}},
  });
}

TEST(AddressList, ReadsLiteralsAndObsoleteSpacing) {
  Check({
      {"user@[1.2.3.4]", {"user@[1.2.3.4]"}},
      {"user@[IPv6:::1]", {"user@[IPv6:::1]"}},
      {"user@[1.2, 3.4]", {"user@[1.2,3.4]"}},
      {"first . last @ host . example", {"first.last@host.example"}},
      {"user@host.", {"user@host."}},
  });
}

// Postfix puts the forgotten commas in; so do we.
TEST(AddressList, TakesWordsThatStandApartAsAddressesOfTheirOwn) {
  Check({
      {"root admin", {"root", "admin"}},
      {"a@b c@d", {"a@b", "c@d"}},
      {"a@b\r\n\tc@d", {"a@b", "c@d"}},
      {"<a@b> c@d", {"a@b", "c@d"}},
      {"a@b (x) c@d (y)", {"a@b", "c@d"}},
      {"John Smith @ host", {"John", "Smith@host"}},
      {"<a b@c>", {"\"a b\"@c"}},
  });
}

TEST(AddressList, MakesSomethingOfBrokenText) {
  Check({
      {"<a@b", {"a@b"}},
      {"x <a@b, c@d>", {"\"a@b,c\"@d"}},
      {"<a@b, c@d", {"a@b", "c@d"}},
      {"<<a@b>>", {"a@b"}},
      {"a@b>", {"a@b"}},
      {"a@b;", {"a@b"}},
      {"a@b@c", {"\"a@b\"@c"}},
      {"user@\"x@y\"", {"user@\"x@y\""}},
      {"user@x\\@y", {"user@\"x@y\""}},
      {"a)b@c", {"\"a)b\"@c"}},
      {"user@", {"user@"}},
      {"@", {"@"}},
      {std::string_view("a\0b@c", 5), {std::string("\"a\0b\"@c", 7)}},
  });
  EXPECT_FALSE(IsValidAddress(Addresses(std::string_view("a\0b@c", 5)).front()));
}

TEST(AddressList, GivesNoAddressWithALineEnd) {
  Check({
      {"a\\\n b", {"\"a\\\\\"", "b"}},
      {"\"a\\\r\n b\"@c", {"\"a\\\\ b\"@c"}},
      {"a@[1\\\n.2]", {"a@\"[1\\\\.2]\""}},
  });
}

TEST(AddressList, TellsDisplayNames) {
  const struct {
    std::string_view text;
    std::string_view name;
  } cases[] = {
      {"John Q. Public <a@b>", "John Q. Public"},
      {"\"Public, \\\"John\\\"\" <a@b>", "Public, \"John\""},
      {"a@b (John Public)", "John Public"},
      {"a@b", ""},
      {"John (J.) <a@b>", "John"},
  };
  for (const auto& one : cases) {
    const auto list = ParseAddressList(one.text);
    ASSERT_EQ(list.mailboxes.size(), 1U) << one.text;
    EXPECT_EQ(list.mailboxes[0].display_name, one.name) << one.text;
  }
}

TEST(AddressList, TellsThePlaceOfEachAddress) {
  const std::string_view text = " Root (admin) <root>, \"b c\"@d (x),\n <>, <@r:e@f>";
  const std::vector<std::string_view> expected = {"root", "\"b c\"@d", "", "@r:e@f"};
  const auto list = ParseAddressList(text);
  ASSERT_EQ(list.mailboxes.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(text.substr(list.mailboxes[i].begin, list.mailboxes[i].end - list.mailboxes[i].begin), expected[i]);
  }
  EXPECT_EQ(text[list.mailboxes[2].begin], '>');
}

TEST(AddressList, NeverGivesHalfAnAddressWhereItCuts) {
  const std::string text = "a@b, c@d, <user@e.example>";
  for (size_t tokens = 0; tokens < 13; ++tokens) {
    const auto list = ParseAddressList(text, tokens);
    EXPECT_TRUE(list.cut) << tokens;
    for (const Mailbox& mailbox : list.mailboxes) {
      EXPECT_TRUE(mailbox.address == "a@b" || mailbox.address == "c@d" || mailbox.address == "user@e.example")
          << tokens << " " << mailbox.address;
    }
  }
  EXPECT_FALSE(ParseAddressList(text, 13).cut);
}

TEST(AddressList, StaysQuickOnDeepAndLongText) {
  const size_t size = 200000;
  EXPECT_TRUE(Addresses(std::string(size, '(')).empty());
  EXPECT_TRUE(ParseAddressList(std::string(size, '<')).cut);
  EXPECT_TRUE(ParseAddressList(std::string(size, ':')).cut);
  EXPECT_FALSE(IsValidAddress(Addresses(std::string(size, 'a')).front()));
  EXPECT_EQ(Addresses(std::string(size, '\\')).size(), 1U);
  std::string words;
  while (words.size() < size) words += "a ";
  EXPECT_FALSE(ParseAddressList(words + "@" + std::string(size, ':'), 10 * size).cut);
  EXPECT_FALSE(ParseAddressList(words + std::string(size, '<'), 10 * size).cut);
}

TEST(AddressList, IsTotalOverAnyBytes) {
  constexpr std::string_view kAlphabet("ab.@<>,;:()\"\\[] \t\r\n!%\0\xc3\xa9", 24);
  std::minstd_rand random(1);
  for (int round = 0; round < 50000; ++round) {
    std::string text(random() % 24, ' ');
    for (char& c : text) c = kAlphabet[random() % kAlphabet.size()];
    size_t before = 0;
    for (const Mailbox& mailbox : ParseAddressList(text).mailboxes) {
      EXPECT_LE(before, mailbox.begin) << text;
      EXPECT_LE(mailbox.begin, mailbox.end) << text;
      EXPECT_LE(mailbox.end, text.size()) << text;
      EXPECT_EQ(mailbox.address.find_first_of("\r\n"), std::string::npos) << text;
      EXPECT_EQ(JoinAddress(SplitAddress(mailbox.address)), mailbox.address) << text;
      before = mailbox.end;
    }
  }
}

}  // namespace
}  // namespace outpost::mail
