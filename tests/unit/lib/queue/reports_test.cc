#include "lib/queue/reports.h"

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

class QueueReports : public QueueTest {
 protected:
  MessageKey PutFrom(uint64_t number, const std::string& sender, Microseconds clock) {
    queue().SetWaitingClock(clock);
    NewMessage message;
    message.id = mail::QueueId::Make(kStart, number);
    message.envelope.sender = sender;
    message.envelope.recipients = {{"one@example.net", {}, {}, {}}, {"two@example.net", {}, {}, {}}};
    message.arrival = kStart;
    message.header_bytes = 2;
    EXPECT_TRUE(queue().Begin());
    const std::vector<Route> routes(2, kRelay);
    const auto stored = queue().Insert(message, *sys::SealedCopy("a\n\n"), routes, 0);
    EXPECT_TRUE(stored);
    EXPECT_TRUE(queue().Commit());
    return stored->key;
  }
  void Change(const std::function<Result<void>()>& change) {
    ASSERT_TRUE(queue().Begin());
    ASSERT_TRUE(change());
    ASSERT_TRUE(queue().Commit());
  }
};

TEST_F(QueueReports, FindMessagesOfSendersByTheirAge) {
  const MessageKey first = PutFrom(1, "a@example.org", seconds(10));
  PutFrom(2, "", seconds(10));
  const MessageKey second = PutFrom(3, "a@example.org", seconds(10));
  const MessageKey third = PutFrom(4, "a@example.org", seconds(20));
  PutFrom(5, "a@example.org", seconds(30));
  std::vector<MessageKey> found;
  AgePlace place;
  while (true) {
    const auto step = queue().WaitingLonger(place, seconds(30), 1);
    ASSERT_TRUE(step);
    if (step->empty()) break;
    found.push_back(step->front().key);
    place = {step->front().waiting_since, step->front().key};
  }
  EXPECT_EQ(found, (std::vector{first, second, third}));
}

// A million messages that were submitted while there was no network have the same age.
TEST_F(QueueReports, WalkNotOverAllMessagesOfOneAge) {
  static int steps = 0;
  const auto count_steps = [](sqlite3* database, char**, const sqlite3_api_routines*) {
    sqlite3_progress_handler(
        database, 1, [](void*) { return ++steps, 0; }, nullptr);
    return SQLITE_OK;
  };
  const auto extension = reinterpret_cast<void (*)()>(
      static_cast<int (*)(sqlite3*, char**, const sqlite3_api_routines*)>(count_steps));
  sqlite3_auto_extension(extension);
  MessageKey last = 0;
  for (uint64_t number = 1; number <= 200; ++number) last = PutFrom(number, "a@example.org", seconds(10));
  steps = 0;
  const auto found = queue().WaitingLonger({seconds(10), last - 1}, seconds(30), 10);
  sqlite3_cancel_auto_extension(extension);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().key, last);
  EXPECT_LT(steps, 200);
}

TEST_F(QueueReports, BelieveNoMessageThatItWaitsSinceEver) {
  PutFrom(1, "a@example.org", seconds(10));
  for (const char* edit : {"9223372036854775806", "-9223372036854775808"}) {
    Edit(sys::Cat("UPDATE message SET waiting_since = ", edit));
    const auto found = queue().WaitingLonger({}, Microseconds::max(), 10);
    ASSERT_EQ(found->size(), 1U);
    EXPECT_LE(found->front().waiting_since, kLastTime);
    EXPECT_GE(found->front().waiting_since, -kLastTime);
  }
}

TEST_F(QueueReports, RememberOverACrashWhetherASenderWasWarned) {
  const MessageKey key = PutFrom(1, "a@example.org", seconds(10));
  EXPECT_EQ((*queue().Message(key))->warning, Warning::kNotYet);
  Change([&] { return queue().MarkWarned(key, Warning::kSent); });
  CrashAndReopen();
  EXPECT_EQ((*queue().Message(key))->warning, Warning::kSent);
}

TEST_F(QueueReports, ListWhatOfAMessageIsNotSettled) {
  const MessageKey key = PutFrom(1, "a@example.org", seconds(10));
  const auto due = queue().Unsettled(key, 10);
  ASSERT_EQ(due->size(), 2U);
  Change([&] {
    const Outcome sent{due->front().key, RecipientState::kSent, {}, true, "2.0.0", "250 ok", ""};
    return queue().Record(key, std::span(&sent, 1), kStart);
  });
  Change([&] {
    const RecipientKey last = due->back().key;
    return queue().MarkDispatched(std::span(&last, 1), kStart);
  });
  const auto unsettled = queue().Unsettled(key, 10);
  ASSERT_EQ(unsettled->size(), 1U);
  EXPECT_EQ(unsettled->front().recipient.address, "two@example.net");
}

TEST_F(QueueReports, KeepWhatIsStillToBeToldUntilItIs) {
  Untold untold;
  untold.reader = untold.sender = "a@example.org";
  untold.since = kStart;
  untold.id = "0QnW9LwHqFzJbQ1Lt";
  untold.arrival = kStart;
  untold.envelope_id = "QQ";
  untold.recipient = {"bob@example.net", "bob", {}, "rfc822;bob@example.net"};
  untold.status = "5.1.1";
  untold.text = "550 nobody";
  untold.relay = "mx[192.0.2.1]:25";
  untold.expired = true;
  Untold copy = untold;
  copy.kind = ReportKind::kFailedCopy;
  Change([&]() -> Result<void> {
    for (const auto* one : {&untold, &untold, &copy}) {
      if (auto kept = queue().KeepUntold(*one); !kept) return kept;
    }
    return {};
  });
  CrashAndReopen();
  const auto summary = queue().SummarizeUntold(10);
  ASSERT_EQ(summary->size(), 2U);
  for (const auto& one : *summary) {
    EXPECT_EQ(one.reader, "a@example.org");
    EXPECT_EQ(one.oldest, kStart);
    EXPECT_EQ(one.count, one.kind == ReportKind::kFailed ? 2U : 1U);
  }
  const auto read = queue().ReadUntold("a@example.org", ReportKind::kFailed, 10);
  ASSERT_EQ(read->size(), 2U);
  const Untold& first = read->front();
  EXPECT_EQ(first.id, untold.id);
  EXPECT_EQ(first.arrival, kStart);
  EXPECT_EQ(first.envelope_id, "QQ");
  EXPECT_EQ(first.recipient, untold.recipient);
  EXPECT_EQ(first.status, "5.1.1");
  EXPECT_EQ(first.text, "550 nobody");
  EXPECT_EQ(first.relay, "mx[192.0.2.1]:25");
  EXPECT_TRUE(first.expired);
  Change([&] { return queue().EraseUntold("a@example.org", ReportKind::kFailed, first.key); });
  EXPECT_EQ(queue().ReadUntold("a@example.org", ReportKind::kFailed, 10)->size(), 1U);
}

}  // namespace
}  // namespace outpost::queue
