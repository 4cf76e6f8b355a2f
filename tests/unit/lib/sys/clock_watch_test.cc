#include "lib/sys/clock_watch.h"

#include <gtest/gtest.h>

namespace outpost::sys {
namespace {

using std::chrono::seconds;

TEST(ClockWatch, TellsJumpsAndSleepsFromThePassingOfTime) {
  struct Case {
    const char* what;
    ClockReading after;
    seconds jumped;
    seconds slept;
  };
  const ClockReading before{seconds(1000), seconds(50), seconds(80)};
  const Case cases[] = {
      {"time has passed", {seconds(1007), seconds(57), seconds(87)}, seconds(0), seconds(0)},
      {"set forwards", {seconds(1107), seconds(57), seconds(87)}, seconds(100), seconds(0)},
      {"set backwards", {seconds(907), seconds(57), seconds(87)}, seconds(-100), seconds(0)},
      {"slept an hour", {seconds(4607), seconds(57), seconds(3687)}, seconds(0), seconds(3600)},
      {"slept and set", {seconds(5607), seconds(57), seconds(3687)}, seconds(1000), seconds(3600)},
  };
  for (const auto& [what, after, jumped, slept] : cases) {
    const ClockChange change = Between(before, after);
    EXPECT_EQ(change.jumped, jumped) << what;
    EXPECT_EQ(change.slept, slept) << what;
  }
}

TEST(ClockWatch, SaysNothingWhileTimePasses) {
  auto loop = EventLoop::Make();
  auto watch = ClockWatch::Make();
  ASSERT_TRUE(loop && watch);
  int changes = 0;
  ASSERT_TRUE(watch->Start(*loop, [&](const ClockChange&) { ++changes; }));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(loop->RunOnce(std::chrono::milliseconds(20)));
  EXPECT_EQ(changes, 0);
}

}  // namespace
}  // namespace outpost::sys
