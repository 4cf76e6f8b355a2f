#include "queue-runner/user_rates.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr RateRules kTenAMinute{.limit = 10, .unit = minutes(1)};
constexpr Microseconds kStart = std::chrono::hours(7);

int TakeAll(UserRates& rates, uint32_t uid, Microseconds now) {
  int taken = 0;
  while (taken < 1000 && rates.Take(uid, kTenAMinute, now)) ++taken;
  return taken;
}

TEST(UserRates, LimitEachUserAlone) {
  UserRates rates;
  EXPECT_EQ(TakeAll(rates, 1000, kStart), 10);
  EXPECT_EQ(TakeAll(rates, 1001, kStart), 10);
  EXPECT_EQ(TakeAll(rates, 1000, kStart), 0);
}

TEST(UserRates, GiveBackAtAnEvenPace) {
  UserRates rates;
  TakeAll(rates, 1000, kStart);
  EXPECT_EQ(TakeAll(rates, 1000, kStart + seconds(6)), 1);
  EXPECT_EQ(TakeAll(rates, 1000, kStart + seconds(36)), 5);
  EXPECT_EQ(TakeAll(rates, 1000, kStart + minutes(90)), 10) << "never more than the limit";
}

TEST(UserRates, AreNoLimitWithoutRules) {
  UserRates rates;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(rates.Take(1000, {}, kStart));
  EXPECT_EQ(rates.TakeSurplus(1000, 64, {}, kStart), 64U);
}

TEST(UserRates, LeaveHalfToNewMailWhileSurplusLeaves) {
  UserRates rates;
  TakeAll(rates, 1000, kStart);
  EXPECT_EQ(rates.TakeSurplus(1000, 64, kTenAMinute, kStart + seconds(30)), 0U);
  const Microseconds next = rates.NextSurplus(1000, kTenAMinute, kStart + seconds(30));
  EXPECT_EQ(next, kStart + seconds(36));
  EXPECT_EQ(rates.TakeSurplus(1000, 64, kTenAMinute, next), 1U);
  EXPECT_EQ(TakeAll(rates, 1000, next), 5);
}

TEST(UserRates, LetSurplusLeaveAtTheLimitsPace) {
  UserRates rates;
  TakeAll(rates, 1000, kStart);
  uint64_t left = 0;
  for (Microseconds now = kStart; now < kStart + minutes(10);) {
    left += rates.TakeSurplus(1000, 64, kTenAMinute, now);
    now = rates.NextSurplus(1000, kTenAMinute, now);
  }
  EXPECT_GE(left, 94U);
  EXPECT_LE(left, 96U);
}

TEST(UserRates, LetASingleMessageThrough) {
  UserRates rates;
  constexpr RateRules kOne{.limit = 1, .unit = minutes(1)};
  EXPECT_TRUE(rates.Take(1000, kOne, kStart));
  EXPECT_EQ(rates.TakeSurplus(1000, 1, kOne, kStart), 0U);
  EXPECT_EQ(rates.TakeSurplus(1000, 1, kOne, kStart + minutes(1)), 1U);
}

TEST(UserRates, RememberWhoUsesMostOfManyUsers) {
  UserRates rates;
  TakeAll(rates, 7, kStart);
  for (uint32_t uid = 1000; uid < 1000 + 3 * UserRates::kMaxUsers; ++uid) rates.Take(uid, kTenAMinute, kStart);
  EXPECT_EQ(TakeAll(rates, 7, kStart), 0);
}

}  // namespace
}  // namespace outpost::queue_runner
