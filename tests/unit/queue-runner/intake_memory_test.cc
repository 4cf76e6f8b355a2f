#include "queue-runner/intake_memory.h"

#include <filesystem>
#include <optional>

#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "tests/support/temporary_directory.h"

namespace outpost::queue_runner {
namespace {

constexpr sys::Microseconds kStart = std::chrono::hours(500000);
constexpr sys::Microseconds kLater = kStart + std::chrono::hours(1);

class IntakeMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(sys::MakeDirectories(paths_.Temporary(), 0700));
    ASSERT_TRUE(sys::MakeDirectories(paths_.Maildrop(), 0700));
    lock_ = std::move(*queue::QueueLock::TryTake(paths_));
    queue_.emplace(std::move(*queue::Queue::Open(paths_, *lock_)));
    memory_.emplace(*queue_, paths_.Maildrop());
  }

  static mail::QueueId IdNumber(uint64_t number) {
    return mail::QueueId::Make(kStart + sys::Microseconds(number), number);
  }

  void Accept(uint64_t first, uint64_t last) {
    ASSERT_TRUE(queue_->Begin());
    for (uint64_t number = first; number <= last; ++number) {
      queue::NewMessage message;
      message.id = IdNumber(number);
      message.envelope.recipients.emplace_back().address = "x@example.org";
      message.arrival = kStart;
      message.token = sys::Cat(number);
      const auto content = sys::SealedCopy("\n");
      ASSERT_TRUE(queue_->Insert(message, *content, std::vector{queue::Route{"smtp", "relay"}}, 1));
    }
    ASSERT_TRUE(queue_->Commit());
  }

  bool Forget(sys::Microseconds made_before = kLater) {
    EXPECT_TRUE(queue_->Begin());
    const auto more = memory_->ForgetSome(made_before);
    EXPECT_TRUE(more) << more.error().text();
    EXPECT_TRUE(queue_->Commit());
    return more && *more;
  }

  size_t Known() { return queue_->AcceptedBefore(kLater, {}, 10000).value().size(); }

  tests::TemporaryDirectory directory_;
  spool::SpoolPaths paths_{directory_ / "spool"};
  std::optional<queue::QueueLock> lock_;
  std::optional<queue::Queue> queue_;
  std::optional<IntakeMemory> memory_;
};

// Pickup had died after the unlink and before it could say so: the row stayed for ever.
TEST_F(IntakeMemoryTest, ForgetsAFileThatIsGoneAndKeepsOneThatIsThere) {
  Accept(1, 2);
  directory_.Write(sys::Cat("spool/maildrop/", IdNumber(1).text()), "");
  EXPECT_FALSE(Forget());
  EXPECT_EQ(queue_->AcceptedBefore(kLater, {}, 10).value(), std::vector{IdNumber(1)});
  std::filesystem::remove(paths_.MaildropFile(IdNumber(1)));
  EXPECT_FALSE(Forget());
  EXPECT_EQ(Known(), 0U);
}

TEST_F(IntakeMemoryTest, ForgetsNothingThatIsYoung) {
  Accept(1, 10);
  EXPECT_FALSE(Forget(kStart + sys::Microseconds(6)));
  EXPECT_EQ(Known(), 5U);
}

TEST_F(IntakeMemoryTest, ForgetsManyInSlicesPastThoseThatStay) {
  Accept(1, 2500);
  for (uint64_t number = 1; number <= 1200; ++number) {
    directory_.Write(sys::Cat("spool/maildrop/", IdNumber(number).text()), "");
  }
  EXPECT_TRUE(Forget());
  EXPECT_TRUE(Forget());
  EXPECT_FALSE(Forget());
  EXPECT_EQ(Known(), 1200U);
  std::filesystem::remove_all(paths_.Maildrop());
  std::filesystem::create_directory(paths_.Maildrop());
  while (Forget()) {
  }
  EXPECT_EQ(Known(), 0U);
}

TEST_F(IntakeMemoryTest, ForgetsNothingWhereTheMaildropCannotBeSeen) {
  Accept(1, 3);
  std::filesystem::remove_all(paths_.Maildrop());
  EXPECT_FALSE(Forget());
  EXPECT_EQ(Known(), 3U);
}

}  // namespace
}  // namespace outpost::queue_runner
