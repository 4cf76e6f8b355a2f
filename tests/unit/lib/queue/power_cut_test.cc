// A queue at work on a disk that forgets: the power goes at every sync, and at many moments between, and what the disk
// may then hold is opened. It holds what was committed, all of it, or that and the commit that was being made; nothing else.
#include <algorithm>
#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "tests/unit/lib/queue/forgetful_disk.h"
#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

// One of SQLite's, on the default VFS.
class Database {
 public:
  explicit Database(const std::string& path) {
    EXPECT_EQ(sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle_, "PRAGMA locking_mode = EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Rows, their columns divided by blanks.
  std::vector<std::string> Ask(const std::string& sql) {
    std::vector<std::string> rows;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(handle_);
    int stepped = SQLITE_ERROR;
    while (statement != nullptr && (stepped = sqlite3_step(statement)) == SQLITE_ROW) {
      std::string row;
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, i));
        const std::string value =
            bytes == nullptr ? "" : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement, i)));
        row += (value.size() > 200 ? std::to_string(std::hash<std::string>()(value)) : value) + " ";
      }
      rows.push_back(row);
    }
    EXPECT_EQ(stepped, SQLITE_DONE) << sql << ": " << sqlite3_errmsg(handle_);
    sqlite3_finalize(statement);
    return rows;
  }

 private:
  sqlite3* handle_ = nullptr;
};

class QueuePowerCut : public QueueTest {
 protected:
  ~QueuePowerCut() override { Close(); }

  // A step of the work: one commit at most.
  void Step(const std::function<void()>& work) {
    work();
    ends_.push_back(disk_.changes().size());
  }
  void Work();

  // All that the database says.
  std::vector<std::string> Contents(const DiskImage& image) {
    disk_.Replace(image);
    if (!image.contains(paths_->QueueDatabase())) return {};
    Database database(paths_->QueueDatabase());
    EXPECT_EQ(database.Ask("PRAGMA integrity_check"), std::vector<std::string>{"ok "});
    std::vector<std::string> all;
    for (const std::string& table :
         database.Ask("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")) {
      all.push_back(table);
      const auto rows = database.Ask("SELECT * FROM " + table + " ORDER BY 1, 2");
      all.insert(all.end(), rows.begin(), rows.end());
    }
    return all;
  }
  // As the next runner does.
  void OpenAfterCut(const DiskImage& image, const std::string& when) {
    disk_.Replace(image);
    auto opened = TryOpen(*paths_);
    ASSERT_TRUE(opened) << when << ": " << opened.error().text();
    const auto page = opened->List(0, 100, 10);
    ASSERT_TRUE(page) << when;
    for (const auto& one : *page) {
      auto directory = sys::OpenDirectory(paths_->Temporary());
      const auto content = opened->Content(one.message.key, *directory);
      EXPECT_TRUE(content) << when << ": " << content.error().text();
      for (const auto& damaged : opened->TakeDamaged()) ADD_FAILURE() << damaged.text;
    }
    EXPECT_TRUE(opened->Begin());
    EXPECT_TRUE(opened->Insert(MakeMessage(99), MakeContent("new"), RoutesOf(MakeMessage(99)), 1)) << when;
    EXPECT_TRUE(opened->Commit());
  }

  ForgetfulDisk disk_;
  std::vector<size_t> ends_;  // changes of the disk at the end of each step
};

