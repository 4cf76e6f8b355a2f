// Rows that somebody has edited, or that a damaged file gives: set aside, named, and everything else goes on.
#include "lib/queue/quarantine.h"

#include <cerrno>

#include <gmock/gmock.h>

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using ::testing::HasSubstr;

using QueueQuarantine = QueueTest;

TEST_F(QueueQuarantine, SetsARecipientAsideThatCannotBeTrue) {
  struct Case {
    const char* edit;
    const char* said;
  };
  const Case cases[] = {
      {"address = 'a' || char(10) || 'b'", "recipient address is not clean text"},
      {"address = CAST(x'FF40' AS TEXT)", "recipient address is not clean text"},
      {"address = hex(zeroblob(600))", "recipient address is not clean text"},
      {"original = char(7)", "original recipient is not clean text"},
      {"orcpt = char(127)", "ORCPT is not clean text"},
      {"notify = 'SOMETIMES'", "unknown NOTIFY"},
      {"attempts = -1", "attempts out of range"},
      {"attempts = 99999999999", "attempts out of range"},
      {"number = 100000", "recipient number out of range"},
      {"next_attempt = -1", "next attempt is no time"},
      {"last_text = char(27)", "status is not text"},
      {"address = 'q0@example.net'", "its checksum differs"},
      {"notify = 'NEVER'", "its checksum differs"},
  };
  uint64_t number = 0;
  for (const auto& c : cases) {
    const Stored bad = Put(++number);
    const Stored good = Put(++number);
    Edit(sys::Cat("UPDATE recipient SET ", c.edit, " WHERE message = ", bad.key));
    const auto due = DueAt(kStart + seconds(100));
    ASSERT_EQ(due.size(), 1U) << c.edit;
    EXPECT_EQ(due[0].message, good.key) << c.edit;
    const auto damaged = queue().TakeDamaged();
    ASSERT_EQ(damaged.size(), 1U) << c.edit;
    EXPECT_EQ(damaged[0].message, bad.key);
    EXPECT_THAT(damaged[0].text, HasSubstr(c.said)) << c.edit;
    EXPECT_TRUE(sys::IsCleanText(damaged[0].text)) << c.edit;
    CrashAndReopen();
    EXPECT_EQ(DueAt(kStart + seconds(100)).size(), 1U) << c.edit;
    EXPECT_TRUE(queue().TakeDamaged().empty()) << c.edit << ": told once";
    EXPECT_EQ(queue().Count()->dead, 1U) << c.edit;
    const auto page = queue().List(bad.key - 1, 1, 10);
    EXPECT_EQ((*page)[0].recipients[0].state, RecipientState::kDead) << c.edit;
    EXPECT_THAT((*page)[0].recipients[0].last_text, HasSubstr("damaged in the queue")) << c.edit;
    Do([&] { return queue().Remove(bad.key, kStart); });
    Do([&] { return queue().Remove(good.key, kStart); });
  }
}

TEST_F(QueueQuarantine, SetsAMessageAsideThatCannotBeTrue) {
  struct Case {
    const char* edit;
    const char* said;
  };
  const Case cases[] = {
      {"id = 'AEIOU'", "its id is none"},
      {"sender = 'a' || char(13) || 'b'", "sender address is not clean text"},
      {"size = -1", "size out of range"},
      {"header_size = 99999", "size out of range"},
      {"uid = -1", "uid out of range"},
      {"arrival = -5", "arrival is no time"},
      {"waiting_since = 9223372036854775807", "waiting since is no time"},
      {"waiting_since = -9223372036854775808", "waiting since is no time"},
      {"origin = 'mars'", "unknown origin"},
      {"ret = 'HALF'", "unknown RET"},
      {"envid = char(0)", "ENVID is not clean text"},
      {"sender = 'other@example.com'", "its checksum differs"},
      {"size = size + 1", "its checksum differs"},
  };
  uint64_t number = 0;
  for (const auto& c : cases) {
    const Stored stored = Put(++number, 2);
    Edit(sys::Cat("UPDATE message SET ", c.edit, " WHERE key = ", stored.key));
    const auto message = queue().Message(stored.key);
    ASSERT_TRUE(message) << c.edit;
    EXPECT_FALSE(message.value().has_value()) << c.edit;
    const auto damaged = queue().TakeDamaged();
    ASSERT_EQ(damaged.size(), 1U) << c.edit;
    EXPECT_THAT(damaged[0].text, HasSubstr(c.said));
    EXPECT_TRUE(DueAt(kStart + seconds(100)).empty()) << c.edit;
    EXPECT_EQ(*queue().Unfinished(stored.key), 2U) << c.edit << ": kept for the administrator";
    const auto page = queue().List(stored.key - 1, 1, 10);
    ASSERT_EQ(page->size(), 1U) << c.edit;
    EXPECT_TRUE(sys::IsCleanText((*page)[0].message.envelope.sender)) << c.edit;
    Do([&] { return queue().Remove(stored.key, kStart); });
  }
}

