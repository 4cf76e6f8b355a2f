#include "queue-runner/batch.h"

#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "tests/support/temporary_directory.h"

namespace outpost::queue_runner {
namespace {

// Changes of a real queue, some of which fail.
class BatchTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(sys::MakeDirectories(paths_.Temporary(), 0700));
    lock_ = std::move(*queue::QueueLock::TryTake(paths_));
    queue_.emplace(std::move(*queue::Queue::Open(paths_, *lock_)));
    batch_.emplace(*queue_, log_);
  }

  // A change that fails while `failing` says so.
  void Add(
      const std::string& name, std::function<bool()> failing = [] { return false; }, bool alone = true) {
    batch_->Add({[this, name, failing]() -> sys::Result<void> {
                   applied_.push_back(name);
                   if (failing()) return sys::Error("no space", ENOSPC);
                   return queue_->SaveDestination({name, "", 1, "", {}, 0, "", ""});
                 },
                 [this, name] { told_.push_back(name + " kept"); },
                 [this, name](const sys::Error&) { told_.push_back(name + " failed"); }, alone});
  }

  tests::TemporaryDirectory directory_;
  spool::SpoolPaths paths_{directory_.path()};
  sys::Log log_ = sys::Log::ToDescriptor(sys::UniqueFd(), "outpost", "qmgr");
  std::optional<queue::QueueLock> lock_;
  std::optional<queue::Queue> queue_;
  std::optional<Batch> batch_;
  std::vector<std::string> applied_;
  std::vector<std::string> told_;
};

using Words = std::vector<std::string>;

TEST_F(BatchTest, TellsNobodyBeforeTheCommit) {
  Add("a");
  EXPECT_TRUE(batch_->Apply());
  EXPECT_EQ(told_, Words{});
  Add("b");
  EXPECT_TRUE(batch_->Commit());
  EXPECT_EQ(told_, (Words{"a kept", "b kept"}));
}

TEST_F(BatchTest, CommitsNothingWithoutChanges) {
  EXPECT_TRUE(batch_->Apply());
  EXPECT_FALSE(queue_->in_batch());
  EXPECT_TRUE(batch_->Commit());
}

TEST_F(BatchTest, KeepsOneBadChangeFromSpoilingTheOthers) {
  Add("a");
  Add("bad", [] { return true; });
  Add("c");
  EXPECT_FALSE(batch_->Apply());
  EXPECT_EQ(told_, (Words{"a kept", "bad failed", "c kept"}));
  EXPECT_FALSE(queue_->in_batch());
  EXPECT_FALSE(batch_->in_trouble()) << "the last commit went well";
}

TEST_F(BatchTest, GivesUpAtOnceWhenItIsNotTheChanges) {
  for (const char* name : {"a", "b", "c", "d", "e"}) Add(name, [] { return true; });
  EXPECT_FALSE(batch_->Commit());
  EXPECT_EQ(told_.size(), 5U);
  EXPECT_EQ(applied_, (Words{"a", "a", "b", "c"})) << "d and e were not tried";
  EXPECT_TRUE(batch_->in_trouble());
}

TEST_F(BatchTest, RetriesALoneChangeOnlyInAnotherBatch) {
  Add("a", [] { return true; });
  EXPECT_FALSE(batch_->Commit());
  EXPECT_EQ(applied_, Words{"a"});
  Add("b");
  EXPECT_TRUE(batch_->Commit());
  EXPECT_FALSE(batch_->in_trouble());
}

TEST_F(BatchTest, TellsTheReasonUntilACommitGoesWell) {
  EXPECT_EQ(batch_->trouble(), "");
  Add("a", [] { return true; });
  EXPECT_FALSE(batch_->Commit());
  batch_->TryAgain();
  EXPECT_FALSE(batch_->in_trouble());
  EXPECT_EQ(batch_->trouble(), "no space");
  Add("b");
  EXPECT_TRUE(batch_->Commit());
  EXPECT_EQ(batch_->trouble(), "");
}

TEST_F(BatchTest, TakesNoCommitOfNothingForTheTroublesEnd) {
  Add("a", [] { return true; });
  EXPECT_FALSE(batch_->Commit());
  batch_->Add({[] { return sys::Result<void>(); }, [] {}, [](const sys::Error&) {}});
  EXPECT_TRUE(batch_->Commit());
  EXPECT_TRUE(batch_->in_trouble());
  EXPECT_EQ(batch_->trouble(), "no space");
}

// What can never be committed, whatever is tried, must not stop what can.
TEST_F(BatchTest, TakesNoChangeThatIsWrongForTroubleOfTheQueue) {
  for (const int code : {EINVAL, EBADMSG, ENOENT}) {
    Add("a");
    bool told = false;
    batch_->Add({[code] { return sys::Result<void>(sys::Error("not so", code)); }, [] {},
                 [&told](const sys::Error&) { told = true; }});
    EXPECT_FALSE(batch_->Commit());
    EXPECT_TRUE(told);
    EXPECT_FALSE(batch_->in_trouble()) << code;
    EXPECT_EQ(batch_->trouble(), "") << code;
  }
}

TEST_F(BatchTest, LeavesWhatIsNotWorthItsOwnCommitToFail) {
  Add("a");
  Add(
      "dispatch", [] { return false; }, false);
  Add("bad", [] { return true; });
  EXPECT_FALSE(batch_->Commit());
  EXPECT_EQ(told_, (Words{"a kept", "dispatch failed", "bad failed"}));
}

}  // namespace
}  // namespace outpost::queue_runner
