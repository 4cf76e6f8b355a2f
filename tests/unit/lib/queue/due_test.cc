#include "lib/queue/due.h"

#include <set>

#include <gmock/gmock.h>

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class QueueDue : public QueueTest {
 protected:
  // Defers recipient 0 of message `stored` until `next`.
  void Defer(const Stored& stored, Microseconds next, RecipientState state = RecipientState::kQueued) {
    Outcome outcome = MakeOutcome(stored.first_recipient, state, "450 later");
    outcome.next_attempt = next;
    Record(stored.key, outcome);
  }
  static std::vector<MessageKey> MessagesOf(const std::vector<QueuedRecipient>& recipients) {
    std::vector<MessageKey> keys;
    keys.reserve(recipients.size());
    for (const auto& recipient : recipients) keys.push_back(recipient.message);
    return keys;
  }
};

const Route kOther{"smtp", "[other.example.org]"};
const Route kLocal{"local", "host.example.com"};

TEST_F(QueueDue, SelectsWhatIsDueOldestFirst) {
  const Stored late = Put(1);
  const Stored early = Put(2);
  const Stored never = Put(3);
  Defer(late, kStart + seconds(20));
  Defer(early, kStart + seconds(10));
  Defer(never, kStart + seconds(90));
  EXPECT_THAT(DueAt(kStart + seconds(9)), IsEmpty());
  EXPECT_THAT(MessagesOf(DueAt(kStart + seconds(10))), ElementsAre(early.key));
  EXPECT_THAT(MessagesOf(DueAt(kStart + seconds(60))), ElementsAre(early.key, late.key));
  EXPECT_THAT(MessagesOf(DueAt(kStart + seconds(60), 1)), ElementsAre(early.key));
}

TEST_F(QueueDue, KeepsFewRecipientsAndLittleContentApartFromTheRest) {
  const Stored many = Put(1, kLightRecipients + 1);
  const Stored large = Put(MakeMessage(2), std::string(kLightBytes + 1, 'x'));
  const Stored few = Put(3, kLightRecipients);
  const Stored small = Put(MakeMessage(4), std::string(kLightBytes, 'x'));
  const auto light = queue().Due(kRelay, Lane::kLight, kStart + seconds(1), 1000);
  const auto bulk = queue().Due(kRelay, Lane::kBulk, kStart + seconds(1), 1000);
  ASSERT_TRUE(light && bulk);
  EXPECT_EQ(light->size(), kLightRecipients + 1);
  EXPECT_EQ(light->front().message, few.key);
  EXPECT_EQ(light->back().message, small.key);
  EXPECT_EQ(bulk->size(), kLightRecipients + 2);
  EXPECT_EQ(bulk->front().message, many.key);
  EXPECT_EQ(bulk->back().message, large.key);
}

// One user's 20,000 alerts and another's single one, to the same relay.
TEST_F(QueueDue, TakesUsersInTurn) {
  const auto put = [&](uint64_t number, uint32_t uid) {
    NewMessage message = MakeMessage(number);
    message.uid = uid;
    return Put(message).key;
  };
  std::vector<MessageKey> busy;
  for (uint64_t number = 1; number <= 20; ++number) busy.push_back(put(number, 1000));
  const MessageKey third = put(21, 3000);
  const MessageKey second = put(22, 2000);
  const auto now = kStart + seconds(60);
  EXPECT_THAT(MessagesOf(DueAt(now, 100)), SizeIs(22)) << "a part that one does not need is the others'";
  auto page = MessagesOf(DueAt(now, 10));
  EXPECT_THAT(page, SizeIs(10));
  EXPECT_THAT(page, IsSupersetOf({second, third, busy[0], busy[1], busy[7]}));
  std::vector<MessageKey> firsts;
  for (int i = 0; i < 3; ++i) {
    for (const MessageKey key : MessagesOf(DueAt(now, 1))) firsts.push_back(key);
  }
  EXPECT_THAT(firsts, UnorderedElementsAre(busy[0], second, third)) << "each is first once";
}

