// What the queue's statements do with a million messages: SQLite says of each how it will find its rows, and whether it
// has to sort them. Nothing here depends on how many rows there are.
#include <set>

#include <gmock/gmock.h>

#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using ::testing::IsEmpty;

// Every statement that a connection runs, in `*statements`.
std::set<std::string>* statements = nullptr;

int Note(unsigned, void*, void* statement, void*) {
  if (const char* sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement))) statements->insert(sql);
  return 0;
}

int NoteAllOf(sqlite3* database, char**, const sqlite3_api_routines*) {
  return sqlite3_trace_v2(database, SQLITE_TRACE_STMT, Note, nullptr);
}

class QueueStatements : public QueueTest {
 protected:
  QueueStatements() {
    statements = &statements_;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(NoteAllOf));
  }
  ~QueueStatements() override {
    Close();
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(NoteAllOf));
    statements = nullptr;
  }

  // What must not be said of any statement on these tables, which grow with the queue or its history.
  std::vector<std::string> Complaints() {
    Close();
    sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(NoteAllOf));
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(paths_->QueueDatabase().c_str(), &database), SQLITE_OK);
    std::vector<std::string> complaints;
    for (const auto& sql : statements_) {
      for (const auto& step : PlanOf(database, sql)) {
        if (IsBad(step, sql)) complaints.push_back(sys::Cat(step, ": ", sql));
      }
    }
    sqlite3_close(database);
    return complaints;
  }

  std::set<std::string> statements_;

 private:
  static std::vector<std::string> PlanOf(sqlite3* database, const std::string& sql) {
    std::vector<std::string> plan;
    if (!sql.starts_with("SELECT") && !sql.starts_with("UPDATE") && !sql.starts_with("DELETE")) return plan;
    sqlite3_stmt* statement = nullptr;
    const std::string explain = sys::Cat("EXPLAIN QUERY PLAN ", sql);
    EXPECT_EQ(sqlite3_prepare_v2(database, explain.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      plan.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 3)));
    }
    sqlite3_finalize(statement);
    return plan;
  }

  static bool IsBad(const std::string& step, const std::string& sql) {
    // One message's events.
    if (step.find("TEMP B-TREE") != std::string::npos)
      return sql.find("FROM event WHERE id = ") == std::string::npos;
    if (!step.starts_with("SCAN ")) return false;
    // One row; destinations that cannot be reached; the schema.
    const auto is_of = [&step](const char* table) { return step.starts_with(sys::Cat("SCAN ", table)); };
    // Indices of what is in a state that is none, and of what is on its way out; each walked once, at a start.
    const bool is_strange =
        is_of("recipient USING INDEX recipient_unknown") ||
        (is_of("message USING INDEX message_hidden") && sql.find("NOT IN") != std::string::npos);
    return !is_strange && !is_of("total") && !is_of("destination") && !is_of("sqlite_master");
  }
};

TEST_F(QueueStatements, FindTheirRowsByAnIndexAndSortNone) {
  const Stored first = Put(1, 3);
  const Stored second = Put(2);
  const NewMessage third = MakeMessage(3);
  const auto directory = sys::OpenDirectory(paths_->Temporary());
  Dispatch(first.first_recipient);
  Record(first.key, MakeOutcome(first.first_recipient, RecipientState::kSent));
  Record(first.key, MakeOutcome(first.first_recipient + 1, RecipientState::kQueued));
  Record(first.key, MakeOutcome(first.first_recipient + 1, RecipientState::kQueued));
  EXPECT_TRUE(queue().FindKnown({MakeId(9), 1000, "another", 5, "digest"}));
  EXPECT_TRUE(queue().IsIdTaken(MakeId(9)));
  Stored large;
  Do([&]() -> Result<void> {
    auto stored = queue().InsertInvisible(third, 4, RoutesOf(third), 1);
    if (!stored) return stored.error();
    large = *stored;
    return queue().AppendContent(large.key, "abcd");
  });
  Do([&] { return queue().Publish(large.key, kStart); });
  const NewMessage fourth = MakeMessage(4);
  Do([&] { return queue().InsertInvisible(fourth, 4, RoutesOf(fourth), 1); });
  Do([&] { return queue().Discard(large.key + 1); });
  EXPECT_TRUE(queue().AcceptedBefore(kStart, MakeId(0), 10));
  Do([&] { return queue().ForgetIntake(std::vector<mail::QueueId>{MakeId(1)}); });
  EXPECT_TRUE(queue().WalkDue({}, kStart + seconds(9)));
  EXPECT_THAT(DueAt(kStart + seconds(9)), ::testing::Not(IsEmpty()));
  EXPECT_TRUE(queue().WalkOld(false, kStart, {}));
  EXPECT_TRUE(queue().RoutedByOther(2, 10));
  EXPECT_TRUE(queue().WalkWaiting({}, INT64_MAX));
  EXPECT_TRUE(queue().Undecided(10));
  Do([&] { return queue().SetRoute(second.first_recipient, kRelay, 2); });
  Do([&] { return queue().MakeDue(second.first_recipient, kRelay, 2, kStart); });
  Do([&] { return queue().MakeAllDue(kStart + seconds(1)); });
  Do([&] { return queue().PutOff(kRelay, kStart + seconds(1), kStart + seconds(2), "4.4.1", "no answer"); });
  EXPECT_TRUE(queue().Content(first.key, *directory));
  EXPECT_TRUE(queue().ContentHead(first.key, 10));
  EXPECT_TRUE(queue().Trace(MakeId(1)));
  EXPECT_TRUE(queue().Find(MakeId(1)));
  EXPECT_TRUE(queue().Submitter(MakeId(1)));
  EXPECT_TRUE(queue().List(0, 10, 10));
  EXPECT_TRUE(queue().Count());
  EXPECT_TRUE(queue().Unfinished(first.key));
  Do([&] { return queue().SaveDestination({"[relay.example.org]", "", 1, "open", kStart, 0, "", ""}); });
  EXPECT_TRUE(queue().FindDestination("[relay.example.org]", ""));
  Do([&] { return queue().ForgetDestination("[relay.example.org]", ""); });
  Do([&] { return queue().ForgetDestinations(kStart); });
  Do([&] { return queue().Remove(first.key, kStart); });
  Do([&] { return queue().TrimHistory(kStart + seconds(1), 0); });
  for (auto more = queue().Tidy(); more && *more;) more = queue().Tidy();
  EXPECT_GT(statements_.size(), 50U);
  EXPECT_THAT(Complaints(), IsEmpty());
}

}  // namespace
}  // namespace outpost::queue
