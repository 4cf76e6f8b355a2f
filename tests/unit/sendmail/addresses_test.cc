#include "sendmail/addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/mail/envelope.h"

namespace outpost::sendmail {
namespace {

using testing::ElementsAre;

std::vector<std::string> Recipients(const std::vector<std::string>& words) {
  auto recipients = ParseRecipients(words);
  EXPECT_TRUE(recipients) << recipients.error().text();
  return recipients ? *recipients : std::vector<std::string>{};
}

TEST(SendmailRecipients, AreListsOfAddresses) {
  EXPECT_THAT(Recipients({"a@b", "c"}), ElementsAre("a@b", "c"));
  EXPECT_THAT(Recipients({"a, \"b c\" <c@d> (comment), team: x@y, z@y;"}), ElementsAre("a", "c@d", "x@y", "z@y"));
  EXPECT_THAT(Recipients({"a@b,\tc@d"}), ElementsAre("a@b", "c@d"));
  EXPECT_THAT(Recipients({"\"b c\"@d"}), ElementsAre("\"b c\"@d"));
  EXPECT_THAT(Recipients({"-x@y"}), ElementsAre("-x@y"));
  EXPECT_TRUE(Recipients({}).empty());
}

TEST(SendmailRecipients, AWordWithoutAddressIsTheNullAddress) {
  EXPECT_THAT(Recipients({""}), ElementsAre(""));
  EXPECT_THAT(Recipients({"(nobody)", "<>", " "}), ElementsAre("", "", ""));
}

TEST(SendmailRecipients, KeepsWhatIsMalformed) {
  EXPECT_EQ(Recipients({"a@@b"}).size(), 1U);
  EXPECT_EQ(Recipients({"caf\xE9@b"}).size(), 1U);
}

TEST(SendmailRecipients, RefusesWhatARecordCannotHold) {
  EXPECT_FALSE(ParseRecipients({std::string(mail::kMaxAddress, 'a') + "@b"}));
  EXPECT_FALSE(ParseRecipients(std::vector<std::string>(mail::kMaxRecipients + 1, "a")));
  EXPECT_TRUE(ParseRecipients(std::vector<std::string>(1000, "a@b")));
  EXPECT_FALSE(ParseRecipients({"\"a\tb\"@c"}));
}

TEST(SendmailRecipients, TakesAWordOfManyAddressesWhole) {
  std::string word = "a@b";
  for (int i = 1; i < 20000; ++i) word += ",a@b";
  EXPECT_EQ(Recipients({word}).size(), 20000U);
}

TEST(SendmailSender, IsTheFirstAddress) {
  EXPECT_EQ(ParseSender("a@b")->address, "a@b");
  EXPECT_EQ(ParseSender("Ana <a@b> (home)")->address, "a@b");
  EXPECT_EQ(ParseSender("<>")->address, "");
  EXPECT_EQ(ParseSender("")->address, "");
  EXPECT_FALSE(ParseSender("a@b")->had_more);
  EXPECT_EQ(ParseSender("a@b, c@d")->address, "a@b");
  EXPECT_TRUE(ParseSender("a@b, c@d")->had_more);
  EXPECT_FALSE(ParseSender(std::string(mail::kMaxAddress + 1, 'a')));
}

}  // namespace
}  // namespace outpost::sendmail