TEST_F(QueueDue, WaitsInTwoStatesAlone) {
  struct Case {
    RecipientState state;
    bool waits;
  };
  const Case cases[] = {
      {RecipientState::kQueued, true}, {RecipientState::kDispatched, false}, {RecipientState::kInDoubt, true},
      {RecipientState::kHeld, false},  {RecipientState::kSent, false},       {RecipientState::kReturned, false},
      {RecipientState::kDead, false},
  };
  for (const auto& c : cases) {
    const Stored stored = Put(static_cast<uint64_t>(c.state) + 1);
    Defer(stored, kStart, c.state);
    const auto due = DueAt(kStart + seconds(1));
    ASSERT_EQ(due.size(), c.waits ? 1U : 0U) << ToString(c.state);
    if (c.waits) {
      EXPECT_EQ(due[0].state, c.state);
    }
    EXPECT_EQ(NextDueAfter(kStart - seconds(1)).has_value(), c.waits) << ToString(c.state);
    Do([&] { return queue().Remove(stored.key, kStart); });
  }
}

TEST_F(QueueDue, KeepsRecipientsOfOneMessageTogetherAndInOrder) {
  const Stored first = Put(1, 3);
  const Stored second = Put(2, 2);
  Outcome outcome = MakeOutcome(first.first_recipient + 1, RecipientState::kQueued);
  outcome.next_attempt = kStart + seconds(30);
  Record(first.key, outcome);
  std::vector<RecipientKey> keys;
  for (const auto& recipient : DueAt(kStart + seconds(60))) keys.push_back(recipient.key);
  EXPECT_THAT(keys, ElementsAre(first.first_recipient, first.first_recipient + 1, first.first_recipient + 2,
                                second.first_recipient, second.first_recipient + 1));
}

TEST_F(QueueDue, NamesEachRouteThatHasSomethingDue) {
  EXPECT_THAT(DueRoutesAt(kStart), IsEmpty());
  uint64_t number = 0;
  for (const auto& route : {kRelay, kOther, kLocal, kRelay, kLocal}) {
    const NewMessage message = MakeMessage(++number);
    Do([&] { return queue().Insert(message, MakeContent("x"), std::vector{route}, number % 2 == 0 ? 1 : 2); });
  }
  const Stored waiting = Put(10);
  Do([&] { return queue().SetRoute(waiting.first_recipient, {"smtp", "[later.example.org]"}, 1); });
  Defer(waiting, kStart + seconds(100));
  EXPECT_THAT(DueRoutesAt(kStart + seconds(1)), ElementsAre(kLocal, kOther, kRelay));
  EXPECT_EQ(DueAt(kStart + seconds(1), 10, kRelay).size(), 2U) << "whatever configuration routed them";
}

TEST_F(QueueDue, TellsTheNextTimeAfterAnother) {
  EXPECT_FALSE(NextDueAfter(kStart).has_value());
  const Stored a = Put(1);
  const Stored b = Put(2);
  Do([&] { return queue().SetRoute(b.first_recipient, kOther, 1); });
  Defer(a, kStart + seconds(20));
  Defer(b, kStart + seconds(10));
  EXPECT_EQ(NextDueAfter(kStart), kStart + seconds(10));
  EXPECT_EQ(NextDueAfter(kStart + seconds(10)), kStart + seconds(20));
  EXPECT_FALSE(NextDueAfter(kStart + seconds(20)).has_value());
}

