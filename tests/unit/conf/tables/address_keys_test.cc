#include "conf/tables/address_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outpost::conf {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Texts = std::vector<std::string>;

Texts TextsOf(const LookupKeys& keys) {
  Texts texts;
  for (const LookupKey& key : keys) texts.push_back(key.text);
  return texts;
}

// Those that pattern tables are asked for.
Texts WholeOf(const LookupKeys& keys) {
  Texts texts;
  for (const LookupKey& key : keys) {
    if (key.part == KeyPart::kWhole) texts.push_back(key.text);
  }
  return texts;
}

AddressRules Rules(std::string delimiter = "+") {
  AddressRules rules;
  rules.extension.recipient_delimiter = std::move(delimiter);
  rules.is_local = [](std::string_view domain) { return domain == "here.example" || domain == "Here.Example"; };
  return rules;
}

TEST(AddressKeys, OfAnAddressInTheirOrder) {
  struct Case {
    std::string_view address;
    Texts keys;
  };
  const Case cases[] = {
      {"u@d.example", {"u@d.example", "@d.example"}},
      {"u+x@d.example", {"u+x@d.example", "u@d.example", "@d.example"}},
      {"u@here.example", {"u@here.example", "u", "@here.example"}},
      {"u+x@here.example", {"u+x@here.example", "u@here.example", "u+x", "u", "@here.example"}},
      {"U+X@Here.Example", {"U+X@Here.Example", "U@Here.Example", "U+X", "U", "@Here.Example"}},
      {"u", {"u"}},
      {"u+x", {"u+x", "u"}},
      {"u@", {"u@", "@"}},
      {"+x@d.example", {"+x@d.example", "@d.example"}},
      {"\"a b\"@d.example", {"\"a b\"@d.example", "a b@d.example", "@d.example"}},
      {"\"a b+x\"@here.example",
       {"\"a b+x\"@here.example", "a b+x@here.example", "\"a b\"@here.example", "a b@here.example", "\"a b+x\"",
        "a b+x", "\"a b\"", "a b", "@here.example"}},
      {"\"u\"@d.example", {"u@d.example", "@d.example"}},
      {"\"a@b\"@d.example", {"\"a@b\"@d.example", "a@b@d.example", "@d.example"}},
      {"u@[192.0.2.1]", {"u@[192.0.2.1]", "@[192.0.2.1]"}},
      {"u@b\xc3\xbc"
       "cher.example",
       {"u@b\xc3\xbc"
        "cher.example",
        "u@xn--bcher-kva.example",
        "@b\xc3\xbc"
        "cher.example",
        "@xn--bcher-kva.example"}},
  };
  for (const auto& [address, keys] : cases) {
    EXPECT_EQ(TextsOf(AddressKeys(address, Rules())), keys) << address;
    EXPECT_EQ(WholeOf(AddressKeys(address, Rules())).front(), keys.front()) << address;
  }
}

TEST(AddressKeys, PatternsAreAskedForTheWholeAddressAlone) {
  EXPECT_THAT(WholeOf(AddressKeys("u+x@here.example", Rules())), ElementsAre("u+x@here.example"));
  EXPECT_THAT(WholeOf(TransportKeys("u+x@a.example", Rules(), Parents::kDotted)),
              ElementsAre("u+x@a.example", "*"));
  EXPECT_THAT(WholeOf(DomainKeys("a.b.example", Parents::kDotted)), ElementsAre("a.b.example"));
}

TEST(AddressKeys, OfTheNullAddressAreAParameters) {
  EXPECT_THAT(TextsOf(AddressKeys("", Rules(), "<>")), ElementsAre("<>"));
  EXPECT_THAT(AddressKeys("", Rules()), IsEmpty());
}

TEST(AddressKeys, KeepTheExtensionThatAKeyLeavesAway) {
  const LookupKeys keys = AddressKeys("u+x+y@here.example", Rules());
  ASSERT_EQ(keys.size(), 5U);
  EXPECT_EQ(keys[0].extension, "");
  EXPECT_EQ(keys[1].text, "u@here.example");
  EXPECT_EQ(keys[1].extension, "+x+y");
  EXPECT_EQ(keys[2].extension, "");
  EXPECT_EQ(keys[3].extension, "+x+y");
  EXPECT_EQ(keys[4].extension, "");
}

TEST(ExtensionOf, SplitsAtTheFirstOfASetOfCharacters) {
  struct Case {
    std::string_view local_part;
    std::string_view delimiter;
    std::string_view extension;
  };
  const Case cases[] = {
      {"u+x", "+", "+x"},
      {"u+x", "", ""},
      {"u-x", "+", ""},
      {"u-x+y", "+-", "-x+y"},
      {"u+x-y", "+-", "+x-y"},
      {"+x", "+", ""},
      {"u+", "+", "+"},
      {"postmaster", "m", ""},
      {"PostMaster", "m", ""},
      {"mailer-daemon", "-", ""},
      {"double-bounce", "-", ""},
      {"owner-list", "-", ""},
      {"Owner-list", "+-", ""},
      {"list-request", "-", ""},
      {"list-Request", "-+", ""},
      {"owner+list", "+", "+list"},
      {"list+request", "+", "+request"},
      {"-request", "-", ""},
      {"postmaster+x", "+", "+x"},
  };
  for (const auto& [local_part, delimiter, extension] : cases) {
    EXPECT_EQ(ExtensionOf(local_part, {.recipient_delimiter = std::string(delimiter)}), extension)
        << local_part << " at " << delimiter;
  }
  EXPECT_EQ(ExtensionOf("owner-list", {.recipient_delimiter = "-", .owner_request_special = false}), "-list");
  EXPECT_EQ(ExtensionOf("list-request", {.recipient_delimiter = "-", .owner_request_special = false}), "-request");
}