TEST_F(QueueQuarantine, SetsAMessageAsideWhoseContentIsNotWhole) {
  for (const char* edit :
       {"DELETE FROM content", "UPDATE content SET bytes = x'41'", "UPDATE content SET bytes = zeroblob(100)",
        "UPDATE content SET bytes = CAST('from: a' || char(10, 10) || 'body' || char(10) AS BLOB)",
        "INSERT INTO content(key, bytes) SELECT key + 1, bytes FROM content"}) {
    const Stored stored = Put(1);
    Edit(edit);
    auto directory = sys::OpenDirectory(paths_->Temporary());
    const auto content = queue().Content(stored.key, *directory);
    ASSERT_FALSE(content) << edit;
    EXPECT_EQ(content.error().code(), EBADMSG) << edit;
    EXPECT_EQ(queue().TakeDamaged().size(), 1U) << edit;
    EXPECT_TRUE(DueAt(kStart + seconds(100)).empty()) << edit;
    Do([&] { return queue().Remove(stored.key, kStart); });
    Edit("DELETE FROM intake; DELETE FROM event; DELETE FROM history; DELETE FROM content");
  }
}

// A longer value than SQLite lets through fails the query that meets it, and with it all that the query was for.
TEST_F(QueueQuarantine, OneGiantValueStopsNothingElse) {
  constexpr const char* kGiant = "hex(zeroblob(2500000))";
  for (const char* column : {"address", "original", "orcpt", "last_status", "last_text", "next_hop"}) {
    const Stored bad = Put(1);
    const Stored good = Put(2);
    Edit(sys::Cat("UPDATE recipient SET ", column, " = ", kGiant, " WHERE message = ", bad.key));
    EXPECT_FALSE(DueRoutesAt(kStart + seconds(100)).empty()) << column;
    const auto due = DueAt(kStart + seconds(100));
    ASSERT_EQ(due.size(), 1U) << column;
    EXPECT_EQ(due[0].message, good.key) << column;
    EXPECT_EQ(queue().TakeDamaged().size(), 1U) << column;
    EXPECT_EQ(queue().List(0, 10, 10)->size(), 2U) << column;
    Do([&] { return queue().Remove(bad.key, kStart); });
    Do([&] { return queue().Remove(good.key, kStart); });
    Edit("DELETE FROM intake; DELETE FROM event; DELETE FROM history; DELETE FROM content");
  }
  const Stored bad = Put(1);
  Edit(sys::Cat("UPDATE content SET bytes = zeroblob(20000000)"));
  auto directory = sys::OpenDirectory(paths_->Temporary());
  const auto content = queue().Content(bad.key, *directory);
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code(), EBADMSG);
}

TEST_F(QueueQuarantine, SetsAsideWhatHasNoRoute) {
  const Stored bad = Put(1);
  const Stored good = Put(2);
  Edit(sys::Cat("UPDATE recipient SET next_hop = char(10) WHERE message = ", bad.key));
  EXPECT_EQ(DueRoutesAt(kStart + seconds(100)), std::vector{kRelay});
  EXPECT_EQ(queue().TakeDamaged().size(), 1U);
  EXPECT_EQ(DueRoutesAt(kStart + seconds(100)).size(), 1U);
  EXPECT_TRUE(queue().TakeDamaged().empty());
  EXPECT_EQ(DueAt(kStart + seconds(100))[0].message, good.key);
}

TEST_F(QueueQuarantine, ShowsAnUnknownStateAsDead) {
  const Stored stored = Put(1);
  Edit("UPDATE recipient SET state = 'lost'");
  EXPECT_TRUE(DueAt(kStart + seconds(100)).empty());
  EXPECT_EQ((*queue().List(0, 1, 1))[0].recipients[0].state, RecipientState::kDead);
  EXPECT_EQ(*queue().Unfinished(stored.key), 1U);
}

TEST_F(QueueQuarantine, WorksWithinAnOpenBatch) {
  Put(1);
  Edit("UPDATE recipient SET attempts = -1");
  ASSERT_TRUE(queue().Begin());
  EXPECT_TRUE(DueAt(kStart + seconds(100)).empty());
  EXPECT_TRUE(queue().in_batch());
  queue().Rollback();
  EXPECT_EQ(queue().Count()->dead, 0U);
  EXPECT_TRUE(DueAt(kStart + seconds(100)).empty());
  EXPECT_EQ(queue().Count()->dead, 1U);
}

// As an administrator with sqlite3 removes a message: without foreign keys.
TEST_F(QueueQuarantine, SetsRecipientsAsideThatHaveNoMessage) {
  const Stored bad = Put(1, 3);
  const Stored good = Put(2);
  Edit(sys::Cat("DELETE FROM message WHERE key = ", bad.key));
  EXPECT_EQ(DueAt(kStart + seconds(100)).size(), 4U);
  EXPECT_FALSE(queue().Message(bad.key)->has_value());
  const auto damaged = queue().TakeDamaged();
  ASSERT_EQ(damaged.size(), 1U);
  EXPECT_EQ(damaged[0].message, bad.key);
  EXPECT_THAT(damaged[0].text, HasSubstr("its message is not there"));
  const auto due = DueAt(kStart + seconds(100));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].message, good.key);
}

TEST_F(QueueQuarantine, HasNothingToSayOfAMessageThatIsGone) {
  const Stored stored = Put(1, 2);
  Record(stored.key, MakeOutcome(stored.first_recipient, RecipientState::kSent));
  Do([&] { return queue().Remove(stored.key, kStart); });
  EXPECT_FALSE(queue().Message(stored.key)->has_value());
  EXPECT_FALSE(queue().Message(stored.key + 1)->has_value());
  EXPECT_TRUE(queue().TakeDamaged().empty());
}

}  // namespace
}  // namespace outpost::queue
