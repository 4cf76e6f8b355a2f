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
  const auto loaded = queue().LoadDestinations(10);
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->size(), 2U);
  const Destination& mine = (*loaded)[0];
  EXPECT_EQ(mine.next_hop, "[relay.example.org]:587");
  EXPECT_EQ(mine.account, "me");
  EXPECT_EQ(mine.window, 3.5);
  EXPECT_EQ(mine.circuit, "open");
  EXPECT_EQ(mine.since, kStart);
  EXPECT_EQ(mine.depth, 20U);
  EXPECT_EQ(mine.certificate, "ab:cd");
  EXPECT_EQ(mine.last_error, "login refused");
  EXPECT_EQ((*loaded)[1].account, "other");
  EXPECT_EQ((*loaded)[1].window, 7);
}

TEST_F(QueueDestinations, ForgetsWhatCannotBeTrue) {
  for (const char* edit : {"window = -1", "window = 9e999", "depth = -5", "circuit = char(27)"}) {
    Do([&] { return queue().SaveDestination(MakeDestination()); });
    Edit(sys::Cat("UPDATE destination SET ", edit));
    const auto loaded = queue().LoadDestinations(10);
    ASSERT_TRUE(loaded) << edit;
    EXPECT_TRUE(loaded->empty()) << edit;
  }
}

}  // namespace
}  // namespace outpost::queue
