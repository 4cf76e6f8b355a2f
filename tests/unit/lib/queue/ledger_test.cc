#include "lib/queue/ledger.h"

#include <cerrno>

#include <gmock/gmock.h>

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using QueueLedger = QueueTest;

TEST_F(QueueLedger, KeepsEveryStateOverACrash) {
  const RecipientState states[] = {RecipientState::kQueued, RecipientState::kDispatched, RecipientState::kInDoubt,
                                   RecipientState::kHeld,   RecipientState::kSent,       RecipientState::kReturned,
                                   RecipientState::kDead};
  for (const auto state : states) {
    const Stored stored = Put(static_cast<uint64_t>(state) + 1, 2);
    Record(stored.key, MakeOutcome(stored.first_recipient, state, "why"));
    CrashAndReopen();
    const bool finished = state == RecipientState::kSent || state == RecipientState::kReturned;
    EXPECT_EQ(*queue().Unfinished(stored.key), finished ? 1U : 2U) << ToString(state);
    const auto page = queue().List(stored.key - 1, 1, 10);
    ASSERT_EQ(page->size(), 1U) << ToString(state);
    ASSERT_EQ((*page)[0].recipients.size(), finished ? 1U : 2U) << ToString(state);
    if (!finished) {
      const QueuedRecipient& kept = (*page)[0].recipients[0];
      EXPECT_EQ(kept.state, state);
      EXPECT_EQ(kept.attempts, 1U);
      EXPECT_EQ(kept.last_text, "why");
      EXPECT_EQ(kept.next_attempt, kStart + seconds(300));
    }
  }
}

TEST_F(QueueLedger, CountsAttemptsOnlyWhereThereWasOne) {
  const Stored stored = Put(1);
  Outcome outcome = MakeOutcome(stored.first_recipient, RecipientState::kQueued);
  Record(stored.key, outcome);
  outcome.attempted = false;
  Record(stored.key, outcome);
  EXPECT_EQ(DueAt(kStart + seconds(400))[0].attempts, 1U);
}

TEST_F(QueueLedger, DispatchesNewMailInTheCommitOfItsIntake) {
  Do([&]() -> Result<void> {
    const auto stored = queue().Insert(MakeMessage(1), MakeContent("x"), std::vector{kRelay}, 1);
    if (!stored) return stored.error();
    return queue().MarkDispatched(std::vector{stored->first_recipient}, kStart);
  });
  CrashAndReopen();
  EXPECT_EQ(queue().Undecided(10)->size(), 1U);
  EXPECT_TRUE(DueAt(kStart + seconds(9)).empty());
}

TEST_F(QueueLedger, DispatchesNothingThatDoesNotWait) {
  const RecipientState states[] = {RecipientState::kDispatched, RecipientState::kHeld, RecipientState::kSent,
                                   RecipientState::kReturned, RecipientState::kDead};
  for (const auto state : states) {
    const Stored stored = Put(static_cast<uint64_t>(state) + 1);
    Record(stored.key, MakeOutcome(stored.first_recipient, state));
    ASSERT_TRUE(queue().Begin());
    const auto marked = queue().MarkDispatched(std::vector{stored.first_recipient}, kStart);
    ASSERT_FALSE(marked) << ToString(state);
    EXPECT_EQ(marked.error().code(), ENOENT);
    queue().Rollback();
  }
}

TEST_F(QueueLedger, RemovesMessageAndContentButNotTheHistory) {
  const Stored stored = Put(1, 2);
  Record(stored.key, MakeOutcome(stored.first_recipient, RecipientState::kSent));
  Record(stored.key, MakeOutcome(stored.first_recipient + 1, RecipientState::kReturned, "550 no"));
  Do([&] { return queue().Remove(stored.key, kStart + seconds(1)); });
  EXPECT_FALSE(queue().Message(stored.key).value().has_value());
  EXPECT_TRUE(queue().List(0, 10, 10)->empty());
  EXPECT_EQ(queue().Count()->messages, 0U);
  CrashAndReopen();
  while (*queue().Tidy()) continue;
  EXPECT_EQ(*queue().ContentHead(stored.key, 10), "");
  EXPECT_THAT(TraceOf(1), ::testing::ElementsAre("submitted  x1", "sent r0@example.net x1",
                                                 "returned r1@example.net x1", "removed  x1"));
}

