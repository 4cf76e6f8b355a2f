#include "admin/format.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

namespace outpost::admin {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class FormatTest : public ::testing::Test {
 protected:
  FormatTest() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

ipc::ListedMessage Message() {
  ipc::ListedMessage message;
  message.id = "05BCDFGHJKLMNPQRS";
  message.sender = "a@example.org";
  message.size = 4200;
  message.arrival_us = 1000000000LL * 1000000;
  message.state = "deferred";
  message.recipients = {{"b@example.net", "queued", "connect: Connection refused", 1000000600LL * 1000000}};
  message.recipients_total = 1;
  return message;
}

TEST_F(FormatTest, AgesHaveTwoDigitsOfMeaning) {
  const std::pair<seconds, const char*> cases[] = {
      {seconds(-5), "0s"},  {seconds(119), "119s"},    {seconds(120), "2m"},    {minutes(119), "119m"},
      {minutes(120), "2h"}, {minutes(60 * 47), "47h"}, {minutes(60 * 48), "2d"}};
  for (const auto& [age, text] : cases) EXPECT_EQ(FormatAge(age), text);
}

TEST_F(FormatTest, SizesAreRounded) {
  const std::pair<uint64_t, const char*> cases[] = {{0, "0 B"},         {999, "999 B"},  {1000, "1.0 KB"},
                                                    {9949, "9.9 KB"},   {9960, "10 KB"}, {999600, "1.0 MB"},
                                                    {25000000, "25 MB"}};
  for (const auto& [size, text] : cases) EXPECT_EQ(FormatSize(size), text);
}

TEST_F(FormatTest, ListShowsReasonAndNextTry) {
  EXPECT_EQ(FormatListed(Message(), seconds(1000000300)),
            "05BCDFGHJKLMNPQRS  deferred  5m    4.2 KB  from a@example.org\n"
            "    to b@example.net  next try in 5m\n"
            "       connect: Connection refused\n");
}

TEST_F(FormatTest, ListNamesTheStateOfWhatIsNotQueuedAndCountsTheRest) {
  auto message = Message();
  message.sender = "";
  message.recipients[0].state = "dead";
  message.recipients_total = 4;
  EXPECT_EQ(FormatListed(message, seconds(1000000000)),
            "05BCDFGHJKLMNPQRS  deferred  0s    4.2 KB  from <>\n"
            "    to b@example.net  [dead]\n"
            "       connect: Connection refused\n"
            "    and 3 more\n");
}

TEST_F(FormatTest, MailqHasPostfixsColumns) {
  EXPECT_EQ(FormatMailqEntry(Message()),
            "05BCDFGHJKLMNPQRS     4200 Sun Sep  9 01:46:40  a@example.org\n"
            "(connect: Connection refused)\n"
            "                                         b@example.net\n\n");
  EXPECT_EQ(MailqSummary(0, 0), "Mail queue is empty\n");
  EXPECT_EQ(MailqSummary(1, 1025), "-- 2 Kbytes in 1 Request.\n");
  EXPECT_EQ(MailqSummary(2, 1024), "-- 1 Kbytes in 2 Requests.\n");
}

TEST_F(FormatTest, TraceFoldsRepeats) {
  ipc::TraceLine line{1000000000LL * 1000000,
                      1000000600LL * 1000000,
                      3,
                      "deferred",
                      "b@example.net",
                      "4.4.1 connect: Connection refused",
                      "relay[127.0.0.1]:25"};
  EXPECT_EQ(FormatTrace(line),
            "2001-09-09 01:46:40  deferred    to b@example.net  by relay[127.0.0.1]:25  "
            "4.4.1 connect: Connection refused  (3 times, last 2001-09-09 01:56:40)\n");
}

TEST_F(FormatTest, AStoppedMailerTellsWhatCouldBeSeen) {
  EXPECT_EQ(FormatStoppedJson({2, std::nullopt}), "{\"running\":false,\"messages\":2,\"maildrop\":null}\n");
  EXPECT_NE(FormatStopped({2, 3}).find("Messages in the queue: 2\nSubmissions in the maildrop: 3\n"),
            std::string::npos);
  EXPECT_EQ(FormatStopped({}).find("Messages"), std::string::npos);
}

}  // namespace
}  // namespace outpost::admin
