#include "queue-runner/holdup.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Microseconds kNow = seconds(1'000'000);

Holdup Stopped() {
  Holdup holdup;
  holdup.kind = Holdup::Kind::kStopped;
  holdup.reason = {{4, 7, 8}, "535 5.7.8 no", mail::Fault::kAccount};
  holdup.since = kNow;
  holdup.left = milliseconds(299'700);
  return holdup;
}

Holdup Slow(Holdup::Kind kind) {
  Holdup holdup;
  holdup.kind = kind;
  holdup.left = milliseconds(2'600);
  holdup.connections = 7;
  return holdup;
}

TEST(HoldupTest, NothingToTellIsNoLine) {
  EXPECT_EQ(StatusLine("[relay]:587", {}), "");
  EXPECT_EQ(WhyWaiting({}, kNow).why, "");
}

TEST(HoldupTest, WhatIsStoppedIsToldWithTheNextTryAndTheRemedy) {
  const std::string line = StatusLine("[relay]:587", Stopped());
  EXPECT_TRUE(line.starts_with("[relay]:587: 535 5.7.8 no; since ")) << line;
  EXPECT_NE(line.find(", next try in 300 s. The user name or the password is wrong. Correct it in the file"),
            std::string::npos)
      << line;
  const std::string logged = StoppedLine("[relay]:587", Stopped());
  EXPECT_TRUE(
      logged.starts_with("[relay]:587: 535 5.7.8 no; its mail waits, next try in 300 s. The user name or the "
                         "password is wrong. Correct it"))
      << logged;
  const Waiting waiting = WhyWaiting(Stopped(), kNow);
  EXPECT_EQ(waiting.why, "535 5.7.8 no");
  EXPECT_EQ(waiting.until, kNow + milliseconds(299'700));
  EXPECT_FALSE(waiting.is_slowed);
}

TEST(HoldupTest, WithoutANetworkNoNextTryIsPromised) {
  Holdup holdup = Stopped();
  holdup.kind = Holdup::Kind::kOffline;
  holdup.reason.why = "no network";
  EXPECT_EQ(StatusLine("relay", holdup).find("next try"), std::string::npos);
  EXPECT_TRUE(StatusLine("relay", holdup).starts_with("relay: no network; since "));
  EXPECT_EQ(WhyWaiting(holdup, kNow).until, kNow);
}

TEST(HoldupTest, WhatIsSlowOnlySaysSo) {
  const Holdup pause = Slow(Holdup::Kind::kPause);
  EXPECT_EQ(StatusLine("relay", pause), "relay: rate delay, next delivery in 3 s");
  EXPECT_EQ(WhyWaiting(pause, kNow).why, "rate delay");
  EXPECT_EQ(WhyWaiting(pause, kNow).until, kNow + milliseconds(2'600));
  EXPECT_TRUE(WhyWaiting(pause, kNow).is_slowed);

  const Holdup full = Slow(Holdup::Kind::kFull);
  EXPECT_EQ(StatusLine("relay", full), "relay: all 7 connections are at work");
  EXPECT_EQ(WhyWaiting(full, kNow).why, "all 7 connections are at work");
  EXPECT_TRUE(WhyWaiting(full, kNow).is_slowed);
}

TEST(HoldupTest, WhatWaitsForAPersonIsStopped) {
  const Holdup flush = Slow(Holdup::Kind::kFlush);
  EXPECT_EQ(StatusLine("relay", flush), "relay: deferred transport: waits for a flush");
  EXPECT_FALSE(WhyWaiting(flush, kNow).is_slowed);
  EXPECT_FALSE(flush.is_slow_only());
}

TEST(HoldupTest, ARelaysWordsCannotMoveATerminal) {
  Holdup holdup = Stopped();
  holdup.reason.why = "535 \x1b[2J";
  EXPECT_EQ(StatusLine("relay", holdup).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace outpost::queue_runner
