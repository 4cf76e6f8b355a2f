#include "queue-runner/sender_holds.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Microseconds kNow = seconds(1'790'000'000);
constexpr Microseconds kShortest = minutes(5);
constexpr Microseconds kLongest = minutes(60);
const mail::Deferred kNotOwned{{4, 7, 60}, "not yours", mail::Fault::kSender};

TEST(SenderHolds, LetsOneMessageThroughAtGrowingIntervalsAndNoOther) {
  SenderHolds holds;
  EXPECT_FALSE(holds.MayGo("a@b", kShortest, kLongest, kNow)) << "not known";
  EXPECT_TRUE(holds.OnRefused("a@b", kNotOwned, kShortest, kLongest, kNow));
  EXPECT_FALSE(holds.OnRefused("a@b", kNotOwned, kShortest, kLongest, kNow)) << "told once";
  EXPECT_FALSE(holds.MayGo("c@d", kShortest, kLongest, kNow)) << "others go";
  Microseconds now = kNow;
  for (const int interval : {5, 10, 20, 40, 60, 60}) {
    const auto hold = holds.MayGo("a@b", kShortest, kLongest, now);
    ASSERT_TRUE(hold);
    EXPECT_EQ(hold->until - now, minutes(interval));
    now = hold->until;
    EXPECT_FALSE(holds.MayGo("a@b", kShortest, kLongest, now)) << "the probe";
    const auto other = holds.MayGo("a@b", kShortest, kLongest, now);
    ASSERT_TRUE(other);
    EXPECT_EQ(other->until - now, kShortest) << "until the probe's answer is there";
    EXPECT_FALSE(holds.OnRefused("a@b", kNotOwned, kShortest, kLongest, now));
  }
  EXPECT_TRUE(holds.OnTaken("a@b"));
  EXPECT_FALSE(holds.OnTaken("a@b"));
  EXPECT_FALSE(holds.MayGo("a@b", kShortest, kLongest, now));
}

TEST(SenderHolds, TriesAtOnceByOrderAndWhereTheClockWasAhead) {
  SenderHolds holds;
  holds.OnRefused("a@b", kNotOwned, kShortest, kLongest, kNow);
  EXPECT_FALSE(holds.MayGo("a@b", kShortest, kLongest, kNow - hours(24)));
  holds.Probe();
  EXPECT_FALSE(holds.MayGo("a@b", kShortest, kLongest, kNow));
}

TEST(SenderHolds, IsBounded) {
  SenderHolds holds;
  for (size_t i = 0; i < SenderHolds::kMost; ++i) {
    EXPECT_TRUE(holds.OnRefused(std::to_string(i), kNotOwned, kShortest, kLongest, kNow));
  }
  EXPECT_FALSE(holds.OnRefused("one more", kNotOwned, kShortest, kLongest, kNow));
  EXPECT_EQ(holds.size(), SenderHolds::kMost);
}

}  // namespace
}  // namespace outpost::queue_runner
