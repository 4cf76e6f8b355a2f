// Queues that earlier versions of outpost left: version_N.sql is one of each.
#include "lib/queue/schema.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

const mail::QueueId kDeferred = *mail::QueueId::Parse("0QnW9LwHqFzJbQ1Lt");
const mail::QueueId kDispatched = *mail::QueueId::Parse("0QnW9LwHqFzJbQ1Lv");

class EarlierVersion : public QueueTest, public ::testing::WithParamInterface<int64_t> {
 protected:
  void Make() {
    Close();
    std::filesystem::remove_all(paths_->Private());
    std::filesystem::create_directories(paths_->Temporary());
    const std::string path = sys::Cat(OUTPOST_SOURCE_DIR "/tests/unit/lib/queue/version_", GetParam(), ".sql");
    Edit(*sys::ReadFile(path, 1 << 20));
    ASSERT_EQ(Look("PRAGMA user_version"), GetParam());
  }
  void ExpectAllOfIt() {
    const auto due = DueAt(sys::WallClock());
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].recipient.address, "one@example.net");
    EXPECT_EQ(due[0].attempts, 3U);
    EXPECT_EQ(ReadContent(1), "Subject: one\n\n");
    const auto undecided = queue().Undecided(10);
    ASSERT_EQ(undecided->size(), 1U);
    EXPECT_EQ((*undecided)[0].recipient.address, "two@example.net");
    EXPECT_EQ(*queue().Unfinished(2), 1U) << "what was sent stays sent";
    const auto message = queue().Message(2);
    EXPECT_EQ((*message)->envelope.envelope_id, "QQ314159");
    EXPECT_EQ((*message)->envelope.ret, mail::ReturnContent::kHeaders);
    EXPECT_EQ(*queue().Find(kDeferred), 1);
    EXPECT_EQ((*queue().Trace(kDispatched))[1].kind, "sent");
    EXPECT_TRUE(queue().FindDestination("[relay.example.org]:587", "")->has_value());
    EXPECT_EQ(queue().Count()->messages, 2U);
    EXPECT_TRUE(queue().TakeDamaged().empty());
    Put(77);
    EXPECT_EQ(Look("PRAGMA user_version"), kSchemaVersion);
    EXPECT_EQ(Look("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
  }
};

INSTANTIATE_TEST_SUITE_P(Schema, EarlierVersion, ::testing::Range<int64_t>(1, kSchemaVersion));

TEST_P(EarlierVersion, IsTakenOverWithAllThatItHolds) {
  Make();
  Open();
  CrashAndReopen();
  ExpectAllOfIt();
}

TEST_P(EarlierVersion, HasTheColumnsOfAQueueMadeToday) {
  const auto columns = [&] {
    return LookAtText(
        "SELECT group_concat(line, char(10)) FROM (SELECT t.name || ' ' || c.cid || ' ' || c.name || ' ' || c.type "
        "AS "
        "line FROM sqlite_schema AS t JOIN pragma_table_xinfo(t.name) AS c WHERE t.type = 'table' ORDER BY line)");
  };
  Open();
  const std::string today = columns();
  Make();
  Open();
  EXPECT_EQ(columns(), today);
}

TEST_P(EarlierVersion, PutsMailOfMuchWorkIntoItsLane) {
  for (const char* work :
       {"UPDATE message SET size = 262145 WHERE key = 1",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) "
        "INSERT INTO recipient SELECT 1, i, address, original, notify, orcpt, state, since, generation, "
        "transport, next_hop, next_attempt, attempts, last_status, last_text FROM n, recipient "
        "WHERE message = 1 AND number = 0"}) {
    Make();
    Open();
    const auto now = sys::WallClock();
    EXPECT_EQ(queue().Due(kRelay, Lane::kLight, now, 100)->size(), 1U);
    Make();
    Edit(work);
    Open();
    EXPECT_EQ(queue().Due(kRelay, Lane::kLight, now, 100)->size(), 0U);
    EXPECT_GE(queue().Due(kRelay, Lane::kBulk, now, 100)->size(), 1U);
  }
}

// Messages of version 1 aged by the wall clock: they keep the age that they have.
TEST_F(QueueTest, OfVersion1KeepsTheAgesOfItsMessages) {
  Edit(*sys::ReadFile(OUTPOST_SOURCE_DIR "/tests/unit/lib/queue/version_1.sql", 1 << 20));
  Edit("UPDATE message SET arrival = (unixepoch() - 30 * 3600 - 60) * 1000000");
  const auto read = queue().Message(1);
  ASSERT_TRUE(read && read.value());
  const Microseconds age = queue().waiting_clock() - (*read)->waiting_since;
  EXPECT_GE(age, std::chrono::hours(30));
  EXPECT_LT(age, std::chrono::hours(31));
  EXPECT_EQ(OldMail(false, queue().waiting_clock() - std::chrono::hours(29)).size(), 1U);
}

// The log may grow by one page more each time before the process that upgrades is killed.
TEST_P(EarlierVersion, IsWholeAfterAnUpgradeThatWasKilled) {
  int killed = 0;
  for (rlim_t pages = 0;; ++pages) {
    Make();
    const pid_t child = fork();
    if (child == 0) {
      const rlimit limit{pages * 4096, pages * 4096};
      setrlimit(RLIMIT_FSIZE, &limit);
      _exit(TryOpen(*paths_) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    Open();
    ASSERT_NO_FATAL_FAILURE(ExpectAllOfIt()) << pages;
    if (!WIFSIGNALED(status)) break;
    ++killed;
    ASSERT_LT(pages, 1000U);
  }
  EXPECT_GT(killed, 1);
}

}  // namespace
}  // namespace outpost::queue
