#include "queue-runner/window.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using std::chrono::seconds;
using enum Feedback::Per;

constexpr Microseconds kNow = seconds(1000000);
constexpr size_t kMany = 1000;  // connections in use

Window Make(size_t initial, size_t limit, Feedback positive = {}, Feedback negative = {}, size_t cohorts = 0) {
  return Window({initial, limit, positive, negative, cohorts, seconds(300)});
}

void Deliver(Window& window, int times, Microseconds now = kNow) {
  for (int i = 0; i < times; ++i) window.OnDelivery(kMany, now);
}

TEST(Window, BeginsWithTheInitialWidthWithinTheLimit) {
  EXPECT_EQ(Make(5, 20).width(), 5U);
  EXPECT_EQ(Make(5, 2).width(), 2U);
  EXPECT_EQ(Make(0, 0).width(), 1U);
}

TEST(Window, GrowsByThePositiveFeedback) {
  const struct {
    Feedback feedback;
    int deliveries;
    size_t width;
  } kRows[] = {
      {{1, kEvent}, 1, 6},
      {{1, kEvent}, 15, 20},
      {{1, kEvent}, 1000, 20},
      {{0.5, kEvent}, 1, 5},
      {{0.5, kEvent}, 2, 6},
      {{0, kEvent}, 1000, 5},
      {{1, kConcurrency}, 4, 5},
      {{1, kConcurrency}, 5, 6},
      {{1, kConcurrency}, 11, 7},
      {{1, kRootOfConcurrency}, 2, 5},
      {{1, kRootOfConcurrency}, 3, 6},
      {{0.1, kEvent}, 10, 6},
      {{1.0 / 3, kEvent}, 2, 5},
      {{1.0 / 3, kEvent}, 3, 6},
  };
  for (const auto& row : kRows) {
    Window window = Make(5, 20, row.feedback);
    Deliver(window, row.deliveries);
    EXPECT_EQ(window.width(), row.width) << row.feedback.amount << " " << row.deliveries;
  }
}

TEST(Window, GrowsNotFarBeyondTheConnectionsInUse) {
  Window window = Make(5, 20);
  for (int i = 0; i < 100; ++i) window.OnDelivery(3, kNow);
  EXPECT_EQ(window.width(), 8U);
}

// From a width of 10 with nothing standing, so that only the feedback counts.
TEST(Window, NarrowsByTheNegativeFeedbackAtOnce) {
  const struct {
    Feedback feedback;
    int failures;
    size_t width;
  } kRows[] = {
      {{1, kEvent}, 1, 9},
      {{1, kEvent}, 4, 6},
      {{1, kEvent}, 100, 1},
      {{0.5, kEvent}, 1, 9},
      {{0.5, kEvent}, 2, 9},
      {{0.5, kEvent}, 3, 8},
      {{1, kConcurrency}, 1, 9},
      {{1, kConcurrency}, 9, 9},
      {{1, kConcurrency}, 10, 8},
      {{1, kRootOfConcurrency}, 3, 9},
      {{1, kRootOfConcurrency}, 4, 8},
      {{0, kEvent}, 100, 10},
  };
  for (const auto& row : kRows) {
    Window window = Make(10, 20, {}, row.feedback);
    for (int i = 0; i < row.failures; ++i) EXPECT_FALSE(window.OnFailure(0, kNow));
    EXPECT_EQ(window.width(), row.width) << row.feedback.amount << " " << row.failures;
  }
}

TEST(Window, NarrowsToWhatStandsAndDoesNotGrowForAWhile) {
  Window window = Make(5, 20);
  Deliver(window, 15);
  EXPECT_FALSE(window.OnFailure(3, kNow));
  EXPECT_EQ(window.width(), 3U);
  Deliver(window, 100, kNow + seconds(299));
  EXPECT_EQ(window.width(), 3U);
  Deliver(window, 1, kNow + seconds(300));
  EXPECT_EQ(window.width(), 4U);
}

TEST(Window, DeclaresDeadAfterSoManyCohorts) {
  const struct {
    size_t limit;
    size_t standing;  // with each failure
    int failures;     // that it takes; 0: never
  } kRows[] = {{1, 0, 1}, {1, 1, 2}, {1, 4, 5}, {2, 0, 2}, {3, 4, 15}, {0, 0, 0}};
  for (const auto& row : kRows) {
    Window window = Make(5, 20, {}, {}, row.limit);
    int failures = 1;
    while (failures < 1000 && !window.OnFailure(row.standing, kNow)) ++failures;
    EXPECT_EQ(failures, row.failures == 0 ? 1000 : row.failures) << row.limit << " " << row.standing;
  }
}

TEST(Window, BeginsToCountCohortsAnewAfterAGoodWord) {
  Window window = Make(5, 20, {}, {}, 2);
  EXPECT_FALSE(window.OnFailure(0, kNow));
  window.OnConnected();
  EXPECT_FALSE(window.OnFailure(0, kNow));
  Deliver(window, 1);
  EXPECT_FALSE(window.OnFailure(0, kNow));
  EXPECT_TRUE(window.OnFailure(0, kNow));
}

TEST(Window, IsAsAtFirstAfterAReset) {
  Window window = Make(5, 20, {}, {}, 1);
  Deliver(window, 15);
  EXPECT_TRUE(window.OnFailure(0, kNow));
  window.Reset();
  EXPECT_EQ(window.width(), 5U);
}

}  // namespace
}  // namespace outpost::queue_runner
