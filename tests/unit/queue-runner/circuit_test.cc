#include "queue-runner/circuit.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using std::chrono::seconds;

const CircuitRules kRules = {seconds(300), seconds(4000), seconds(60), 5};
const mail::Deferred kPath = {{4, 4, 1}, "connection refused", mail::Fault::kPath};
const mail::Deferred kAccount = {{4, 7, 8}, "login refused", mail::Fault::kAccount};
constexpr Microseconds kNow = seconds(1000000);

TEST(Circuit, OpensOnAFailureAndProbesAfterTheShortestInterval) {
  Circuit circuit(kRules);
  circuit.OnFailure(kPath, kNow);
  EXPECT_TRUE(circuit.is_open());
  EXPECT_FALSE(circuit.MayProbe(kNow + seconds(299)));
  EXPECT_EQ(circuit.next_probe(), kNow + seconds(300));
  EXPECT_TRUE(circuit.MayProbe(kNow + seconds(300)));
}

TEST(Circuit, KeepsTheReasonOfTheLastProbe) {
  Circuit circuit(kRules);
  circuit.OnFailure(kAccount, kNow);
  EXPECT_EQ(circuit.reason().why, "login refused");
  circuit.OnProbe();
  circuit.OnFailure(kPath, kNow);
  EXPECT_EQ(circuit.reason().why, "connection refused");
}

TEST(Circuit, WaitsForItsOwnProgramsWithoutGrowingIntervals) {
  Circuit circuit(kRules);
  for (int i = 0; i < 3; ++i) {
    circuit.OnOwnTrouble(kPath, kNow);
    EXPECT_TRUE(circuit.is_open());
    EXPECT_EQ(circuit.next_probe(), kNow + seconds(60));
    circuit.OnProbe();
  }
}

TEST(Circuit, IsNeverOpenedByLostConnectionsWhereNoNumberIsGiven) {
  Circuit circuit({seconds(300), seconds(4000), seconds(60), 0});
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(circuit.OnCut(kPath, kNow));
  EXPECT_FALSE(circuit.is_open());
}

TEST(Circuit, CountsFailuresOfTheSameRoundAsOne) {
  Circuit circuit(kRules);
  for (int i = 0; i < 5; ++i) circuit.OnFailure(kPath, kNow);
  EXPECT_EQ(circuit.next_probe(), kNow + seconds(300));
}

TEST(Circuit, ProbesAtGrowingIntervals) {
  Circuit circuit(kRules);
  circuit.OnFailure(kPath, kNow);
  Microseconds now = kNow;
  for (const int interval : {300, 600, 1200, 2400, 4000, 4000}) {
    EXPECT_EQ(circuit.next_probe() - now, seconds(interval));
    now = circuit.next_probe();
    circuit.OnProbe();
    circuit.OnFailure(kPath, now);
  }
  EXPECT_EQ(circuit.open_since(), kNow);
}

TEST(Circuit, HasOneProbeAtATime) {
  Circuit circuit(kRules);
  circuit.OnFailure(kPath, kNow);
  circuit.OnProbe();
  EXPECT_TRUE(circuit.MayProbe(kNow));
  circuit.OnProbeDropped();
  EXPECT_FALSE(circuit.MayProbe(kNow));
}

TEST(Circuit, ClosesWhenAConnectionStandsAndForgetsTheIntervals) {
  Circuit circuit(kRules);
  circuit.OnFailure(kPath, kNow);
  circuit.OnProbe();
  circuit.OnFailure(kPath, kNow + seconds(300));
  circuit.OnProbe();
  circuit.OnConnected();
  EXPECT_FALSE(circuit.is_open());
  circuit.OnFailure(kPath, kNow);
  EXPECT_EQ(circuit.next_probe(), kNow + seconds(300));
}

TEST(Circuit, TakesLostConnectionsForTheMessagesTroubleUntilThereAreManyInARow) {
  Circuit circuit(kRules);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(circuit.OnCut(kPath, kNow));
  circuit.OnDelivery();
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(circuit.OnCut(kPath, kNow));
  EXPECT_FALSE(circuit.is_open());
  EXPECT_TRUE(circuit.OnCut(kPath, kNow));
  EXPECT_TRUE(circuit.is_open());
}

// The relay greets everybody and hangs up on every message: that it greets again says nothing.
TEST(Circuit, NeedsADeliveryAfterManyLostConnections) {
  Circuit circuit(kRules);
  for (int i = 0; i < 5; ++i) circuit.OnCut(kPath, kNow);
  circuit.OnConnected();  // one that was on its way
  EXPECT_TRUE(circuit.is_open());
  circuit.OnProbe();
  circuit.OnConnected();
  EXPECT_TRUE(circuit.MayProbe(kNow));
  EXPECT_TRUE(circuit.OnCut(kPath, kNow + seconds(300)));
  EXPECT_EQ(circuit.next_probe(), kNow + seconds(900));
  circuit.OnProbe();
  circuit.OnConnected();
  circuit.OnDelivery();
  EXPECT_FALSE(circuit.is_open());
}

