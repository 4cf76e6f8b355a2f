#include "queue-runner/concurrency.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using std::chrono::seconds;

const ConcurrencyRules kRules = {5, 20, seconds(300), seconds(4000)};
const mail::Deferred kPath = {{4, 4, 1}, "connection refused", mail::Fault::kPath};
const mail::Deferred kAccount = {{4, 7, 8}, "login refused", mail::Fault::kAccount};
constexpr Microseconds kNow = seconds(1000000);

TEST(Concurrency, BeginsWithTheInitialWindowWithinTheLimit) {
  EXPECT_EQ(Concurrency(kRules).Allowed(kNow), 5U);
  EXPECT_EQ(Concurrency({5, 2, seconds(1), seconds(2)}).Allowed(kNow), 2U);
  EXPECT_EQ(Concurrency({0, 0, seconds(1), seconds(2)}).Allowed(kNow), 1U);
}

TEST(Concurrency, GrowsByOneForEachWindowOfDeliveries) {
  Concurrency concurrency(kRules);
  for (int i = 0; i < 5; ++i) concurrency.OnDelivery(kNow);
  EXPECT_EQ(concurrency.Allowed(kNow), 6U);
  for (int i = 0; i < 1000; ++i) concurrency.OnDelivery(kNow);
  EXPECT_EQ(concurrency.Allowed(kNow), 20U);
}

TEST(Concurrency, NarrowsToWhatStandsAndDoesNotGrowForAWhile) {
  Concurrency concurrency(kRules);
  EXPECT_FALSE(concurrency.OnFailure(kPath, 3, kNow));
  EXPECT_EQ(concurrency.Allowed(kNow), 3U);
  EXPECT_FALSE(concurrency.is_open());
  for (int i = 0; i < 100; ++i) concurrency.OnDelivery(kNow + seconds(299));
  EXPECT_EQ(concurrency.Allowed(kNow), 3U);
  for (int i = 0; i < 4; ++i) concurrency.OnDelivery(kNow + seconds(300));
  EXPECT_EQ(concurrency.Allowed(kNow), 4U);
}

TEST(Concurrency, OpensTheCircuitWhenNothingStands) {
  Concurrency concurrency(kRules);
  EXPECT_TRUE(concurrency.OnFailure(kPath, 0, kNow));
  EXPECT_TRUE(concurrency.is_open());
  EXPECT_EQ(concurrency.Allowed(kNow + seconds(299)), 0U);
  EXPECT_EQ(concurrency.next_probe(), kNow + seconds(300));
  EXPECT_EQ(concurrency.Allowed(kNow + seconds(300)), 1U);
}

TEST(Concurrency, OpensTheCircuitOnAnAccountFaultWhateverStands) {
  Concurrency concurrency(kRules);
  EXPECT_TRUE(concurrency.OnFailure(kAccount, 7, kNow));
  EXPECT_TRUE(concurrency.is_open());
  EXPECT_EQ(concurrency.reason().why, "login refused");
}

TEST(Concurrency, CountsFailuresOfTheSameRoundAsOne) {
  Concurrency concurrency(kRules);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(concurrency.OnFailure(kPath, 0, kNow));
  EXPECT_EQ(concurrency.next_probe(), kNow + seconds(300));
}

TEST(Concurrency, ProbesAtGrowingIntervals) {
  Concurrency concurrency(kRules);
  concurrency.OnFailure(kPath, 0, kNow);
  Microseconds now = kNow;
  for (const int interval : {300, 600, 1200, 2400, 4000, 4000}) {
    EXPECT_EQ(concurrency.next_probe() - now, seconds(interval));
    now = concurrency.next_probe();
    concurrency.OnProbe();
    concurrency.OnFailure(kPath, 0, now);
  }
  EXPECT_EQ(concurrency.open_since(), kNow);
}

TEST(Concurrency, HasOneProbeAtATime) {
  Concurrency concurrency(kRules);
  concurrency.OnFailure(kPath, 0, kNow);
  concurrency.OnProbe();
  EXPECT_EQ(concurrency.Allowed(kNow), 1U);
  concurrency.OnProbeDropped();
  EXPECT_EQ(concurrency.Allowed(kNow), 0U);
}

TEST(Concurrency, ClosesWhenAConnectionStandsAndForgetsTheIntervals) {
  Concurrency concurrency(kRules);
  concurrency.OnFailure(kPath, 0, kNow);
  concurrency.OnProbe();
  concurrency.OnFailure(kPath, 0, kNow + seconds(300));
  concurrency.OnProbe();
  concurrency.OnConnected();
  EXPECT_FALSE(concurrency.is_open());
  EXPECT_EQ(concurrency.Allowed(kNow), 5U);
  concurrency.OnFailure(kPath, 0, kNow);
  EXPECT_EQ(concurrency.next_probe(), kNow + seconds(300));
}

TEST(Concurrency, TakesLostConnectionsForTheMessagesTroubleUntilThereAreManyInARow) {
  Concurrency concurrency(kRules);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(concurrency.OnCut(kPath, kNow));
  concurrency.OnDelivery(kNow);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(concurrency.OnCut(kPath, kNow));
  EXPECT_FALSE(concurrency.is_open());
  EXPECT_TRUE(concurrency.OnCut(kPath, kNow));
  EXPECT_TRUE(concurrency.is_open());
}

