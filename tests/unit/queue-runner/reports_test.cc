#include "queue-runner/reports.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "lib/sys/text.h"
#include "tests/unit/queue-runner/parts_fixture.h"

namespace outpost::queue_runner {
namespace {

using queue::ReportKind;

class ReportsTest : public PartsTest {
 protected:
  void SetUp() override {
    PartsTest::SetUp();
    policy_.myorigin = "host.test";
    policy_.notices.double_bounce_sender = "double-bounce@host.test";
    policy_.notices.bounce_notice_recipient = "copies@host.test";
    policy_.notices.double_bounce_notice_recipient = "bounces@host.test";
    policy_.notices.bounce_size_limit = 50000;
    reports_.emplace(*context_, [](const queue::Route&) {});
  }

  queue::QueuedMessage Put(const std::string& sender, queue::Origin origin = queue::Origin::kSubmission) {
    queue::NewMessage message;
    message.id = mail::QueueId::Make(sys::WallClock(), ++number_);
    message.envelope.sender = sender;
    message.envelope.recipients.push_back({"r@example.net", {}, {}, {}});
    message.origin = origin;
    message.arrival = sys::WallClock();
    message.header_bytes = 11;
    const queue::Route route{"smtp", "relay.one"};
    EXPECT_TRUE(queue_->Begin());
    const auto stored = queue_->Insert(message, *sys::SealedCopy("Subject: x\n\n"), std::span(&route, 1), 0);
    EXPECT_TRUE(queue_->Commit());
    return **queue_->Message(stored->key);
  }

  void Tell(const queue::QueuedMessage& message, const mail::Recipient& recipient = {"r@example.net", {}, {}, {}}) {
    const RecipientReport report{0, recipient, "5.1.1", "550 nobody", "", false};
    ASSERT_TRUE(queue_->Begin());
    ASSERT_TRUE(reports_->Tell(message, ReportKind::kFailed, std::span(&report, 1), told_));
    ASSERT_TRUE(queue_->Commit());
  }
  size_t CountTo(const std::string& recipient) {
    const auto listed = queue_->List(0, 1000, 1);
    return static_cast<size_t>(std::ranges::count_if(
        *listed, [&](const auto& one) { return one.recipients.at(0).recipient.address == recipient; }));
  }

