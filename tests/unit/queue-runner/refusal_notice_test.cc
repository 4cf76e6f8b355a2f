#include "queue-runner/refusal_notice.h"

#include <gmock/gmock.h>

namespace outpost::queue_runner {
namespace {

using conf::NoticeClass;
using testing::HasSubstr;

constexpr const char* kRelay = "mx.example.net[192.0.2.1]:25";

TEST(RefusalNotice, TellsOfAPolicyWithTheExchange) {
  const auto notice = RefusalNotice(
      {5, 7, 1}, "host mx.example.net[192.0.2.1]:25 said: 550 5.7.1 not you (in reply to MAIL FROM command)",
      kRelay);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->notice_class, NoticeClass::kPolicy);
  EXPECT_EQ(notice->transcript, "Out: MAIL FROM\nIn:  550 5.7.1 not you\n");
  EXPECT_THAT(notice->paragraphs.at(0), HasSubstr("550 5.7.1 not you"));
}

TEST(RefusalNotice, TellsOfAServerThatDoesNotUnderstandUs) {
  const auto notice = RefusalNotice({5, 5, 2}, "host m said: 502 5.5.2 what? (in reply to DATA command)", kRelay);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->notice_class, NoticeClass::kProtocol);
}

TEST(RefusalNotice, IsNoneForAnAddressThatDoesNotExist) {
  EXPECT_FALSE(RefusalNotice({5, 1, 1}, "host m said: 550 5.1.1 nobody (in reply to RCPT TO command)", kRelay));
  EXPECT_FALSE(RefusalNotice({5, 7, 1}, "refused here", "")) << "no relay said it";
}

}  // namespace
}  // namespace outpost::queue_runner
