#include "lib/queue/destinations.h"

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using QueueDestinations = QueueTest;

Destination MakeDestination() {
  Destination destination;
  destination.next_hop = "[relay.example.org]:587";
  destination.account = "me";
  destination.window = 3.5;
  destination.circuit = "open";
  destination.since = kStart;
  destination.depth = 20;
  destination.certificate = "ab:cd";
  destination.last_error = "login refused";
  return destination;
}

TEST_F(QueueDestinations, RemembersThemByNextHopAndAccount) {
  Destination destination = MakeDestination();
  Do([&] { return queue().SaveDestination(destination); });
  destination.account = "other";
  destination.circuit = "closed";
  Do([&] { return queue().SaveDestination(destination); });
  destination.window = 7;
  Do([&] { return queue().SaveDestination(destination); });
  CrashAndReopen();
  const auto found = queue().FindDestination("[relay.example.org]:587", "me");
  ASSERT_TRUE(found && found.value());
  const Destination& mine = **found;
  EXPECT_EQ(mine.next_hop, "[relay.example.org]:587");
  EXPECT_EQ(mine.account, "me");
  EXPECT_EQ(mine.window, 3.5);
  EXPECT_EQ(mine.circuit, "open");
  EXPECT_EQ(mine.since, kStart);
  EXPECT_EQ(mine.depth, 20U);
  EXPECT_EQ(mine.certificate, "ab:cd");
  EXPECT_EQ(mine.last_error, "login refused");
  EXPECT_EQ((*queue().FindDestination("[relay.example.org]:587", "other"))->window, 7);
  EXPECT_FALSE(queue().FindDestination("[relay.example.org]:587", "").value());
}

TEST_F(QueueDestinations, ForgetsWhatItIsTold) {
  Destination destination = MakeDestination();
  Do([&] { return queue().SaveDestination(destination); });
  destination.account = "other";
  destination.since = kStart + seconds(10);
  Do([&] { return queue().SaveDestination(destination); });
  Do([&] { return queue().ForgetDestinations(kStart + seconds(10)); });
  EXPECT_FALSE(queue().FindDestination(destination.next_hop, "me").value());
  EXPECT_TRUE(queue().FindDestination(destination.next_hop, "other").value());
  Do([&] { return queue().ForgetDestination(destination.next_hop, "other"); });
  EXPECT_FALSE(queue().FindDestination(destination.next_hop, "other").value());
}

// Or a restart would tell of it once more.
TEST_F(QueueDestinations, RemembersForAsLongAsItLastsWhatSomebodyWasToldOf) {
  Destination destination = MakeDestination();
  for (const char* circuit : {"", "open path", "open path told", "open account"}) {
    destination.account = destination.circuit = circuit;
    Do([&] { return queue().SaveDestination(destination); });
  }
  Do([&] { return queue().ForgetDestinations(kStart + seconds(10)); });
  EXPECT_FALSE(queue().FindDestination(destination.next_hop, "").value());
  EXPECT_FALSE(queue().FindDestination(destination.next_hop, "open path").value());
  EXPECT_TRUE(queue().FindDestination(destination.next_hop, "open path told").value());
  EXPECT_TRUE(queue().FindDestination(destination.next_hop, "open account").value());
}

TEST_F(QueueDestinations, ForgetsWhatCannotBeTrue) {
  for (const char* edit : {"window = -1", "window = 9e999", "depth = -5", "circuit = char(27)", "since = -1",
                           "since = 9223372036854775807"}) {
    Do([&] { return queue().SaveDestination(MakeDestination()); });
    Edit(sys::Cat("UPDATE destination SET ", edit));
    const auto found = queue().FindDestination("[relay.example.org]:587", "me");
    ASSERT_TRUE(found) << edit;
    EXPECT_FALSE(found.value()) << edit;
  }
}

}  // namespace
}  // namespace outpost::queue
