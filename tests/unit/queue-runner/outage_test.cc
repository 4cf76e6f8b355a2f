#include "queue-runner/outage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

const mail::Deferred kPath{{4, 4, 1}, "connect to relay: Connection refused", mail::Fault::kPath};
const mail::Deferred kAccount{{4, 7, 8}, "server said: 535 5.7.8 no", mail::Fault::kAccount};
const mail::Deferred kNoWay{{4, 4, 3}, "this host has no network to reach it by", mail::Fault::kPath};
constexpr Microseconds kNow = seconds(1'790'000'000);
constexpr Microseconds kWorth = minutes(5);

TEST(Outage, OfAnAccountIsToldAtOnceWhereThereIsAnotherWayAndAgainWhenOver) {
  Outage outage;
  outage.GoOn(kAccount, false, kNow);
  const auto begun = outage.TellOfBeginning("relay", true, kWorth, kNow);
  ASSERT_TRUE(begun);
  EXPECT_THAT(begun->subject, HasSubstr("no mail can be sent through relay"));
  EXPECT_THAT(begun->paragraphs.front(), HasSubstr("The user name or the password is wrong."));
  EXPECT_FALSE(outage.TellOfBeginning("relay", true, kWorth, kNow)) << "once";
  const auto over = outage.End("relay", 7, kWorth, kNow + minutes(65));
  ASSERT_TRUE(over);
  EXPECT_THAT(over->subject, HasSubstr("again"));
  EXPECT_THAT(over->paragraphs.front(), HasSubstr("(1 hour 5 minutes)"));
  EXPECT_THAT(over->paragraphs.back(), HasSubstr("7 messages waited"));
  EXPECT_FALSE(outage.End("relay", 7, kWorth, kNow + minutes(65))) << "once";
}

TEST(Outage, IsToldOnceAtItsEndWhereTheNoticeWouldWaitForTheRelay) {
  Outage outage;
  outage.GoOn(kAccount, false, kNow);
  EXPECT_FALSE(outage.TellOfBeginning("relay", false, kWorth, kNow + hours(3)));
  EXPECT_TRUE(outage.End("relay", 1, kWorth, kNow + minutes(1)));
}

TEST(Outage, OfAPathIsToldOnceItHasLasted) {
  Outage outage;
  outage.GoOn(kPath, false, kNow);
  EXPECT_FALSE(outage.TellOfBeginning("relay", true, kWorth, kNow + minutes(4)));
  EXPECT_TRUE(outage.TellOfBeginning("relay", true, kWorth, kNow + minutes(5)));
  Outage brief;
  brief.GoOn(kPath, false, kNow);
  EXPECT_FALSE(brief.End("relay", 3, kWorth, kNow + minutes(4)));
}

TEST(Outage, ForWantOfANetworkIsToldAfterADayAndIfMailHasWaited) {
  const auto end = [](Microseconds lasted, uint64_t waiting) {
    Outage outage;
    outage.GoOn(kNoWay, true, kNow);
    EXPECT_FALSE(outage.TellOfBeginning("relay", true, kWorth, kNow + lasted));
    return outage.End("relay", waiting, kWorth, kNow + lasted).has_value();
  };
  EXPECT_FALSE(end(hours(12), 5)) << "a laptop's night";
  EXPECT_FALSE(end(hours(24 * 7), 0));
  EXPECT_TRUE(end(hours(24 * 7), 5));
}

TEST(Outage, IsToldOnceWithTheSessionThatCameToItsReason) {
  Outage outage;
  outage.GoOn(kPath, false, kNow, {"In:  421 later"});
  outage.GoOn(kAccount, false, kNow, {"Out: AUTH PLAIN (not shown)", "In:  535 5.7.8 no"});
  outage.GoOn(kNoWay, true, kNow);
  Outage alone = outage;
  EXPECT_EQ(outage.TellOfBeginning("relay", true, kWorth, kNow)->transcript,
            "Out: AUTH PLAIN (not shown)\nIn:  535 5.7.8 no\n");
  EXPECT_EQ(outage.End("relay", 1, kWorth, kNow + minutes(9))->transcript, "") << "it was told before";
  EXPECT_EQ(alone.End("relay", 1, kWorth, kNow + minutes(9))->transcript,
            "Out: AUTH PLAIN (not shown)\nIn:  535 5.7.8 no\n");
}

TEST(Outage, ShowsNoSessionOfAnEarlierReason) {
  Outage outage;
  outage.GoOn(kPath, false, kNow, {"In:  421 later"});
  outage.GoOn(kPath, false, kNow + kWorth);
  EXPECT_EQ(outage.TellOfBeginning("relay", true, kWorth, kNow + kWorth)->transcript, "");
}

TEST(Outage, KeepsItsReasonWhileThereIsNoNetwork) {
  Outage outage;
  outage.GoOn(kAccount, false, kNow);
  outage.GoOn(kNoWay, true, kNow + minutes(1));
  EXPECT_EQ(outage.reason().why, kAccount.why);
  EXPECT_TRUE(outage.was_accounts());
  EXPECT_TRUE(outage.End("relay", 1, kWorth, kNow + minutes(2)));
}

TEST(Outage, OutlivesARestart) {
  for (const auto& why : {kAccount, kPath, kNoWay}) {
    Outage outage;
    outage.GoOn(why, why.why == kNoWay.why, kNow);
    if (why.fault == mail::Fault::kAccount) outage.TellOfBeginning("relay", true, kWorth, kNow);
    queue::Destination remembered;
    outage.Save(remembered);
    Outage restored = Outage::Restore(remembered);
    EXPECT_TRUE(restored.is_on());
    EXPECT_EQ(restored.since(), kNow);
    EXPECT_EQ(restored.reason().why, why.why);
    EXPECT_EQ(restored.reason().status, why.status);
    EXPECT_EQ(restored.was_accounts(), why.fault == mail::Fault::kAccount);
    EXPECT_FALSE(restored.TellOfBeginning("relay", why.fault == mail::Fault::kAccount, kWorth, kNow)) << "told";
  }
  queue::Destination nothing;
  Outage().Save(nothing);
  EXPECT_EQ(nothing.circuit, "");
  EXPECT_FALSE(Outage::Restore(nothing).is_on());
  nothing.circuit = "what?";
  EXPECT_FALSE(Outage::Restore(nothing).is_on());
}

TEST(Outage, NamesDurationsByTheirTwoLargestUnits) {
  EXPECT_EQ(FormatDuration(seconds(0)), "0 seconds");
  EXPECT_EQ(FormatDuration(seconds(-5)), "0 seconds");
  EXPECT_EQ(FormatDuration(seconds(61)), "1 minute 1 second");
  EXPECT_EQ(FormatDuration(hours(1)), "1 hour");
  EXPECT_EQ(FormatDuration(hours(76) + minutes(3)), "3 days 4 hours");
}

}  // namespace
}  // namespace outpost::queue_runner