TEST_F(QueueLedger, HasNothingDueOfARemovedMessage) {
  const Stored stored = Put(1, 3);
  Dispatch(stored.first_recipient);
  Do([&] { return queue().Remove(stored.key, kStart); });
  EXPECT_TRUE(DueAt(kStart + seconds(100)).empty());
  EXPECT_TRUE(queue().Undecided(10)->empty());
  EXPECT_TRUE(queue().RoutedByOther(9, 10)->empty());
  EXPECT_TRUE(OldMail(false, kStart + seconds(100)).empty());
}

TEST_F(QueueLedger, RemovesManyRecipientsInSteps) {
  const Stored stored = Put(1, 2500);
  Record(stored.key, MakeOutcome(stored.first_recipient + 2400, RecipientState::kSent));
  for (uint32_t number = 0; number < 1500; number += 100) {
    Record(stored.key, MakeOutcome(stored.first_recipient + number, RecipientState::kSent));
  }
  Do([&] { return queue().Remove(stored.key, kStart); });
  while (*queue().Tidy()) continue;
  EXPECT_EQ(Look("SELECT (SELECT count(*) FROM recipient) + (SELECT count(*) FROM message)"), 0);
}

TEST_F(QueueLedger, RemovesManySmallMessagesInOneStep) {
  for (uint64_t number = 1; number <= 64; ++number) {
    const Stored stored = Put(number);
    Do([&] { return queue().Remove(stored.key, kStart); });
  }
  int steps = 0;
  while (*queue().Tidy()) ++steps;
  EXPECT_EQ(steps, 1);
}

TEST_F(QueueLedger, RemovesLargeContentInSteps) {
  const NewMessage message = MakeMessage(1);
  Stored stored;
  Do([&] {
    auto inserted = queue().InsertInvisible(message, 5 * kContentChunk, RoutesOf(message), 1);
    if (inserted) stored = *inserted;
    return inserted;
  });
  const std::string chunk(kContentChunk, 'x');
  for (int i = 0; i < 5; ++i) {
    Do([&] { return queue().AppendContent(stored.key, chunk); });
  }
  Do([&] { return queue().Publish(stored.key, kStart); });
  Do([&] { return queue().Remove(stored.key, kStart); });
  EXPECT_FALSE(queue().Message(stored.key).value().has_value());
  CrashAndReopen();
  int steps = 0;
  while (*queue().Tidy()) ++steps;
  EXPECT_GE(steps, 5);
  EXPECT_EQ(*queue().ContentHead(stored.key, 10), "");
}

TEST_F(QueueLedger, IgnoresOutcomesOfWhatIsGone) {
  const Stored stored = Put(1);
  Do([&] { return queue().Remove(stored.key, kStart); });
  Record(stored.key, MakeOutcome(stored.first_recipient, RecipientState::kSent));
  EXPECT_EQ(TraceOf(1).size(), 2U);
}

TEST_F(QueueLedger, CountsMessagesAndDeadLettersExactly) {
  const Stored a = Put(1, 2);
  const Stored b = Put(2);
  Record(a.key, MakeOutcome(a.first_recipient, RecipientState::kDead));
  Record(a.key, MakeOutcome(a.first_recipient + 1, RecipientState::kDead));
  Record(b.key, MakeOutcome(b.first_recipient, RecipientState::kDead));
  Record(b.key, MakeOutcome(b.first_recipient, RecipientState::kQueued));
  ASSERT_TRUE(queue().Begin());
  ASSERT_TRUE(queue().Remove(a.key, kStart));
  queue().Rollback();
  CrashAndReopen();
  EXPECT_EQ(queue().Count()->messages, 2U);
  EXPECT_EQ(queue().Count()->dead, 2U);
  Do([&] { return queue().Remove(a.key, kStart); });
  EXPECT_EQ(queue().Count()->messages, 1U);
  EXPECT_EQ(queue().Count()->dead, 0U);
}

TEST_F(QueueLedger, KeepsRelayTextPrintable) {
  const Stored stored = Put(1);
  Record(stored.key, MakeOutcome(stored.first_recipient, RecipientState::kQueued, "450 \x1B[2J\xE9\n"));
  EXPECT_EQ(DueAt(kStart + seconds(400))[0].last_text, "450 ?[2J??");
  EXPECT_TRUE(queue().TakeDamaged().empty());
}

}  // namespace
}  // namespace outpost::queue
