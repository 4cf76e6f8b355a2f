#include "queue-runner/waiting_clock.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(WaitingClock, GoesOnFromWhereItWas) {
  const WaitingClock clock(hours(5), seconds(100));
  EXPECT_EQ(clock.Read(seconds(100)), hours(5));
  EXPECT_EQ(clock.Read(seconds(107)), hours(5) + seconds(7));
}

TEST(WaitingClock, StandsStillWhileItDoesNotRun) {
  WaitingClock clock(seconds(0), seconds(0));
  clock.Run(false, seconds(10));
  EXPECT_EQ(clock.Read(hours(200)), seconds(10));
  clock.Run(false, hours(100));
  clock.Run(true, hours(200));
  EXPECT_EQ(clock.Read(hours(200) + seconds(1)), seconds(11));
}

}  // namespace
}  // namespace outpost::queue_runner
