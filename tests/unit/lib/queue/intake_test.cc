#include "lib/queue/intake.h"

#include <cerrno>

#include <gmock/gmock.h>

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using ::testing::ElementsAre;

using QueueIntake = QueueTest;

IntakeKey KeyOf(const NewMessage& message) {
  return {message.id, message.uid, message.token, message.record_bytes, message.digest};
}

TEST_F(QueueIntake, KeepsEveryFieldOfAMessage) {
  NewMessage message = MakeMessage(1, 2);
  message.envelope.sender = "jürgen@example.com";
  message.envelope.envelope_id = "QQ314159";
  message.envelope.ret = mail::ReturnContent::kHeaders;
  message.envelope.body = mail::BodyType::k8BitMime;
  message.envelope.smtputf8 = true;
  message.envelope.recipients[1] = {
      "\"odd, one\"@example.net", "odd one", {false, true, false, true}, "rfc822;x@y"};
  message.header_bytes = 8;
  message.origin = Origin::kBounce;
  const Stored stored = Put(message, "From: a\n\n\xFF\n");
  CrashAndReopen();

  const auto found = queue().Message(stored.key);
  ASSERT_TRUE(found && found.value());
  const QueuedMessage& kept = **found;
  EXPECT_EQ(kept.id, message.id);
  EXPECT_EQ(kept.envelope.sender, message.envelope.sender);
  EXPECT_EQ(kept.envelope.envelope_id, "QQ314159");
  EXPECT_EQ(kept.envelope.ret, mail::ReturnContent::kHeaders);
  EXPECT_EQ(kept.envelope.body, mail::BodyType::k8BitMime);
  EXPECT_TRUE(kept.envelope.smtputf8);
  EXPECT_EQ(kept.origin, Origin::kBounce);
  EXPECT_EQ(kept.uid, 1000U);
  EXPECT_EQ(kept.arrival, message.arrival);
  EXPECT_EQ(kept.content_bytes, 11U);
  EXPECT_EQ(kept.header_bytes, 8U);
  const auto due = DueAt(kStart + seconds(1));
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].key, stored.first_recipient);
  EXPECT_EQ(due[1].key, stored.first_recipient + 1);
  EXPECT_EQ(due[1].recipient, message.envelope.recipients[1]);
  EXPECT_EQ(due[1].number, 1U);
  EXPECT_EQ(due[1].route, kRelay);
  EXPECT_EQ(ReadContent(stored.key), "From: a\n\n\xFF\n");
}

TEST_F(QueueIntake, KnowsASubmissionThatComesAgain) {
  NewMessage message = MakeMessage(1);
  Put(message);
  const mail::QueueId other = MakeId(2);
  struct Case {
    const char* what;
    IntakeKey key;
    bool known;
  };
  const std::vector<Case> cases = {
      {"the same", KeyOf(message), true},
      {"same token, another id", {other, 1000, message.token, 5, "digest"}, true},
      {"same id, another token", {message.id, 1000, "else", 5, "digest"}, true},
      {"same id, no token", {message.id, 1000, "", 5, "digest"}, true},
      {"another uid", {message.id, 1001, message.token, 5, "digest"}, false},
      {"another size", {message.id, 1000, message.token, 6, "digest"}, false},
      {"another digest", {message.id, 1000, message.token, 5, "other"}, false},
      {"nothing of it", {other, 1000, "else", 5, "digest"}, false},
  };
  for (const auto& c : cases) {
    const auto found = queue().FindKnown(c.key);
    ASSERT_TRUE(found) << c.what;
    EXPECT_EQ(found.value().has_value(), c.known) << c.what;
    if (found.value()) {
      EXPECT_EQ(found.value()->id, message.id) << c.what;
      EXPECT_TRUE(found.value()->is_whole) << c.what;
    }
  }
}

TEST_F(QueueIntake, KnowsASubmissionAfterItsMessageIsGone) {
  const NewMessage message = MakeMessage(1);
  const Stored stored = Put(message);
  Do([&] { return queue().Remove(stored.key, kStart); });
  CrashAndReopen();
  EXPECT_TRUE(queue().FindKnown(KeyOf(message)).value().has_value());
  EXPECT_TRUE(*queue().IsIdTaken(message.id));
}