TEST(Circuit, ClosesNoAccountsCircuitByADelivery) {
  Circuit circuit(kRules);
  circuit.OnFailure(kAccount, kNow);
  EXPECT_TRUE(circuit.OnCut(kPath, kNow));
  circuit.OnDelivery();
  EXPECT_TRUE(circuit.is_open());
}

TEST(Circuit, ResumesAnOpenCircuitWithOneProbeAtOnce) {
  Circuit circuit(kRules);
  circuit.Resume(kAccount, kNow - seconds(1000), kNow);
  EXPECT_TRUE(circuit.is_open());
  EXPECT_TRUE(circuit.MayProbe(kNow));
  EXPECT_EQ(circuit.open_since(), kNow - seconds(1000));
  circuit.OnProbe();
  circuit.OnFailure(kAccount, kNow);
  EXPECT_EQ(circuit.next_probe(), kNow + seconds(300));
}

TEST(Circuit, NeverProbesWithoutAPause) {
  Circuit circuit({seconds(0), seconds(0), seconds(0), 5});
  circuit.OnFailure(kPath, kNow);
  EXPECT_EQ(circuit.next_probe(), kNow + seconds(1));
}

TEST(Circuit, TriesNothingOfflineAndAtOnceWithANewWay) {
  Circuit circuit(kRules);
  circuit.OnOffline(kPath, kNow);
  EXPECT_TRUE(circuit.is_open());
  EXPECT_FALSE(circuit.MayProbe(kNow + seconds(100000)));
  circuit.OnNewWay(kNow + seconds(100000));
  EXPECT_TRUE(circuit.MayProbe(kNow + seconds(100000)));
  circuit.OnConnected();
  EXPECT_FALSE(circuit.is_open());
}

TEST(Circuit, CountsNoFailureOffline) {
  Circuit circuit(kRules);
  circuit.OnFailure(kPath, kNow);
  circuit.OnOffline(kPath, kNow);
  for (int i = 0; i < 10; ++i) circuit.OnFailure(kPath, kNow);
  circuit.OnNewWay(kNow);
  circuit.OnProbe();
  circuit.OnFailure(kPath, kNow);
  EXPECT_EQ(circuit.next_probe(), kNow + kRules.shortest_probe_interval);
}

TEST(Circuit, ProbesAtOnceByOrderWhateverOpenedTheCircuit) {
  for (const auto& why : {kPath, kAccount}) {
    Circuit circuit(kRules);
    circuit.OnOrder(kNow);
    EXPECT_FALSE(circuit.is_open()) << "a closed one stays as it is";
    circuit.OnFailure(why, kNow);
    circuit.OnProbe();
    circuit.OnFailure(why, kNow);
    EXPECT_EQ(circuit.next_probe(), kNow + seconds(600));
    circuit.OnOrder(kNow + seconds(1));
    EXPECT_TRUE(circuit.is_open());
    EXPECT_TRUE(circuit.MayProbe(kNow + seconds(1)));
    circuit.OnProbe();
    circuit.OnFailure(why, kNow + seconds(1));
    EXPECT_EQ(circuit.next_probe(), kNow + seconds(301)) << "intervals begin anew";
    circuit.OnOffline(why, kNow + seconds(2));
    circuit.OnOrder(kNow + seconds(2));
    EXPECT_FALSE(circuit.MayProbe(kNow + seconds(2))) << "without a network nothing is tried";
  }
}

TEST(Circuit, LeavesAnAccountsCircuitAsItIsWithANewWay) {
  Circuit circuit(kRules);
  circuit.OnFailure(kAccount, kNow);
  circuit.OnOffline(kPath, kNow);
  circuit.OnNewWay(kNow + seconds(1));
  EXPECT_FALSE(circuit.MayProbe(kNow + seconds(1)));
  EXPECT_EQ(circuit.reason().why, kAccount.why);
  EXPECT_TRUE(circuit.MayProbe(kNow + seconds(300)));
}

TEST(Circuit, ProbesAtOnceWithANewWayWhereACertificateWasNotTrusted) {
  Circuit circuit(kRules);
  circuit.OnFailure({{4, 7, 5}, "certificate has expired", mail::Fault::kAccount}, kNow);
  circuit.OnNewWay(kNow + seconds(1));
  EXPECT_TRUE(circuit.MayProbe(kNow + seconds(1)));
}

}  // namespace
}  // namespace outpost::queue_runner
