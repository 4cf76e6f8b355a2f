#include "queue-runner/waiting_notices.h"

#include <gtest/gtest.h>

#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

conf::NoticeSettings Settings() {
  conf::NoticeSettings settings;
  settings.error_notice_recipient = "errors@example.org";
  settings.bounce_notice_recipient = "bounces@example.org";
  return settings;
}

AdministratorNotice Notice(const std::string& subject, conf::NoticeClass of = conf::NoticeClass::kResource) {
  return {of, subject, {"The disk is full."}, ""};
}

TEST(WaitingNotices, TellsOfSeveralThingsInOneMail) {
  WaitingNotices waiting;
  waiting.Add(Notice("one"), seconds(1), seconds(1));
  waiting.Add(Notice("two"), seconds(2), seconds(2));
  waiting.Add(Notice("three", conf::NoticeClass::kBounce), seconds(3), seconds(3));
  const auto mails = waiting.Take(Settings(), seconds(3));
  ASSERT_EQ(mails.size(), 2U);
  EXPECT_EQ(mails[0].recipient, "bounces@example.org");
  EXPECT_EQ(mails[1].recipient, "errors@example.org");
  EXPECT_EQ(mails[1].notices.size(), 2U);
  EXPECT_TRUE(waiting.empty());
}

TEST(WaitingNotices, TellsTheSameOnceAnHourAndHowOften) {
  WaitingNotices waiting;
  waiting.Add(Notice("full"), seconds(1), seconds(1));
  ASSERT_EQ(waiting.Take(Settings(), seconds(1)).size(), 1U);
  for (int i = 0; i < 500; ++i) waiting.Add(Notice("full"), minutes(1) + seconds(i), minutes(1) + seconds(i));
  EXPECT_TRUE(waiting.Take(Settings(), minutes(30)).empty());
  EXPECT_EQ(waiting.NextTime(Settings(), minutes(30)), seconds(1) + hours(1));
  const auto mails = waiting.Take(Settings(), seconds(1) + hours(1));
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_EQ(mails[0].notices.at(0).times, 500U);
  EXPECT_EQ(mails[0].notices.at(0).first, minutes(1));
  EXPECT_EQ(mails[0].notices.at(0).last, minutes(1) + seconds(499));
}

TEST(WaitingNotices, SendsAnAddressNoMoreThanSoManyMailsAnHourAndThenTheRestInOne) {
  WaitingNotices waiting;
  size_t mails = 0;
  for (int i = 0; i < 60; ++i) {
    waiting.Add(Notice(sys::Cat("trouble ", i)), seconds(i), seconds(i));
    mails += waiting.Take(Settings(), seconds(i)).size();
  }
  EXPECT_EQ(mails, WaitingNotices::kMailsAnHour);
  const auto rest = waiting.Take(Settings(), hours(1) + seconds(1));
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].notices.size(), 60 - WaitingNotices::kMailsAnHour);
}

TEST(WaitingNotices, CountsWhatItHasNoRoomFor) {
  WaitingNotices waiting;
  for (size_t i = 0; i < WaitingNotices::kMostWaiting + 7; ++i) {
    waiting.Add(Notice(sys::Cat("trouble ", i)), seconds(1), seconds(1));
  }
  const auto mails = waiting.Take(Settings(), seconds(1));
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_EQ(mails[0].notices.size(), WaitingNotices::kMostWaiting);
  EXPECT_EQ(mails[0].left_out, 7U);
}

TEST(WaitingNotices, ForgetsThatItToldWhatIsPutBack) {
  WaitingNotices waiting;
  waiting.Add(Notice("full"), seconds(1), seconds(1));
  auto mails = waiting.Take(Settings(), seconds(1));
  ASSERT_EQ(mails.size(), 1U);
  waiting.PutBack(std::move(mails[0]));
  EXPECT_EQ(waiting.NextTime(Settings(), seconds(2)), seconds(2));
  EXPECT_EQ(waiting.Take(Settings(), seconds(2)).size(), 1U);
}

}  // namespace
}  // namespace outpost::queue_runner