TEST_F(QueueIntake, ForgetsSubmissionsButNoHistory) {
  const NewMessage old = MakeMessage(1);
  const NewMessage recent = MakeMessage(2);
  Put(old);
  Put(recent);
  Do([&] { return queue().ForgetIntake(std::vector{old.id}); });
  EXPECT_FALSE(queue().FindKnown(KeyOf(old)).value().has_value());
  EXPECT_TRUE(queue().FindKnown(KeyOf(recent)).value().has_value());
  EXPECT_TRUE(*queue().IsIdTaken(old.id));
}

TEST_F(QueueIntake, ListsWhatItHasAcceptedByAge) {
  using Ids = std::vector<mail::QueueId>;
  for (const uint64_t number : {4, 2, 3, 1}) Put(MakeMessage(number));
  const Microseconds before = kStart + Microseconds(4);
  EXPECT_EQ(queue().AcceptedBefore(before, {}, 2).value(), (Ids{MakeId(1), MakeId(2)}));
  EXPECT_EQ(queue().AcceptedBefore(before, MakeId(2), 2).value(), Ids{MakeId(3)});
  EXPECT_EQ(queue().AcceptedBefore(before, MakeId(3), 2).value(), Ids{});
}

TEST_F(QueueIntake, KeepsNoIntakeRowForABounce) {
  NewMessage bounce = MakeMessage(1);
  bounce.token.clear();
  Put(bounce);
  EXPECT_FALSE(queue().FindKnown(KeyOf(bounce)).value().has_value());
  EXPECT_TRUE(*queue().IsIdTaken(bounce.id));
}

TEST_F(QueueIntake, RefusesASecondMessageOfOneId) {
  Put(1);
  ASSERT_TRUE(queue().Begin());
  const auto second = queue().Insert(MakeMessage(1), MakeContent("x"), std::vector{kRelay}, 1);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), EEXIST);
  EXPECT_FALSE(queue().Commit()) << "nothing of a failed batch may be kept";
  EXPECT_FALSE(queue().in_batch());
  EXPECT_EQ(queue().Count()->messages, 1U);
}

TEST_F(QueueIntake, RefusesWhatItCouldNotReadBack) {
  struct Case {
    const char* what;
    void (*spoil)(NewMessage&);
  };
  const Case cases[] = {
      {"line break in sender", [](NewMessage& m) { m.envelope.sender = "a\nb"; }},
      {"Latin-1 in recipient", [](NewMessage& m) { m.envelope.recipients[0].address = "\xE9@x"; }},
      {"long recipient", [](NewMessage& m) { m.envelope.recipients[0].address = std::string(1001, 'a'); }},
      {"control in ORCPT", [](NewMessage& m) { m.envelope.recipients[0].orcpt = "rfc822;\x01"; }},
      {"long ENVID", [](NewMessage& m) { m.envelope.envelope_id = std::string(101, 'a'); }},
      {"header larger than content", [](NewMessage& m) { m.header_bytes = 100; }},
      {"more recipients than routes", [](NewMessage& m) { m.envelope.recipients.push_back({}); }},
      {"no recipient", [](NewMessage& m) { m.envelope.recipients.clear(); }},
  };
  for (const auto& c : cases) {
    NewMessage message = MakeMessage(1);
    c.spoil(message);
    ASSERT_TRUE(queue().Begin());
    const auto stored = queue().Insert(message, MakeContent("x\n"), std::vector{kRelay}, 1);
    ASSERT_FALSE(stored) << c.what;
    EXPECT_EQ(stored.error().code(), EINVAL) << c.what;
    queue().Rollback();
  }
  EXPECT_EQ(queue().Count()->messages, 0U);
}