// The relay greets everybody and hangs up on every message: that it greets again says nothing.
TEST(Concurrency, NeedsADeliveryAfterManyLostConnections) {
  Concurrency concurrency(kRules);
  for (int i = 0; i < 5; ++i) concurrency.OnCut(kPath, kNow);
  concurrency.OnConnected();  // one that was on its way
  EXPECT_TRUE(concurrency.is_open());
  concurrency.OnProbe();
  concurrency.OnConnected();
  EXPECT_EQ(concurrency.Allowed(kNow), 1U);
  EXPECT_TRUE(concurrency.OnCut(kPath, kNow + seconds(300)));
  EXPECT_EQ(concurrency.next_probe(), kNow + seconds(900));
  concurrency.OnProbe();
  concurrency.OnConnected();
  concurrency.OnDelivery(kNow + seconds(900));
  EXPECT_FALSE(concurrency.is_open());
  EXPECT_EQ(concurrency.Allowed(kNow), 5U);
}

TEST(Concurrency, ClosesNoAccountsCircuitByADelivery) {
  Concurrency concurrency(kRules);
  concurrency.OnFailure(kAccount, 0, kNow);
  EXPECT_TRUE(concurrency.OnCut(kPath, kNow));
  concurrency.OnDelivery(kNow);
  EXPECT_TRUE(concurrency.is_open());
}

TEST(Concurrency, ResumesAnOpenCircuitWithOneProbeAtOnce) {
  Concurrency concurrency(kRules);
  concurrency.Resume(kAccount, kNow - seconds(1000), kNow);
  EXPECT_TRUE(concurrency.is_open());
  EXPECT_EQ(concurrency.Allowed(kNow), 1U);
  EXPECT_EQ(concurrency.open_since(), kNow - seconds(1000));
  concurrency.OnProbe();
  concurrency.OnFailure(kAccount, 0, kNow);
  EXPECT_EQ(concurrency.next_probe(), kNow + seconds(300));
}

TEST(Concurrency, NeverProbesWithoutAPause) {
  Concurrency concurrency({5, 20, seconds(0), seconds(0)});
  concurrency.OnFailure(kPath, 0, kNow);
  EXPECT_EQ(concurrency.next_probe(), kNow + seconds(1));
}

TEST(Concurrency, TriesNothingOfflineAndAtOnceWithANewWay) {
  Concurrency concurrency(kRules);
  concurrency.OnOffline(kPath, kNow);
  EXPECT_TRUE(concurrency.is_open());
  EXPECT_EQ(concurrency.Allowed(kNow + seconds(100000)), 0U);
  concurrency.OnNewWay(kNow + seconds(100000));
  EXPECT_EQ(concurrency.Allowed(kNow + seconds(100000)), 1U);
  concurrency.OnConnected();
  EXPECT_EQ(concurrency.Allowed(kNow + seconds(100000)), 5U);
}

TEST(Concurrency, CountsNoFailureOffline) {
  Concurrency concurrency(kRules);
  EXPECT_TRUE(concurrency.OnFailure(kPath, 0, kNow));
  concurrency.OnOffline(kPath, kNow);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(concurrency.OnFailure(kPath, 0, kNow));
  concurrency.OnNewWay(kNow);
  concurrency.OnProbe();
  EXPECT_TRUE(concurrency.OnFailure(kPath, 0, kNow));
  EXPECT_EQ(concurrency.next_probe(), kNow + kRules.shortest_probe_interval);
}

TEST(Concurrency, ProbesAtOnceByOrderWhateverOpenedTheCircuit) {
  for (const auto& why : {kPath, kAccount}) {
    Concurrency concurrency(kRules);
    concurrency.OnOrder(kNow);
    EXPECT_EQ(concurrency.Allowed(kNow), 5U) << "a closed one stays as it is";
    concurrency.OnFailure(why, 0, kNow);
    concurrency.OnProbe();
    concurrency.OnFailure(why, 0, kNow);
    EXPECT_EQ(concurrency.next_probe(), kNow + seconds(600));
    concurrency.OnOrder(kNow + seconds(1));
    EXPECT_TRUE(concurrency.is_open());
    EXPECT_EQ(concurrency.Allowed(kNow + seconds(1)), 1U);
    concurrency.OnProbe();
    concurrency.OnFailure(why, 0, kNow + seconds(1));
    EXPECT_EQ(concurrency.next_probe(), kNow + seconds(301)) << "intervals begin anew";
    concurrency.OnOffline(why, kNow + seconds(2));
    concurrency.OnOrder(kNow + seconds(2));
    EXPECT_EQ(concurrency.Allowed(kNow + seconds(2)), 0U) << "without a network nothing is tried";
  }
}

TEST(Concurrency, LeavesAnAccountsCircuitAsItIsWithANewWay) {
  Concurrency concurrency(kRules);
  EXPECT_TRUE(concurrency.OnFailure(kAccount, 0, kNow));
  concurrency.OnOffline(kPath, kNow);
  concurrency.OnNewWay(kNow + seconds(1));
  EXPECT_EQ(concurrency.Allowed(kNow + seconds(1)), 0U);
  EXPECT_EQ(concurrency.reason().why, kAccount.why);
  EXPECT_EQ(concurrency.Allowed(kNow + seconds(300)), 1U);
}

}  // namespace
}  // namespace outpost::queue_runner
