#include "lib/sys/event_loop.h"

#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/socket.h"
#include "tests/support/forked.h"

namespace outpost::sys {
namespace {

using namespace std::chrono_literals;

class EventLoopTest : public testing::Test {
 protected:
  EventLoopTest() : loop_(std::move(*EventLoop::Make())), ends_(std::move(*PacketPair())) {}
  void Ready() const { ASSERT_EQ(send(ends_.second.get(), "x", 1, 0), 1); }
  void Drain() const {
    char byte;
    ASSERT_EQ(recv(ends_.first.get(), &byte, 1, 0), 1);
  }
  void Round() { ASSERT_TRUE(loop_.RunOnce(1s)); }

  EventLoop loop_;
  std::pair<UniqueFd, UniqueFd> ends_;
  std::vector<UniqueFd> keep_;
};

TEST_F(EventLoopTest, CallsWhileThereIsSomethingToRead) {
  int calls = 0;
  ASSERT_TRUE(loop_.Watch(ends_.first, [&] { ++calls; }));
  Ready();
  Round();
  Round();
  EXPECT_EQ(calls, 2) << "level-triggered";
  Drain();
  ASSERT_TRUE(loop_.RunOnce(0us));
  EXPECT_EQ(calls, 2);
}

TEST_F(EventLoopTest, CallsWhenTheOtherEndIsGone) {
  int calls = 0;
  ASSERT_TRUE(loop_.Watch(ends_.first, [&] { ++calls; }));
  ends_.second.reset();
  Round();
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, CallsForWritingOnlyWhileAsked) {
  int calls = 0;
  const auto watch = loop_.Watch(
      ends_.first, [&] { ++calls; }, true);
  ASSERT_TRUE(watch);
  Round();
  EXPECT_EQ(calls, 1);
  loop_.Rewatch(*watch, false);
  ASSERT_TRUE(loop_.RunOnce(0us));
  EXPECT_EQ(calls, 1);
  loop_.Rewatch(*watch, true);
  Round();
  EXPECT_EQ(calls, 2);
}

TEST_F(EventLoopTest, ForWritingAloneNothingThatCouldBeReadCalls) {
  int calls = 0;
  const auto watch = loop_.Watch(ends_.first, [&] { ++calls; });
  ASSERT_TRUE(watch);
  while (send(ends_.first.get(), "x", 1, MSG_DONTWAIT) > 0) {
  }
  ASSERT_EQ(send(ends_.second.get(), "x", 1, 0), 1);
  ASSERT_EQ(shutdown(ends_.second.get(), SHUT_WR), 0);
  loop_.RewatchForWritingAlone(*watch);
  ASSERT_TRUE(loop_.RunOnce(0us));
  EXPECT_EQ(calls, 0);
  ends_.second.reset();
  Round();
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, ACallbackMayRemoveItself) {
  int calls = 0;
  EventLoop::WatchId id = 0;
  const auto watch = loop_.Watch(ends_.first, [&, keep = std::string(100, 'x')] {
    loop_.Unwatch(id);
    calls += keep.size() == 100 ? 1 : 0;  // the callback is still whole
  });
  ASSERT_TRUE(watch);
  id = *watch;
  Ready();
  Round();
  ASSERT_TRUE(loop_.RunOnce(0us));
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, ACallbackMayRemoveAnotherOfTheSameRound) {
  auto others = std::move(*PacketPair());
  int calls = 0;
  EventLoop::WatchId ids[2];
  const auto on_ready = [&] {
    ++calls;
    loop_.Unwatch(ids[0]);
    loop_.Unwatch(ids[1]);
  };
  ids[0] = *loop_.Watch(ends_.first, on_ready);
  ids[1] = *loop_.Watch(others.first, on_ready);
  Ready();
  ASSERT_EQ(send(others.second.get(), "x", 1, 0), 1);
  Round();
  EXPECT_EQ(calls, 1) << "the second was unwatched before its turn";
}

TEST_F(EventLoopTest, ANewWatchOfAReusedDescriptorNumberGetsNoOldEvents) {
  auto others = std::move(*PacketPair());
  int old_calls = 0;
  int new_calls = 0;
  EventLoop::WatchId ids[2];
  const auto swap_other = [&](int mine) {
    const int other = 1 - mine;
    UniqueFd& fd = other == 0 ? ends_.first : others.first;
    const int number = fd.get();
    ++old_calls;
    loop_.Unwatch(ids[other]);
    fd = UniqueFd(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    auto fresh = std::move(*PacketPair());
    ASSERT_GE(dup2(fresh.first.get(), number), 0);
    fd = UniqueFd(number);
    ASSERT_TRUE(loop_.Watch(fd, [&] { ++new_calls; }));
    keep_.push_back(std::move(fresh.second));
  };
  ids[0] = *loop_.Watch(ends_.first, [&] { swap_other(0); });
  ids[1] = *loop_.Watch(others.first, [&] { swap_other(1); });
  Ready();
  ASSERT_EQ(send(others.second.get(), "x", 1, 0), 1);
  Round();
  EXPECT_EQ(old_calls, 1);
  EXPECT_EQ(new_calls, 0);
}

TEST_F(EventLoopTest, RefusesRegularFilesAndASecondWatchOfTheSame) {
  const UniqueFd file(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  const auto refused = loop_.Watch(file, [] {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), EPERM);
  ASSERT_TRUE(loop_.Watch(ends_.first, [] {}));
  EXPECT_FALSE(loop_.Watch(ends_.first, [] {}));
}

TEST_F(EventLoopTest, TimersRunOnceInTheOrderOfTheirTimes) {
  std::string order;
  loop_.After(60ms, [&] { order += 'b'; });
  loop_.After(10ms, [&] { order += 'a'; });
  loop_.After(120ms, [&] {
    order += 'c';
    loop_.Stop();
  });
  loop_.Cancel(loop_.After(60ms, [&] { order += 'x'; }));
  ASSERT_TRUE(loop_.Run());
  EXPECT_EQ(order, "abc");
}

TEST_F(EventLoopTest, ATimerMayCancelItselfAndOthersAndStartNewOnes) {
  std::string order;
  EventLoop::TimerId later = 0;
  EventLoop::TimerId own = 0;
  own = loop_.After(0us, [&] {
    order += 'a';
    loop_.Cancel(own);
    loop_.Cancel(later);
    loop_.After(0us, [&] {
      order += 'b';
      loop_.Stop();
    });
  });
  later = loop_.After(0us, [&] { order += 'x'; });
  ASSERT_TRUE(loop_.Run());
  EXPECT_EQ(order, "ab");
}

TEST_F(EventLoopTest, AStopBeforeItRunsIsNotForgotten) {
  loop_.Stop();
  ASSERT_TRUE(loop_.Run());
  int runs = 0;
  loop_.After(0us, [&] {
    ++runs;
    loop_.Stop();
  });
  ASSERT_TRUE(loop_.Run());
  EXPECT_EQ(runs, 1) << "but it holds for one Run";
}

TEST_F(EventLoopTest, ATimerDoesNotRunEarly) {
  const auto start = MonotonicClock();
  loop_.After(20ms, [&] { loop_.Stop(); });
  ASSERT_TRUE(loop_.Run());
  EXPECT_GE(MonotonicClock() - start, 20ms);
}

TEST_F(EventLoopTest, TheRoundsEndComesAfterAllItsCallbacks) {
  auto others = std::move(*PacketPair());
  std::string order;
  ASSERT_TRUE(loop_.Watch(ends_.first, [&] { order += 'e'; }));
  ASSERT_TRUE(loop_.Watch(others.first, [&] {
    order += 'e';
    loop_.Stop();
  }));
  loop_.After(0us, [&] { order += 't'; });
  loop_.OnRound([&] { order += 'r'; });
  Ready();
  ASSERT_EQ(send(others.second.get(), "x", 1, 0), 1);
  ASSERT_TRUE(loop_.Run());
  EXPECT_EQ(order, "eetr") << "also in the round in which it stops";
}

TEST_F(EventLoopTest, TellsSignalsAndSurvivesInterruptedWaits) {
  EXPECT_EQ(
      tests::RunForked([] {
        auto loop = EventLoop::Make();
        std::vector<int> got;
        const auto watched = loop->WatchSignals({SIGTERM, SIGHUP}, [&](int number) { got.push_back(number); });
        if (!watched) return 1;
        raise(SIGHUP);
        raise(SIGTERM);
        if (!loop->RunOnce(1s) || got.size() != 2) return 2;
        // One that is not watched interrupts the wait and ends nothing.
        struct sigaction action {};
        action.sa_handler = [](int) {};
        sigaction(SIGALRM, &action, nullptr);
        ualarm(5000, 0);
        return loop->RunOnce(50ms) ? 0 : 3;
      }),
      0);
}

}  // namespace
}  // namespace outpost::sys
