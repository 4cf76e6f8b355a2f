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
  const auto mine = queue().LoadDestination("[relay.example.org]:587", "me");
  ASSERT_TRUE(mine && mine.value());
  EXPECT_EQ(mine.value()->window, 3.5);
  EXPECT_EQ(mine.value()->circuit, "open");
  EXPECT_EQ(mine.value()->since, kStart);
  EXPECT_EQ(mine.value()->depth, 20U);
  EXPECT_EQ(mine.value()->certificate, "ab:cd");
  EXPECT_EQ(mine.value()->last_error, "login refused");
  EXPECT_EQ(queue().LoadDestination("[relay.example.org]:587", "other").value()->window, 7);
  EXPECT_FALSE(queue().LoadDestination("[relay.example.org]:587", "").value().has_value());
  EXPECT_EQ(queue().LoadDestinations(10)->size(), 2U);
}

TEST_F(QueueDestinations, ForgetsWhatCannotBeTrue) {
  for (const char* edit : {"window = -1", "window = 9e999", "depth = -5", "circuit = char(27)"}) {
    Do([&] { return queue().SaveDestination(MakeDestination()); });
    Edit(sys::Cat("UPDATE destination SET ", edit));
    const auto loaded = queue().LoadDestination("[relay.example.org]:587", "me");
    ASSERT_TRUE(loaded) << edit;
    EXPECT_FALSE(loaded.value().has_value()) << edit;
  }
}

}  // namespace
}  // namespace outpost::queue