TEST_F(QueueDue, RoutesAgainWhatAnotherConfigurationHadRouted) {
  Put(MakeMessage(1), "x", 1);
  Put(MakeMessage(2), "x", 2);
  const Stored third = Put(MakeMessage(3), "x", 3);
  const auto others = queue().RoutedByOther(2, 10);
  ASSERT_TRUE(others);
  ASSERT_EQ(others->size(), 2U);
  EXPECT_EQ(queue().RoutedByOther(2, 1)->size(), 1U);
  Do([&] {
    for (const auto& recipient : *others) {
      if (auto set = queue().SetRoute(recipient.key, kOther, 2); !set) return set;
    }
    return Result<void>();
  });
  CrashAndReopen();
  EXPECT_TRUE(queue().RoutedByOther(2, 10)->empty());
  EXPECT_EQ(DueAt(kStart + seconds(1), 10, kOther).size(), 2U);
  EXPECT_EQ(DueAt(kStart + seconds(1), 10, kRelay).size(), 1U);
  EXPECT_EQ(third.key, DueAt(kStart + seconds(1), 10, kOther)[1].message);
}

TEST_F(QueueDue, LeavesTheRouteOfWhatDoesNotWait) {
  const Stored stored = Put(1);
  Dispatch(stored.first_recipient);
  EXPECT_TRUE(queue().RoutedByOther(7, 10)->empty());
  Do([&] { return queue().SetRoute(stored.first_recipient, kOther, 7); });
  EXPECT_EQ((*queue().Undecided(10))[0].route, kRelay);
}

TEST_F(QueueDue, MakesEverythingDueInSlices) {
  constexpr uint64_t kMessages = 2500;
  Do([&]() -> Result<void> {
    for (uint64_t number = 1; number <= kMessages; ++number) {
      auto inserted =
          queue().Insert(MakeMessage(number), MakeContent("x"), std::vector{number % 2 == 0 ? kRelay : kOther},
                         static_cast<int64_t>(number % 3));
      if (!inserted) return inserted.error();
      Outcome outcome = MakeOutcome(inserted->first_recipient, RecipientState::kQueued, "450 later");
      if (auto set = queue().Record(inserted->key, std::vector{outcome}, kStart); !set) return set;
    }
    return {};
  });
  int calls = 0;
  for (bool more = true; more; ++calls) {
    Do([&] {
      auto made = queue().MakeAllDue(kStart + seconds(5));
      more = made && *made;
      return made;
    });
  }
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(DueAt(kStart + seconds(5), 5000, kOther).size(), kMessages / 2);
  EXPECT_EQ(DueAt(kStart + seconds(5), 5000, kRelay).size(), kMessages / 2);
}

TEST_F(QueueDue, WalksInStepsOverWhatWaits) {
  std::vector<MessageKey> waiting;
  for (uint64_t number = 1; number <= 12; ++number) {
    const Stored stored = Put(number, 100);
    Defer(stored, kStart + seconds(100), number % 2 == 0 ? RecipientState::kDead : RecipientState::kInDoubt);
    waiting.insert(waiting.end(), number % 2 == 0 ? 99 : 100, stored.key);
  }
  std::vector<MessageKey> walked;
  int steps = 0;
  for (std::optional<WalkPlace> place = WalkPlace{}; place; ++steps) {
    auto step = queue().WalkWaiting(*place, INT64_MAX);
    ASSERT_TRUE(step) << step.error().text();
    EXPECT_LE(step->recipients.size(), 1000U);
    for (const auto key : MessagesOf(step->recipients)) walked.push_back(key);
    place = step->next;
  }
  EXPECT_EQ(steps, 2);
  EXPECT_EQ(walked, waiting);
}

TEST_F(QueueDue, WalksOverOneMessageAlone) {
  Put(1, 3);
  const Stored meant = Put(2, 3);
  Put(3, 3);
  EXPECT_EQ(*queue().Find(MakeId(2)), meant.key);
  const auto step = queue().WalkWaiting({meant.key, INT64_MIN}, meant.key);
  ASSERT_TRUE(step) << step.error().text();
  EXPECT_THAT(MessagesOf(step->recipients), ElementsAre(meant.key, meant.key, meant.key));
  EXPECT_FALSE(step->next);
}

