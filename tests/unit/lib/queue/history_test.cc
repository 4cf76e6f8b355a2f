#include "lib/queue/history.h"

#include <gmock/gmock.h>

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class QueueHistory : public QueueTest {
 protected:
  void Defer(const Stored& stored, std::string why, Microseconds now) {
    Record(stored.key, MakeOutcome(stored.first_recipient, RecipientState::kQueued, std::move(why)), now);
  }
  void TrimAll(Microseconds older_than, uint64_t limit) {
    for (bool more = true; more;) {
      Do([&] {
        auto trimmed = queue().TrimHistory(older_than, limit);
        more = trimmed && *trimmed;
        return trimmed;
      });
    }
  }
};

TEST_F(QueueHistory, FoldsRepeatsIntoCountAndTimes) {
  const Stored stored = Put(1);
  for (int minute = 1; minute <= 5; ++minute) Defer(stored, "450 busy", kStart + seconds(60 * minute));
  const auto trace = queue().Trace(MakeId(1));
  ASSERT_EQ(trace->size(), 3U);
  const Event& folded = (*trace)[1];
  EXPECT_EQ(folded.kind, "deferred");
  EXPECT_EQ(folded.count, 5U);
  EXPECT_EQ(folded.first, kStart + seconds(60));
  EXPECT_EQ(folded.last, kStart + seconds(300));
  EXPECT_EQ(folded.status, "4.4.1");
  EXPECT_EQ(folded.relay, "relay.example.org[192.0.2.1]:587");
}

TEST_F(QueueHistory, FoldsAnswersThatComeByTurns) {
  const Stored stored = Put(1);
  for (int minute = 0; minute < 20; ++minute) {
    Defer(stored, minute % 2 == 0 ? "450 busy" : "451 try later", kStart + seconds(60 * minute));
  }
  EXPECT_THAT(TraceOf(1), ElementsAre("submitted  x1", "deferred r0@example.net x10", "deferred r0@example.net x10",
                                      "now queued r0@example.net x1"));
}

TEST_F(QueueHistory, KeepsWhatDiffers) {
  const Stored stored = Put(1, 2);
  Outcome outcome = MakeOutcome(stored.first_recipient, RecipientState::kQueued, "450 busy");
  Record(stored.key, outcome);
  outcome.relay = "other.example.org[192.0.2.2]:587";
  Record(stored.key, outcome);
  outcome.status = "4.7.1";
  Record(stored.key, outcome);
  outcome.recipient = stored.first_recipient + 1;
  Record(stored.key, outcome);
  EXPECT_EQ(queue().Trace(MakeId(1))->size(), 1U + 4U + 2U);
}

TEST_F(QueueHistory, SaysWhereEachUnfinishedRecipientIs) {
  const Stored stored = Put(1, 3);
  Record(stored.key, MakeOutcome(stored.first_recipient, RecipientState::kSent), kStart + seconds(5));
  Dispatch(stored.first_recipient + 1, kStart + seconds(7));
  Record(stored.key, MakeOutcome(stored.first_recipient + 2, RecipientState::kHeld, "by hand"),
         kStart + seconds(9));
  const auto trace = queue().Trace(MakeId(1));
  EXPECT_THAT(TraceOf(1), ElementsAre("submitted  x1", "sent r0@example.net x1", "held r2@example.net x1",
                                      "now dispatched r1@example.net x1", "now held r2@example.net x1"));
  EXPECT_THAT((*trace)[0].text, HasSubstr("from=<sender@example.com>"));
  EXPECT_EQ((*trace)[0].first, kStart + Microseconds(1));
  EXPECT_EQ((*trace)[3].first, kStart + seconds(7));
  EXPECT_EQ((*trace)[4].text, "by hand");
}

TEST_F(QueueHistory, RecordsNothingWhenNothingWasTried) {
  const Stored stored = Put(1);
  Outcome outcome = MakeOutcome(stored.first_recipient, RecipientState::kQueued, "");
  outcome.attempted = false;
  Record(stored.key, outcome);
  EXPECT_THAT(TraceOf(1), ElementsAre("submitted  x1", "now queued r0@example.net x1"));
}

TEST_F(QueueHistory, KnowsTheSubmitter) {
  Put(1);
  EXPECT_EQ(queue().Submitter(MakeId(1)).value(), 1000U);
  EXPECT_FALSE(queue().Submitter(MakeId(2)).value().has_value());
}

TEST_F(QueueHistory, ForgetsFinishedMessagesByAge) {
  const Stored early = Put(1);
  const Stored late = Put(2);
  Put(3);
  Do([&] { return queue().Remove(early.key, kStart + seconds(10)); });
  Do([&] { return queue().Remove(late.key, kStart + seconds(20)); });
  TrimAll(kStart + seconds(15), UINT64_MAX);
  EXPECT_TRUE(queue().Trace(MakeId(1))->empty());
  EXPECT_FALSE(queue().Trace(MakeId(2))->empty());
  EXPECT_FALSE(queue().Trace(MakeId(3))->empty());
}

TEST_F(QueueHistory, ForgetsTheOldestWhenItIsTooLarge) {
  constexpr uint64_t kMessages = 600;
  for (uint64_t number = 1; number <= kMessages; ++number) {
    const Stored stored = Put(number);
    Record(stored.key, MakeOutcome(stored.first_recipient, RecipientState::kSent, std::string(1000, 't')));
    if (number > 1) Do([&] { return queue().Remove(stored.key, kStart + seconds(number)); });
  }
  TrimAll(Microseconds(0), 100000);
  size_t kept = 0;
  for (uint64_t number = 1; number <= kMessages; ++number) kept += queue().Trace(MakeId(number))->empty() ? 0 : 1;
  EXPECT_GT(kept, 50U);
  EXPECT_LT(kept, 100U);
  EXPECT_FALSE(queue().Trace(MakeId(1))->empty()) << "still in the queue";
  EXPECT_FALSE(queue().Trace(MakeId(kMessages))->empty()) << "the newest";
  TrimAll(Microseconds(0), 0);
  EXPECT_TRUE(queue().Trace(MakeId(kMessages))->empty());
  EXPECT_FALSE(queue().Trace(MakeId(1))->empty());
}

}  // namespace
}  // namespace outpost::queue
