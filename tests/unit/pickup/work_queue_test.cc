#include "pickup/work_queue.h"

#include <gtest/gtest.h>

namespace outpost::pickup {
namespace {

using namespace std::chrono_literals;

class WorkQueueTest : public testing::Test {
 protected:
  WorkQueueTest() : loop_(std::move(*sys::EventLoop::Make())), work_(loop_) {}
  // A piece of work of so many steps.
  WorkQueue::Step Steps(int count) {
    return [this, left = count]() mutable {
      ++steps_;
      return --left == 0;
    };
  }
  void RunToTheEnd() {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(loop_.RunOnce(0us));
  }

  sys::EventLoop loop_;
  WorkQueue work_;
  int steps_ = 0;
};

TEST_F(WorkQueueTest, TakesTheFirstStepAtOnceAndTheOthersBetweenEvents) {
  work_.Add(Steps(3));
  EXPECT_EQ(steps_, 1);
  EXPECT_FALSE(work_.empty());
  RunToTheEnd();
  EXPECT_EQ(steps_, 3);
  EXPECT_TRUE(work_.empty());
}

TEST_F(WorkQueueTest, AStepMayAddWorkWhileNothingElseWaits) {
  int calls = 0;
  work_.Add([&] {
    if (++calls == 2) work_.Add(Steps(2));
    return calls == 3;
  });
  RunToTheEnd();
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(steps_, 2);
  EXPECT_TRUE(work_.empty());
}

TEST_F(WorkQueueTest, TheLastStepMayAddWork) {
  int calls = 0;
  work_.Add([&] {
    if (++calls == 1) return false;
    work_.Add(Steps(4));
    return true;
  });
  RunToTheEnd();
  EXPECT_EQ(steps_, 4);
  EXPECT_TRUE(work_.empty());
}

}  // namespace
}  // namespace outpost::pickup
