#include "queue-runner/recovery.h"

#include <fcntl.h>

#include "lib/sys/file.h"
#include "tests/support/unreadable_files.h"
#include "tests/unit/queue-runner/parts_fixture.h"

namespace outpost::queue_runner {
namespace {

const queue::Route kRelay{"smtp", "relay.one"};

class RecoveryTest : public PartsTest {
 protected:
  void SetUp() override {
    PartsTest::SetUp();
    agents_ = std::move(*sys::OpenFile(directory_.path() + "/agents.lock", O_RDWR | O_CREAT, 0600));
    context_->agents_lock = agents_;
    queue::NewMessage message;
    message.id = mail::QueueId::Make(sys::WallClock(), 1);
    message.envelope.sender = "a@example.org";
    message.envelope.recipients.push_back({"b@example.net", {}, {}, {}});
    message.arrival = sys::WallClock();
    ASSERT_TRUE(queue_->Begin());
    const auto stored = queue_->Insert(message, *sys::SealedCopy("\n"), std::span(&kRelay, 1), 0);
    ASSERT_TRUE(stored);
    ASSERT_TRUE(queue_->MarkDispatched(std::vector{stored->first_recipient}, sys::WallClock()));
    ASSERT_TRUE(queue_->Commit());
  }

  sys::UniqueFd agents_;
};

// What cannot be read for a moment is not nothing: it would be "dispatched" until the next start.
TEST_F(RecoveryTest, WaitsWhileTheDiskDoesNotGiveWhatWasDispatched) {
  bool done = false;
  Recovery recovery(*context_, [&done] { done = true; });
  recovery.Start();
  queue_->GiveBackMemory();
  ASSERT_EQ(queue_->Undecided(10)->size(), 1U) << "which then is in the page cache, but for the message";
  {
    const tests::UnreadableFiles disk("queue.db");
    recovery.Contribute();
    EXPECT_FALSE(done);
    EXPECT_TRUE(queue_->TakeFailure());
  }
  EXPECT_FALSE(queue_->TakeFailure());
  for (int round = 0; round < 2; ++round) {
    recovery.Contribute();
    ASSERT_TRUE(batch_->Commit());
  }
  EXPECT_TRUE(done);
  EXPECT_TRUE(queue_->Undecided(10)->empty());
}

}  // namespace
}  // namespace outpost::queue_runner
