#include "queue-runner/refusal_notice.h"

#include <gmock/gmock.h>

namespace outpost::queue_runner {
namespace {

using conf::NoticeClass;
using testing::HasSubstr;

const std::vector<std::string> kTranscript = {"Out: MAIL FROM:<a@b>", "In:  550 5.7.1 not you"};
constexpr const char* kRelay = "mx.example.net[192.0.2.1]:25";

TEST(RefusalNotice, TellsOfAPolicyWithTheTranscript) {
  const auto notice = RefusalNotice(
      {5, 7, 1}, "host mx.example.net[192.0.2.1]:25 said: 550 5.7.1 not you (in reply to MAIL FROM command)",
      kRelay, kTranscript);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->notice_class, NoticeClass::kPolicy);
  EXPECT_EQ(notice->transcript, "Out: MAIL FROM:<a@b>\nIn:  550 5.7.1 not you\n");
  EXPECT_THAT(notice->paragraphs.at(0), HasSubstr("550 5.7.1 not you"));
}

TEST(RefusalNotice, TellsOfAServerThatDoesNotUnderstandUs) {
  const struct {
    mail::EnhancedStatus status;
    const char* text;
  } kCases[] = {
      {{5, 5, 2}, "host m said: 502 5.5.2 what? (in reply to DATA command)"},
      {{5, 0, 0}, "host m said: 501 what? (in reply to MAIL FROM command)"},
      {{5, 0, 0}, "host m said: 555 which parameter? (in reply to MAIL FROM command)"},
      {{4, 5, 0}, "host m said: 250 answers what was not asked (in reply to DATA command)"},
  };
  for (const auto& test : kCases) {
    const auto notice = RefusalNotice(test.status, test.text, kRelay, kTranscript);
    ASSERT_TRUE(notice) << test.text;
    EXPECT_EQ(notice->notice_class, NoticeClass::kProtocol);
  }
}

TEST(RefusalNotice, IsNoneForAnAddressThatDoesNotExist) {
  EXPECT_FALSE(
      RefusalNotice({5, 1, 1}, "host m said: 550 5.1.1 nobody (in reply to RCPT TO command)", kRelay, kTranscript));
  EXPECT_FALSE(RefusalNotice({4, 5, 3}, "host m said: 452 4.5.3 too many (in reply to RCPT TO command)", kRelay,
                             kTranscript));
  EXPECT_FALSE(RefusalNotice({5, 7, 1}, "refused here", "", kTranscript)) << "no relay said it";
}

}  // namespace
}  // namespace outpost::queue_runner
