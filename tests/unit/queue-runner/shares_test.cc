#include "queue-runner/shares.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using enum queue::Lane;

TEST(Shares, LeavesAConnectionToLightMailAndOneToBulk) {
  const struct {
    size_t width, most, least;
  } kRows[] = {{0, 1, 1}, {1, 1, 1}, {2, 1, 1}, {3, 2, 1}, {5, 4, 1}, {8, 6, 2}, {20, 15, 5}, {100, 75, 25}};
  for (const auto& row : kRows) {
    EXPECT_EQ(MostBulk(row.width), row.most) << row.width;
    EXPECT_EQ(LeastBulk(row.width), row.least) << row.width;
  }
}

TEST(Shares, ChoosesTheLaneThatCanGo) {
  EXPECT_EQ(ChooseLane({false, false, 5, 0, false}), std::nullopt);
  EXPECT_EQ(ChooseLane({true, false, 5, 0, false}), kLight);
  EXPECT_EQ(ChooseLane({false, true, 5, 4, true}), kBulk);
}

TEST(Shares, PrefersLightMailWhereBulkHasItsShare) {
  EXPECT_EQ(ChooseLane({true, true, 5, 0, false}), kBulk);
  EXPECT_EQ(ChooseLane({true, true, 5, 1, false}), kLight);
  EXPECT_EQ(ChooseLane({true, true, 5, 4, false}), kLight);
  EXPECT_EQ(ChooseLane({true, true, 20, 4, false}), kBulk);
  EXPECT_EQ(ChooseLane({true, true, 20, 5, false}), kLight);
}

TEST(Shares, TakesTurnsOnASingleConnection) {
  EXPECT_EQ(ChooseLane({true, true, 1, 1, true}), kLight);
  EXPECT_EQ(ChooseLane({true, true, 1, 1, false}), kBulk);
}

}  // namespace
}  // namespace outpost::queue_runner