TEST_F(QueueIntake, StoresLargeContentInPieces) {
  const std::string chunk(kContentChunk, 'x');
  const std::string rest = "the end\n";
  NewMessage message = MakeMessage(1);
  Stored stored;
  Do([&] {
    auto inserted = queue().InsertInvisible(message, 2 * kContentChunk + rest.size(), RoutesOf(message), 1);
    if (inserted) stored = *inserted;
    return inserted;
  });
  for (const auto& piece : {chunk, chunk, rest}) {
    Do([&] { return queue().AppendContent(stored.key, piece); });
    EXPECT_TRUE(DueAt(kStart + seconds(1)).empty()) << "invisible until it is whole";
    EXPECT_FALSE(queue().Message(stored.key).value().has_value());
    EXPECT_EQ(queue().List(0, 10, 10)->size(), 0U);
    EXPECT_EQ(queue().Count()->messages, 0U);
  }
  Do([&] { return queue().Publish(stored.key, kStart + seconds(5)); });
  CrashAndReopen();
  EXPECT_EQ(queue().Count()->messages, 1U);
  EXPECT_EQ(DueAt(kStart + seconds(5)).size(), 1U);
  EXPECT_EQ(ReadContent(stored.key), chunk + chunk + rest);
  EXPECT_EQ(*queue().ContentHead(stored.key, kContentChunk + 1), std::string(kContentChunk + 1, 'x'));
}

TEST_F(QueueIntake, DoesNotPublishContentThatIsNotWhole) {
  const NewMessage message = MakeMessage(1);
  Stored stored;
  Do([&] {
    auto inserted = queue().InsertInvisible(message, 100, RoutesOf(message), 1);
    if (inserted) stored = *inserted;
    return inserted;
  });
  Do([&] { return queue().AppendContent(stored.key, "only this"); });
  ASSERT_TRUE(queue().Begin());
  const auto published = queue().Publish(stored.key, kStart);
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().code(), EBADMSG);
  EXPECT_FALSE(queue().Commit());
}

TEST_F(QueueIntake, SaysThatASubmissionIsStillBeingStored) {
  const NewMessage message = MakeMessage(1);
  Do([&] { return queue().InsertInvisible(message, 100, RoutesOf(message), 1); });
  const auto found = queue().FindKnown(KeyOf(message));
  ASSERT_TRUE(found && found.value());
  EXPECT_EQ(found.value()->id, message.id);
  EXPECT_FALSE(found.value()->is_whole);
}

TEST_F(QueueIntake, LeavesNoTraceOfAMessageThatWasNotCompleted) {
  const NewMessage discarded = MakeMessage(1);
  const NewMessage interrupted = MakeMessage(2, 3);
  Stored stored;
  Do([&] {
    auto inserted = queue().InsertInvisible(discarded, 2000000, RoutesOf(discarded), 1);
    if (inserted) stored = *inserted;
    return inserted;
  });
  Do([&] { return queue().AppendContent(stored.key, "a piece"); });
  Do([&] { return queue().Discard(stored.key); });
  Do([&] {
    auto inserted = queue().InsertInvisible(interrupted, 2000000, RoutesOf(interrupted), 1);
    if (inserted) stored = *inserted;
    return inserted;
  });
  Do([&] { return queue().AppendContent(stored.key, "a piece"); });
  CrashAndReopen();
  for (const auto* message : std::vector{&discarded, &interrupted}) {
    EXPECT_FALSE(*queue().IsIdTaken(message->id));
    EXPECT_FALSE(queue().FindKnown(KeyOf(*message)).value().has_value());
    EXPECT_TRUE(queue().Trace(message->id)->empty());
  }
  while (*queue().Tidy()) continue;
  EXPECT_EQ(Look("SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM recipient) + "
                 "(SELECT count(*) FROM content)"),
            0);
}

TEST_F(QueueIntake, RollsBackAWholeBatch) {
  Put(1);
  ASSERT_TRUE(queue().Begin());
  ASSERT_TRUE(queue().Insert(MakeMessage(2), MakeContent("x"), std::vector{kRelay}, 1));
  EXPECT_EQ(queue().Count()->messages, 2U) << "reads see the open batch";
  queue().Rollback();
  EXPECT_EQ(queue().Count()->messages, 1U);
  EXPECT_FALSE(*queue().IsIdTaken(MakeId(2)));
}

TEST_F(QueueIntake, RefusesChangesOutsideABatch) {
  const auto stored = queue().Insert(MakeMessage(1), MakeContent("x"), std::vector{kRelay}, 1);
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error().text(), ::testing::HasSubstr("outside a batch"));
}

}  // namespace
}  // namespace outpost::queue