TEST(TransportKeys, GoUpFromTheAddressToEverything) {
  EXPECT_THAT(TextsOf(TransportKeys("u+x@a.b.example", Rules(), Parents::kDotted)),
              ElementsAre("u+x@a.b.example", "u@a.b.example", "a.b.example", ".b.example", ".example", "*"));
  EXPECT_THAT(TextsOf(TransportKeys("u@a.b.example", Rules(), Parents::kPlain)),
              ElementsAre("u@a.b.example", "a.b.example", "b.example", "example", "*"));
  EXPECT_THAT(TextsOf(TransportKeys("u@here.example", Rules(), Parents::kDotted)),
              ElementsAre("u@here.example", "here.example", ".example", "*"));
  EXPECT_THAT(TextsOf(TransportKeys("u@[192.0.2.1]", Rules(), Parents::kDotted)),
              ElementsAre("u@[192.0.2.1]", "[192.0.2.1]", "*"));
  EXPECT_THAT(TextsOf(TransportKeys("u", Rules(), Parents::kDotted)), ElementsAre("u", "*"));
}

TEST(DomainKeys, GoUpAsTheListSays) {
  EXPECT_THAT(TextsOf(DomainKeys("a.b.example", Parents::kDotted)),
              ElementsAre("a.b.example", ".b.example", ".example"));
  EXPECT_THAT(TextsOf(DomainKeys("a.b.example", Parents::kPlain)),
              ElementsAre("a.b.example", "b.example", "example"));
}

TEST(TlsPolicyKeys, GoUpFromABareDomainAlone) {
  EXPECT_THAT(TextsOf(TlsPolicyKeys("mail.b.example")), ElementsAre("mail.b.example", ".b.example", ".example"));
  EXPECT_THAT(WholeOf(TlsPolicyKeys("mail.b.example")), ElementsAre("mail.b.example", ".b.example", ".example"));
  for (const std::string hop : {"[mail.b.example]:587", "[mail.b.example]", "mail.b.example:587", "[192.0.2.1]"}) {
    EXPECT_THAT(TextsOf(TlsPolicyKeys(hop)), ElementsAre(hop));
  }
}

TEST(AliasKeys, AreTheLocalPartWithAndWithoutItsExtension) {
  EXPECT_THAT(TextsOf(AliasKeys("u+x", {.recipient_delimiter = "+"})), ElementsAre("u+x", "u"));
  EXPECT_THAT(WholeOf(AliasKeys("u+x", {.recipient_delimiter = "+"})), ElementsAre("u+x", "u"));
  EXPECT_THAT(TextsOf(AliasKeys("owner-x", {.recipient_delimiter = "-"})), ElementsAre("owner-x"));
}

TEST(PasswordKeys, AreTheSendersThenTheHostThenTheNextHop) {
  const CredentialPlace place{"[smtp.example.org]:587", "smtp.example.org", 587};
  const Texts of_place = {"smtp.example.org", "[smtp.example.org]:587", "[smtp.example.org]",
                          "smtp.example.org:587"};
  EXPECT_EQ(TextsOf(PasswordKeys(place)), of_place);
  EXPECT_EQ(TextsOf(PasswordKeys("", Rules(), place)), of_place);
  Texts all = {"u+x@here.example", "u@here.example", "u+x", "u", "@here.example"};
  all.insert(all.end(), of_place.begin(), of_place.end());
  EXPECT_EQ(TextsOf(PasswordKeys("u+x@here.example", Rules(), place)), all);
}

TEST(DomainInAscii, IsTheSameForAscii) {
  EXPECT_EQ(DomainInAscii("Example.ORG"), "Example.ORG");
  EXPECT_EQ(DomainInAscii("a_b..c-"), "a_b..c-");
  EXPECT_EQ(DomainInAscii("b\xc3\xbc"
                          "cher.example"),
            "xn--bcher-kva.example");
  EXPECT_EQ(DomainInAscii("\xff.example"), "\xff.example");
}

class FindFirstTest : public testing::Test {
 protected:
  TableList Open(const std::vector<std::string>& items) {
    return TableList::Open(configuration_, "canonical_maps", items);
  }
  Configuration configuration_ = Configuration::Parse({"/etc/outpost", false, "/q"}, "main.cf", "");
};

TEST_F(FindFirstTest, AsksAllTablesForAKeyBeforeTheNextKey) {
  TableList tables = Open({"inline:{@d.example=domain}", "inline:{u@d.example=user}"});
  const auto found = FindFirst(tables, AddressKeys("U+x@D.example", Rules()));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->value, "user");
  EXPECT_EQ((*found)->extension, "+x");
}

TEST_F(FindFirstTest, AsksPatternsForTheWholeAndEndsAtTrouble) {
  TableList tables = Open({"regexp:{{/^@d/ never}, {/^u$/ never}}", "inline:{u=found}"});
  EXPECT_EQ((*FindFirst(tables, AddressKeys("u@here.example", Rules())))->value, "found");
  TableList broken = Open({"inline:{u@d.example=x}", "fail:always"});
  EXPECT_EQ((*FindFirst(broken, AddressKeys("u@d.example", Rules())))->value, "x");
  EXPECT_FALSE(FindFirst(broken, AddressKeys("v@d.example", Rules())));
}

}  // namespace
}  // namespace outpost::conf
