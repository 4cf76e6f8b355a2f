#include "queue-runner/schedule.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const ScheduleRules kRules = {seconds(300), seconds(4000), hours(120), hours(24)};
constexpr Microseconds kNow = hours(1000000);

Attempt Aged(Microseconds age, bool null_sender = false) { return {age, kNow, null_sender}; }

TEST(Schedule, WaitsAsLongAsTheMessageIsOldBetweenTheBackOffTimes) {
  const struct {
    Microseconds age;
    Microseconds wait;
  } kCases[] = {
      {seconds(0), seconds(300)},     {seconds(299), seconds(300)},   {seconds(301), seconds(301)},
      {seconds(2000), seconds(2000)}, {seconds(4001), seconds(4000)}, {hours(100), seconds(4000)},
      {-hours(5), seconds(300)},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(NextAttempt(Aged(one.age), kRules) - kNow, one.wait) << one.age.count();
  }
}

TEST(Schedule, TakesTheMinimalBackOffWhereTheMaximalIsBelowIt) {
  const ScheduleRules odd = {seconds(300), seconds(10), hours(1), hours(1)};
  EXPECT_EQ(NextAttempt(Aged(seconds(0)), odd) - kNow, seconds(300));
}

TEST(Schedule, ExpiresByTheLifetimeOfItsKindOfSender) {
  EXPECT_FALSE(HasExpired(Aged(hours(119)), kRules));
  EXPECT_TRUE(HasExpired(Aged(hours(120)), kRules));
  EXPECT_TRUE(HasExpired(Aged(hours(25), true), kRules));
  EXPECT_FALSE(HasExpired(Aged(hours(23), true), kRules));
  EXPECT_FALSE(HasExpired(Aged(-hours(500)), kRules));
}

TEST(Schedule, ExpiresAtOnceWithALifetimeOfZero) {
  const ScheduleRules once = {seconds(300), seconds(4000), seconds(0), seconds(0)};
  EXPECT_TRUE(HasExpired(Aged(seconds(0)), once));
}

TEST(Schedule, DecidesByVerdictFaultAndAge) {
  const mail::Verdict sent = mail::Delivered{};
  const mail::Verdict refused = mail::Returned{};
  const mail::Verdict message = mail::Deferred{{4, 2, 0}, "later", mail::Fault::kMessage};
  const mail::Verdict path = mail::Deferred{{4, 4, 1}, "no route", mail::Fault::kPath};
  const mail::Verdict account = mail::Deferred{{4, 7, 8}, "login refused", mail::Fault::kAccount};
  const struct {
    const mail::Verdict& verdict;
    Microseconds age;
    Next next;
  } kCases[] = {
      {sent, hours(500), Next::kSent},
      {refused, seconds(1), Next::kReturn},
      {message, seconds(1), Next::kRetry},
      {message, hours(121), Next::kExpire},
      {path, seconds(1), Next::kRetry},
      {path, hours(121), Next::kExpire},
      {account, seconds(1), Next::kWaitForCircuit},
      {account, hours(121), Next::kWaitForCircuit},
  };
  for (const auto& one : kCases) {
    const auto decision = Decide(one.verdict, Aged(one.age), kRules);
    EXPECT_EQ(decision.next, one.next) << one.age.count();
    EXPECT_EQ(decision.next_attempt == kNow + seconds(300), one.next == Next::kRetry);
  }
}

}  // namespace
}  // namespace outpost::queue_runner
