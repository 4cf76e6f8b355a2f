#include "queue-runner/verdicts.h"

#include <gmock/gmock.h>

#include "lib/sys/text.h"
#include "tests/unit/queue-runner/parts_fixture.h"

namespace outpost::queue_runner {
namespace {

using testing::HasSubstr;

const queue::Route kRelay{"smtp", "relay.one"};
const mail::Verdict kRefused = mail::Returned{{5, 1, 1}, "550 no such user"};

class VerdictsTest : public PartsTest {
 protected:
  void SetUp() override {
    PartsTest::SetUp();
    policy_.notices.bounce_size_limit = 50000;
    policy_.notices.double_bounce_sender = "double-bounce@host.test";
    reports_.emplace(*context_, [](const queue::Route&) {});
    verdicts_.emplace(*context_, *reports_, Verdicts::Listener{[](const queue::Route&) {}, [](Microseconds) {}});
  }

  // A message in the queue, all of it in flight in units of 50 recipients.
  std::vector<UnitPointer> PutInFlight(size_t recipients, const std::string& header = "Subject: x\n") {
    queue::NewMessage message;
    message.id = mail::QueueId::Make(sys::WallClock(), 7);
    message.envelope.sender = "a@example.org";
    message.arrival = sys::WallClock();
    message.header_bytes = header.size();
    for (size_t i = 0; i < recipients; ++i) {
      message.envelope.recipients.push_back({sys::Cat("r", i, "@example.net"), {}, {}, {}});
    }
    const std::vector<queue::Route> routes(recipients, kRelay);
    EXPECT_TRUE(queue_->Begin());
    EXPECT_TRUE(queue_->Insert(message, *sys::SealedCopy(header + "\n"), routes, 0));
    EXPECT_TRUE(queue_->Commit());
    std::vector<UnitPointer> units;
    const auto lane = queue::LaneOf(recipients, header.size());
    auto due = queue_->Due(kRelay, lane, sys::WallClock(), recipients);
    for (auto& one : *due) {
      if (units.empty() || units.back()->recipients.size() == 50) {
        units.push_back(std::make_shared<Unit>());
        units.back()->message = *active_.FindOrRead(*queue_, one.message);
        ++units.back()->message->units_in_flight;
      }
      units.back()->recipients.push_back(std::move(one));
      units.back()->answered.push_back(false);
    }
    return units;
  }

  void Answer(Unit& unit, const mail::Verdict& verdict) {
    for (size_t i = 0; i < unit.recipients.size(); ++i) verdicts_->OnVerdict(unit, i, verdict, "");
    verdicts_->OnUnitEnd(unit);
    verdicts_->Contribute();
    ASSERT_TRUE(batch_->Commit());
  }

  // Messages in the queue whose sender is null.
  size_t CountNotices() {
    const auto listed = queue_->List(0, 1000, 1);
    return static_cast<size_t>(
        std::ranges::count_if(*listed, [](const auto& one) { return one.message.envelope.sender.empty(); }));
  }

  std::optional<Reports> reports_;
  std::optional<Verdicts> verdicts_;
};

TEST_F(VerdictsTest, TellsOfAllThatFailedInOneNoticeWhenNoneIsInFlight) {
  const auto units = PutInFlight(150);
  Answer(*units[0], kRefused);
  Answer(*units[1], mail::Delivered{{2, 0, 0}, "250 ok"});
  EXPECT_EQ(CountNotices(), 0U);
  Answer(*units[2], kRefused);
  EXPECT_EQ(CountNotices(), 1U);
  EXPECT_EQ(queue_->Count()->messages, 1U) << "the message itself is gone";
}

TEST_F(VerdictsTest, HoldsNoMoreThanABoundedNumberOfThoseThatFailed) {
  const auto units = PutInFlight(2000);
  size_t most = 0;
  for (const auto& unit : units) {
    if (unit == units.back()) {
      EXPECT_GT(CountNotices(), 0U) << "not all are told of at the end";
    }
    Answer(*unit, kRefused);
    most = std::max(most, unit->message->failed.size());
  }
  EXPECT_LT(most, Verdicts::kToldTogether);
  EXPECT_LE(CountNotices(), 2000 / Verdicts::kToldTogether + 1);
  EXPECT_EQ(queue_->Count()->messages, CountNotices()) << "the message itself is gone";
}

TEST_F(VerdictsTest, CutsAHeaderThatIsTooLongForANoticeAfterALine) {
  policy_.notices.bounce_size_limit = 30;
  const auto units = PutInFlight(1, "Subject: quoted\nX-Cut: amid this line\nX-Beyond: the limit\n");
  Answer(*units[0], kRefused);
  const auto listed = queue_->List(0, 10, 1);
  ASSERT_EQ(listed->size(), 1U);
  const std::string notice = *queue_->ContentHead(listed->front().message.key, 100000);
  EXPECT_THAT(notice, HasSubstr("text/rfc822-headers\n\nReturn-Path: <a@example.org>\nSubject: quoted\n\n--"));
}

// It must be told all the same: a notice that cannot be made would be tried for ever.
TEST_F(VerdictsTest, QuotesNothingOfAMessageThatIsNotAllThere) {
  const auto units = PutInFlight(1);
  units[0]->message->facts.content_bytes = 5000;  // as its row says
  Answer(*units[0], kRefused);
  const auto listed = queue_->List(0, 10, 1);
  ASSERT_EQ(listed->size(), 1U);
  const std::string notice = *queue_->ContentHead(listed->front().message.key, 100000);
  EXPECT_THAT(notice, HasSubstr("550 no such user"));
  EXPECT_THAT(notice, testing::Not(HasSubstr("Subject: x")));
}

}  // namespace
}  // namespace outpost::queue_runner