  uint64_t number_ = 0;
  Reports::Told told_;
  std::optional<Reports> reports_;
};

TEST_F(ReportsTest, KeepWhatFollowsAfterSoManyNoticesInAnHour) {
  for (size_t i = 0; i < Reports::kAnHour + 5; ++i) Tell(Put("a@host.test"));
  Tell(Put("b@host.test"));
  EXPECT_EQ(CountTo("a@host.test"), Reports::kAnHour);
  EXPECT_EQ(CountTo("b@host.test"), 1U) << "another sender has notices of its own";
  EXPECT_EQ(queue_->ReadUntold("a@host.test", ReportKind::kFailed, 100)->size(), 5U);
  reports_->Contribute();
  ASSERT_TRUE(batch_->Commit());
  EXPECT_EQ(CountTo("a@host.test"), Reports::kAnHour) << "the hour is not over";
}

TEST_F(ReportsTest, TellTheRestInOneNoticeWhenThereIsEnough) {
  for (size_t i = 0; i < Reports::kAnHour; ++i) Tell(Put("a@host.test"));
  const auto message = Put("a@host.test");
  std::vector<RecipientReport> reports(Reports::kTellAtOnce,
                                       {0, {"r@example.net", {}, {}, {}}, "5.1.1", "x", "", false});
  ASSERT_TRUE(queue_->Begin());
  ASSERT_TRUE(reports_->Tell(message, ReportKind::kFailed, reports, told_));
  ASSERT_TRUE(queue_->Commit());
  size_t rounds = 0;
  while (!queue_->ReadUntold("a@host.test", ReportKind::kFailed, 1)->empty() && ++rounds < 50) {
    reports_->Contribute();
    ASSERT_TRUE(batch_->Commit());
  }
  EXPECT_GT(CountTo("a@host.test"), Reports::kAnHour);
  EXPECT_LT(CountTo("a@host.test"), Reports::kAnHour + 20);
}

TEST_F(ReportsTest, OfANoticeMakeNoOther) {
  Tell(Put("", queue::Origin::kBounce));
  Tell(Put("double-bounce@host.test", queue::Origin::kBounce));
  Tell(Put("Double-Bounce@host.test"));
  EXPECT_EQ(queue_->Count()->messages, 3U);
}

TEST_F(ReportsTest, GoToNobodyWhoWantsNone) {
  Tell(Put("a@host.test"), {"r@example.net", {}, {.never = true}, {}});
  EXPECT_EQ(CountTo("a@host.test"), 0U);
}

TEST_F(ReportsTest, AreCopiedToTheAdministratorWhereAsked) {
  policy_.notices.notify_classes = {conf::NoticeClass::kBounce};
  Tell(Put("a@host.test"));
  EXPECT_EQ(CountTo("a@host.test"), 1U);
  EXPECT_EQ(CountTo("copies@host.test"), 1U);
}

TEST_F(ReportsTest, TellTheAdministratorOfADoubleBounceAlone) {
  const RecipientReport report{0, {"r@example.net", {}, {}, {}}, "5.1.1", "550 nobody", "", false};
  const auto nobody = Put("", queue::Origin::kBounce);
  const auto notice = Put("double-bounce@host.test", queue::Origin::kBounce);
  ASSERT_TRUE(queue_->Begin());
  EXPECT_FALSE(*reports_->TellDoubleBounce(nobody, std::span(&report, 1), told_)) << "not of the classes";
  policy_.notices.notify_classes = {conf::NoticeClass::kDoubleBounce};
  EXPECT_TRUE(*reports_->TellDoubleBounce(nobody, std::span(&report, 1), told_));
  EXPECT_FALSE(*reports_->TellDoubleBounce(notice, std::span(&report, 1), told_));
  ASSERT_TRUE(queue_->Commit());
  EXPECT_EQ(CountTo("bounces@host.test"), 1U);
}

TEST_F(ReportsTest, QuoteAMessageOfSeveralPiecesWhole) {
  policy_.notices.bounce_size_limit = 10 * 1024 * 1024;
  queue::NewMessage message;
  message.id = mail::QueueId::Make(sys::WallClock(), 99);
  message.envelope.sender = "a@host.test";
  message.envelope.recipients.push_back({"r@example.net", {}, {}, {}});
  message.arrival = sys::WallClock();
  message.header_bytes = 11;
  const queue::Route route{"smtp", "relay.one"};
  const std::string first = "Subject: x\n\n" + std::string(queue::kContentChunk - 12, 'x');
  const std::string second(500000, 'y');
  ASSERT_TRUE(queue_->Begin());
  const auto stored = queue_->InsertInvisible(message, first.size() + second.size(), std::span(&route, 1), 0);
  ASSERT_TRUE(queue_->AppendContent(stored->key, first));
  ASSERT_TRUE(queue_->AppendContent(stored->key, second));
  ASSERT_TRUE(queue_->Publish(stored->key, sys::WallClock()));
  ASSERT_TRUE(queue_->Commit());
  Tell(**queue_->Message(stored->key));
  const auto listed = queue_->List(stored->key, 10, 1);
  ASSERT_EQ(listed->size(), 1U);
  const std::string content = *queue_->ContentHead(listed->front().message.key, 10 * 1024 * 1024);
  EXPECT_EQ(content.size(), listed->front().message.content_bytes);
  EXPECT_NE(content.find(first + second + "\n--=_"), std::string::npos);
}

}  // namespace
}  // namespace outpost::queue_runner