// Its number is none: a walk that went by recipients' keys would come back to it for ever.
TEST_F(QueueDue, WalksPastADamagedRow) {
  const Stored damaged = Put(1, 2);
  Put(2);
  Edit("UPDATE recipient SET number = -5 WHERE number = 1");
  const auto step = queue().WalkWaiting({}, INT64_MAX);
  ASSERT_TRUE(step) << step.error().text();
  EXPECT_EQ(step->recipients.size(), 2U);
  EXPECT_FALSE(step->next);
  const auto found = queue().TakeDamaged();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].message, damaged.key);
}

TEST_F(QueueDue, MakesARecipientDueByAnotherRoute) {
  struct Case {
    RecipientState state;
    Microseconds next;
    bool waits;
  };
  const Case cases[] = {
      {RecipientState::kQueued, kStart + seconds(100), true},
      {RecipientState::kInDoubt, kStart + seconds(100), true},
      {RecipientState::kQueued, kStart + seconds(1), true},
      {RecipientState::kHeld, kStart + seconds(100), false},
      {RecipientState::kDispatched, kStart + seconds(1), false},
  };
  for (const auto& c : cases) {
    const Stored stored = Put(static_cast<uint64_t>(&c - cases) + 1);
    Defer(stored, c.next, c.state);
    Do([&] { return queue().MakeDue(stored.first_recipient, kOther, 7, kStart + seconds(5)); });
    const auto due = DueAt(kStart + seconds(5), 10, kOther);
    ASSERT_EQ(due.size(), c.waits ? 1U : 0U) << &c - cases;
    if (c.waits) {
      EXPECT_EQ(due[0].next_attempt, std::min(c.next, kStart + seconds(5)));
      EXPECT_EQ(due[0].state, c.state);
    }
    EXPECT_TRUE(queue().RoutedByOther(7, 10)->empty());
    Do([&] { return queue().Remove(stored.key, kStart); });
  }
}

TEST_F(QueueDue, FindsOldMail) {
  queue().SetWaitingClock(seconds(100));
  const Stored old = Put(1);
  const Stored held = Put(4);
  Defer(held, kStart, RecipientState::kHeld);
  NewMessage notice = MakeMessage(5);
  notice.envelope.sender.clear();
  const Stored old_notice = Put(notice);
  queue().SetWaitingClock(seconds(101));
  Put(2000000);
  EXPECT_THAT(OldMail(false, seconds(100)), IsEmpty());
  EXPECT_THAT(MessagesOf(OldMail(false, seconds(101))), ElementsAre(old.key));
  EXPECT_THAT(MessagesOf(OldMail(true, seconds(101))), ElementsAre(old_notice.key));
}

TEST_F(QueueDue, WalksOverOldMailInBoundedSteps) {
  Put(1, 250);
  Do([&]() -> Result<void> {
    for (uint64_t number = 2; number < 1500; ++number) {
      const NewMessage message = MakeMessage(number);
      auto stored = queue().Insert(message, MakeContent("x"), RoutesOf(message), 1);
      if (!stored) return stored.error();
      if (number == 1400) continue;
      Outcome held = MakeOutcome(stored->first_recipient, RecipientState::kHeld);
      if (auto done = queue().Record(stored->key, std::span(&held, 1), kStart); !done) return done;
    }
    return {};
  });
  std::set<std::pair<MessageKey, uint32_t>> found;
  int steps = 0;
  for (std::optional<OldPlace> place = OldPlace{}; place; ++steps) {
    const auto step = queue().WalkOld(false, seconds(1), *place);
    ASSERT_TRUE(step);
    EXPECT_LE(step->recipients.size(), 100U);
    for (const auto& one : step->recipients) EXPECT_TRUE(found.emplace(one.message, one.number).second);
    place = step->next;
  }
  EXPECT_EQ(found.size(), 251U);
  EXPECT_EQ(steps, 4) << "100, 100, 50 of the first message and a thousand others, the rest";
}