void QueuePowerCut::Work() {
  std::vector<Stored> stored;
  Step([&] { Open(); });
  for (uint64_t number = 1; number <= 3; ++number) {
    Step([&] { stored.push_back(Put(number, 2)); });
  }
  // A larger one, chunk by chunk.
  const NewMessage large = MakeMessage(4);
  const std::string chunk(kContentChunk, 'x');
  Step([&] {
    Do([&] {
      auto begun = queue().InsertInvisible(large, chunk.size() + 9, RoutesOf(large), 1);
      if (begun) stored.push_back(*begun);
      return begun;
    });
  });
  Step([&] { Do([&] { return queue().AppendContent(stored[3].key, chunk); }); });
  Step([&] { Do([&] { return queue().AppendContent(stored[3].key, "last one\n"); }); });
  Step([&] { Do([&] { return queue().Publish(stored[3].key, kStart); }); });
  // Delivery: sent, deferred, in doubt; the message goes with its last recipient.
  Step([&] { Dispatch(stored[0].first_recipient); });
  Step([&] { Dispatch(stored[1].first_recipient); });
  Step([&] { Record(stored[0].key, MakeOutcome(stored[0].first_recipient, RecipientState::kSent)); });
  Step([&] { Record(stored[1].key, MakeOutcome(stored[1].first_recipient, RecipientState::kInDoubt)); });
  Step([&] {
    Do([&]() -> Result<void> {
      const auto sent = MakeOutcome(stored[0].first_recipient + 1, RecipientState::kReturned);
      if (auto done = queue().Record(stored[0].key, std::vector{sent}, kStart); !done) return done;
      return queue().Remove(stored[0].key, kStart);
    });
  });
  // The other states, and the ways out of "in doubt".
  Step([&] { Record(stored[1].key, MakeOutcome(stored[1].first_recipient + 1, RecipientState::kDead)); });
  Step([&] { Dispatch(stored[1].first_recipient); });
  Step([&] { Record(stored[1].key, MakeOutcome(stored[1].first_recipient, RecipientState::kQueued)); });
  Step([&] { Record(stored[1].key, MakeOutcome(stored[1].first_recipient, RecipientState::kInDoubt)); });
  Step([&] { Record(stored[1].key, MakeOutcome(stored[1].first_recipient, RecipientState::kReturned)); });
  Step([&] { Record(stored[2].key, MakeOutcome(stored[2].first_recipient + 1, RecipientState::kHeld)); });
  Step([&] { Do([&] { return queue().Remove(stored[3].key, kStart); }); });
  Step([&] { Do([&] { return queue().ForgetIntake(std::vector{MakeId(1)}); }); });
  for (bool more = true; more;) Step([&] { more = *queue().Tidy(); });
  // A full disk: the commit fails and leaves nothing; tidying copies the log, which begins anew.
  Step([&] {
    disk_.SetFull(true);
    ASSERT_TRUE(queue().Begin());
    const auto inserted = queue().Insert(MakeMessage(5), MakeContent("none"), RoutesOf(MakeMessage(5)), 1);
    EXPECT_FALSE(inserted && queue().Commit());
    queue().Rollback();
    disk_.SetFull(false);
  });
  for (bool more = true; more;) Step([&] { more = *queue().Tidy(); });
  for (uint64_t number = 6; number <= 8; ++number) Step([&] { Put(number); });
  Step([&] { Do([&] { return queue().TrimHistory(kStart + seconds(1), 0); }); });
  // An orderly end copies and removes the log; the next one makes another.
  Step([&] { Close(); });
  Step([&] { Open(); });
  for (uint64_t number = 9; number <= 11; ++number) Step([&] { Put(number); });
  Step([&] { Dispatch(stored[2].first_recipient); });
}

TEST_F(QueuePowerCut, LeavesWhatWasCommittedAndNothingByHalves) {
  Work();
  const std::vector<DiskChange> changes = disk_.changes();
  Close();
  // The same cuts each time.
  std::seed_seq seed{7};
  std::mt19937 random(seed);

  // What the database says after each step, by a disk that loses nothing.
  const DiskImage empty{{paths_->QueueDatabase(), ""}};
  std::vector<std::vector<std::string>> contents;
  Platter whole(empty);
  size_t applied = 0;
  for (const size_t end : ends_) {
    for (; applied < end; ++applied) whole.Apply(changes[applied]);
    contents.push_back(Contents(whole.AfterCut(Loss::kNothing, random)));
  }
  ASSERT_EQ(contents.back().size() > contents.front().size() + 20, true);

  Platter disk(empty);
  size_t step = 0;  // that is being made
  int cuts = 0;
  for (size_t i = 0; i < changes.size(); ++i) {
    disk.Apply(changes[i]);
    while (step < ends_.size() && ends_[step] <= i + 1) ++step;
    const bool at_sync = changes[i].kind == DiskChange::Kind::kSync ||
                         (i + 1 < changes.size() && changes[i + 1].kind == DiskChange::Kind::kSync);
    if (!at_sync && random() % 8 != 0) continue;
    const std::vector<std::string> none;
    const auto& before = step == 0 ? none : contents[step - 1];
    const auto& after = step < contents.size() ? contents[step] : before;
    for (const Loss loss : {Loss::kAllUnsynced, Loss::kNothing, Loss::kTail, Loss::kAny, Loss::kAny}) {
      const DiskImage image = disk.AfterCut(loss, random);
      const std::string when = sys::Cat("change ", i, " in step ", step, ", loss ", static_cast<int>(loss));
      const auto found = Contents(image);
      ASSERT_TRUE(found == before || found == after) << when;
      OpenAfterCut(image, when);
      ASSERT_FALSE(HasFailure()) << when;
      ++cuts;
      if (!at_sync) break;
    }
  }
  RecordProperty("cuts", cuts);
  EXPECT_GT(cuts, 300);
}

}  // namespace
}  // namespace outpost::queue
