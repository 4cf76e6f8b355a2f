#include "conf/notice_settings.h"

#include <gtest/gtest.h>

namespace outpost::conf {
namespace {

NoticeSettings Read(const std::string& main_cf, bool* good = nullptr) {
  auto configuration = Configuration::Parse({}, "main.cf", main_cf);
  NoticeSettings settings = ReadNoticeSettings(configuration, "example.org");
  if (good != nullptr) *good = !configuration.HasErrors();
  return settings;
}

TEST(NoticeSettings, TellThePostmasterOfResourcesAndSoftwareByDefault) {
  bool good = false;
  const NoticeSettings settings = Read("", &good);
  EXPECT_TRUE(good);
  EXPECT_EQ(settings.notify_classes, (std::set{NoticeClass::kResource, NoticeClass::kSoftware}));
  EXPECT_EQ(settings.RecipientOf(NoticeClass::kSoftware), "postmaster@example.org");
  EXPECT_EQ(settings.double_bounce_sender, "double-bounce@example.org");
}

TEST(NoticeSettings, TakeBounceForDoubleBounceAsWell) {
  EXPECT_TRUE(Read("notify_classes = bounce\n").Wants(NoticeClass::kDoubleBounce));
  EXPECT_FALSE(Read("notify_classes = 2bounce\n").Wants(NoticeClass::kBounce));
}

TEST(NoticeSettings, GiveEachClassItsRecipient) {
  const NoticeSettings settings = Read(
      "error_notice_recipient = e@a.example\nbounce_notice_recipient = b\n2bounce_notice_recipient = bb@a.example\n"
      "delay_notice_recipient = d\n");
  EXPECT_EQ(settings.RecipientOf(NoticeClass::kProtocol), "e@a.example");
  EXPECT_EQ(settings.RecipientOf(NoticeClass::kBounce), "b@example.org");
  EXPECT_EQ(settings.RecipientOf(NoticeClass::kDoubleBounce), "bb@a.example");
  EXPECT_EQ(settings.RecipientOf(NoticeClass::kDelay), "d@example.org");
}

TEST(NoticeSettings, RefuseWordsAndAddressesThatAreNone) {
  for (const char* wrong : {"notify_classes = bounces\n", "error_notice_recipient = a b\n",
                            "double_bounce_sender = <>\n", "2bounce_notice_recipient = a@\n"}) {
    bool good = true;
    Read(wrong, &good);
    EXPECT_FALSE(good) << wrong;
  }
}

}  // namespace
}  // namespace outpost::conf
