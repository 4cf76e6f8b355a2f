// The walks over a deep queue: expiry.h and due_watch.h.
#include <algorithm>
#include <set>

#include "lib/sys/text.h"
#include "queue-runner/due_watch.h"
#include "queue-runner/expiry.h"
#include "tests/unit/queue-runner/parts_fixture.h"

namespace outpost::queue_runner {
namespace {

const queue::Route kDown{"smtp", "down.example.net"};
const queue::Route kUp{"smtp", "up.example.net"};

class WalksTest : public PartsTest {
 protected:
  void SetUp() override {
    PartsTest::SetUp();
    reports_.emplace(*context_, [](const queue::Route&) {});
    verdicts_.emplace(*context_, *reports_, Verdicts::Listener{[](const queue::Route&) {}, [](Microseconds) {}});
  }

  // In a batch that is open.
  void Put(uint64_t number, const queue::Route& route) {
    queue::NewMessage message;
    message.id = mail::QueueId::Make(sys::WallClock(), number);
    message.envelope.sender = "a@example.org";
    message.arrival = sys::WallClock();
    message.envelope.recipients.push_back({"b@example.net", {}, {}, {}});
    EXPECT_TRUE(queue_->Insert(message, *sys::SealedCopy("\n"), std::span(&route, 1), 0));
  }

  // Submissions that are still there.
  size_t CountLeft() {
    const auto listed = queue_->List(0, 1000, 1);
    return static_cast<size_t>(
        std::ranges::count_if(*listed, [](const auto& one) { return !one.message.envelope.sender.empty(); }));
  }

  std::optional<Reports> reports_;
  std::optional<Verdicts> verdicts_;
};

TEST_F(WalksTest, ReturnsInPiecesWhatHasExpiredBehindWhatCannotBeReached) {
  ASSERT_TRUE(queue_->Begin());
  for (uint64_t number = 0; number < 250; ++number) Put(number, number % 50 == 0 ? kUp : kDown);
  queue_->SetWaitingClock(queue_->waiting_clock() + policy_.schedule.maximal_queue_lifetime);
  Put(250, kDown);
  ASSERT_TRUE(queue_->Commit());
  queue_->SetWaitingClock(queue_->waiting_clock() + std::chrono::seconds(1));
  const mail::Deferred why{{4, 4, 1}, "no answer", mail::Fault::kPath};
  std::set<std::string> changed;
  Expiry expiry(*context_, *verdicts_,
                {[&](const queue::Route& route) { return route == kDown ? &why : nullptr; },
                 [&](const queue::Route& route) { changed.insert(route.next_hop); }});
  expiry.Step();
  verdicts_->Contribute();
  EXPECT_TRUE(batch_->Commit());
  EXPECT_EQ(CountLeft(), 251U) << "nobody has asked";
  expiry.Ask();
  std::vector<size_t> left;
  while (expiry.is_under_way()) {
    expiry.Step();
    verdicts_->Contribute();
    ASSERT_TRUE(batch_->Commit());
    left.push_back(CountLeft());
  }
  ASSERT_GE(left.size(), 3U);
  EXPECT_GE(left[0], 151U) << "at most a hundred at once";
  EXPECT_EQ(left.back(), 6U) << "what may leave, and what is not old";
  EXPECT_EQ(changed, std::set{kDown.next_hop}) << "a page of it that has been read is no longer true";
}

TEST_F(WalksTest, NamesWhatIsDueAsFarAsThereIsPlaceForIt) {
  ASSERT_TRUE(queue_->Begin());
  for (uint64_t number = 0; number < 1200; ++number) {
    Put(number, {"smtp", sys::Cat("d", number, ".example.net")});
  }
  ASSERT_TRUE(queue_->Commit());
  std::set<std::string> named;
  size_t places = 500;
  DueWatch watch(*context_, false,
                 {[&](const queue::Route& route) { named.insert(route.next_hop); },
                  [&] { return named.size() < places; }, [] {}});
  watch.LookAgain();
  for (int round = 0; round < 10; ++round) watch.Step();
  EXPECT_EQ(named.size(), 500U);
  EXPECT_TRUE(watch.is_looking());
  places = 2000;
  for (int round = 0; round < 10; ++round) watch.Step();
  EXPECT_EQ(named.size(), 1200U);
  EXPECT_FALSE(watch.is_looking());
}

// What is tried now and then must not hide what was put off by a clock that was wrong.
TEST_F(WalksTest, NoticesWhatIsPutOffFurtherThanAnythingIs) {
  int told = 0;
  DueWatch watch(*context_, false, {[](const queue::Route&) {}, [] { return true; }, [&told] { ++told; }});
  const auto put = [&](uint64_t number, Microseconds wait) {
    ASSERT_TRUE(queue_->Begin());
    Put(number, kUp);
    queue::Outcome outcome;
    const auto due = queue_->Due(kUp, queue::Lane::kLight, sys::WallClock(), 1);
    outcome.recipient = due->front().key;
    outcome.next_attempt = sys::WallClock() + wait;
    ASSERT_TRUE(queue_->Record(due->front().message, std::vector{outcome}, sys::WallClock()));
    ASSERT_TRUE(queue_->Commit());
  };
  const auto walk = [&] {
    watch.LookAgain();
    while (watch.is_looking()) watch.Step();
  };
  put(1, std::chrono::minutes(1));
  put(2, policy_.schedule.maximal_backoff_time);
  walk();
  EXPECT_EQ(told, 0);
  put(3, std::chrono::hours(24));
  walk();
  EXPECT_EQ(told, 1);
}

TEST(Pace, LetsAWalkTakeATwentiethOfAProcessor) {
  Pace pace;
  EXPECT_LE(pace.Wait(), Microseconds::zero());
  pace.BeginStep();
  for (const Microseconds until = sys::MonotonicClock() + std::chrono::milliseconds(20);
       sys::MonotonicClock() < until;) {
  }
  pace.EndStep();
  pace.EndWalk();
  EXPECT_GE(pace.Wait(), std::chrono::milliseconds(350));
}

}  // namespace
}  // namespace outpost::queue_runner