TEST_F(QueueDue, WalksOverManyDestinationsInBoundedSteps) {
  Do([&]() -> Result<void> {
    for (uint64_t number = 1; number <= 1200; ++number) {
      const NewMessage message = MakeMessage(number);
      const Route route{"smtp", sys::Cat("d", number, ".example.net")};
      auto stored = queue().Insert(message, MakeContent("x"), std::span(&route, 1), 1);
      if (!stored) return stored.error();
    }
    return {};
  });
  int steps = 0;
  size_t routes = 0;
  for (std::optional<DuePlace> place = DuePlace{}; place; ++steps) {
    const auto step = queue().WalkDue(*place, kStart + seconds(1));
    ASSERT_TRUE(step);
    routes += step->routes.size();
    place = step->next;
  }
  EXPECT_EQ(routes, 1200U);
  EXPECT_EQ(steps, 3);
}

TEST_F(QueueDue, PutsOffWhatIsDueForARouteAlone) {
  const Stored due = Put(MakeMessage(1), "x", 1);
  Put(MakeMessage(2), "x", 2);
  const Stored later = Put(3);
  Defer(later, kStart + seconds(500));
  const Stored elsewhere = Put(4);
  Do([&] { return queue().SetRoute(elsewhere.first_recipient, kOther, 1); });
  Do([&]() -> Result<void> {
    auto more = queue().PutOff(kRelay, kStart + seconds(1), kStart + seconds(60), "4.4.1", "no answer");
    if (!more) return more.error();
    EXPECT_FALSE(*more);
    return {};
  });
  EXPECT_THAT(DueAt(kStart + seconds(59)), IsEmpty());
  EXPECT_EQ(DueAt(kStart + seconds(60)).size(), 2U);
  EXPECT_EQ(DueAt(kStart + seconds(60))[0].last_text, "no answer");
  EXPECT_EQ(DueAt(kStart + seconds(60))[0].message, due.key);
  EXPECT_EQ(DueAt(kStart + seconds(1), 10, kOther).size(), 1U);
}

TEST_F(QueueDue, KeepsTheWaitingClockOfTheLastCommit) {
  queue().SetWaitingClock(seconds(100));
  const Stored stored = Put(1);
  queue().SetWaitingClock(seconds(130));
  CrashAndReopen();
  EXPECT_EQ(queue().waiting_clock(), seconds(100));
  EXPECT_EQ((*queue().Message(stored.key))->waiting_since, seconds(100));
  queue().SetWaitingClock(seconds(160));
  Do([&] { return queue().SetRoute(stored.first_recipient, kOther, 1); });
  CrashAndReopen();
  EXPECT_EQ(queue().waiting_clock(), seconds(160));
}

TEST_F(QueueDue, RemembersWhatWasDispatchedWhenTheRunnerDied) {
  const Stored stored = Put(1, 2);
  Dispatch(stored.first_recipient + 1);
  CrashAndReopen();
  const auto undecided = queue().Undecided(10);
  ASSERT_TRUE(undecided);
  ASSERT_EQ(undecided->size(), 1U);
  EXPECT_EQ((*undecided)[0].key, stored.first_recipient + 1);
  Record(stored.key, MakeOutcome(stored.first_recipient + 1, RecipientState::kInDoubt, "no reply was seen"));
  CrashAndReopen();
  EXPECT_TRUE(queue().Undecided(10)->empty());
  EXPECT_EQ(DueAt(kStart + seconds(300)).size(), 2U);
}

TEST_F(QueueDue, TellsOfTheEarliestAndTheLatestThatWaits) {
  Put(1);
  for (uint64_t number = 2; number <= 4; ++number) {
    const Stored stored = Put(number);
    Outcome outcome = MakeOutcome(stored.first_recipient, RecipientState::kQueued);
    outcome.next_attempt = kStart + std::chrono::hours(number);
    Record(stored.key, outcome);
  }
  const auto step = queue().WalkDue(DuePlace{}, kStart + seconds(100));
  ASSERT_TRUE(step);
  EXPECT_EQ(step->next_attempt, kStart + std::chrono::hours(2));
  EXPECT_EQ(step->last_attempt, kStart + std::chrono::hours(4));
}

}  // namespace
}  // namespace outpost::queue
