#include "lib/queue/connection.h"

#include <cerrno>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>

#include "lib/queue/schema.h"
#include "tests/unit/lib/queue/queue_fixture.h"

namespace outpost::queue {
namespace {

using ::testing::HasSubstr;

class QueueFile : public QueueTest {
 protected:
  std::string ReadDatabase() { return *sys::ReadFile(paths_->QueueDatabase(), 10000000); }
  void WriteDatabase(const std::string& bytes) {
    Close();
    std::ofstream(paths_->QueueDatabase(), std::ios::binary) << bytes;
  }
  sys::Error RefusalToOpen() {
    Close();
    auto opened = TryOpen(*paths_);
    return opened ? sys::Error("opened") : opened.error();
  }
};

TEST_F(QueueFile, IsForItsOwnerAlone) {
  const mode_t saved = umask(0);
  Put(1);
  umask(saved);
  for (const char* suffix : {"", "-wal"}) {
    struct stat status {};
    ASSERT_EQ(stat((paths_->QueueDatabase() + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 07777, 0600U) << suffix;
  }
}

TEST_F(QueueFile, OpensAFileWhoseMakingWasInterrupted) {
  WriteDatabase("");
  EXPECT_EQ(queue().Count()->messages, 0U);
}

TEST_F(QueueFile, RefusesANewerSchemaAndChangesNothing) {
  Put(1);
  Edit(sys::Cat("PRAGMA user_version = ", kSchemaVersion + 1));
  const std::string before = ReadDatabase();
  EXPECT_THAT(RefusalToOpen().text(), HasSubstr(sys::Cat("its schema is version ", kSchemaVersion + 1,
                                                         ", this program knows ", kSchemaVersion)));
  EXPECT_TRUE(ReadDatabase() == before);
}

TEST_F(QueueFile, RefusesADatabaseOfAnotherProgramAndChangesNothing) {
  Edit("CREATE TABLE bookmarks(url TEXT)");
  const std::string before = ReadDatabase();
  EXPECT_THAT(RefusalToOpen().text(), HasSubstr("not a queue of outpost"));
  EXPECT_TRUE(ReadDatabase() == before);
}

TEST_F(QueueFile, SaysWhatBecomesOfADamagedFileAndChangesNothing) {
  for (const char* bytes : {"this is no database at all, but long enough to be looked at", "SQLite format 3"}) {
    std::string file(bytes);
    file.resize(8192, 'x');
    WriteDatabase(file);
    const auto error = RefusalToOpen();
    EXPECT_EQ(error.code(), EUCLEAN);
    EXPECT_THAT(error.text(), HasSubstr(paths_->QueueDatabase()));
    EXPECT_THAT(error.text(), HasSubstr("salvages what can be read"));
    EXPECT_TRUE(ReadDatabase() == file);
  }
}

TEST_F(QueueFile, ReportsDamageThatIsMetLater) {
  for (uint64_t number = 1; number <= 200; ++number) Put(number);
  Close();
  std::string file = ReadDatabase();
  std::fill(file.begin() + 16384, file.end(), '\xAA');
  WriteDatabase(file);
  auto opened = TryOpen(*paths_);
  int damaged = 0;
  if (opened) {
    const auto due = opened->Due(kRelay, Lane::kLight, kStart + seconds(9), 1000);
    damaged += !due && due.error().code() == EUCLEAN;
    const auto page = opened->List(0, 1000, 10);
    damaged += !page && page.error().code() == EUCLEAN;
  } else {
    damaged += opened.error().code() == EUCLEAN;
  }
  EXPECT_GT(damaged, 0);
}

TEST_F(QueueFile, RefusesASymbolicLink) {
  std::filesystem::create_symlink("/dev/null", paths_->QueueDatabase());
  EXPECT_EQ(RefusalToOpen().code(), ELOOP);
}

TEST_F(QueueFile, SaysThatTheDiskIsFullAndKeepsNothingOfTheBatch) {
  Put(1);
  Close();
  auto connection = Connection::Open(paths_->QueueDatabase());
  ASSERT_TRUE(connection);
  Connection& database = **connection;
  ASSERT_TRUE(database.StartLog());
  ASSERT_TRUE(database.Execute("PRAGMA max_page_count = 60", "limit"));
  ASSERT_TRUE(database.Begin());
  ASSERT_TRUE(database.Execute("INSERT INTO destination VALUES('a', '', 1, '', 0, 0, '', '')", "fill"));
  const auto filled = database.Execute("INSERT INTO content(key, bytes) VALUES(-1, zeroblob(1000000))", "fill");
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().code(), ENOSPC);
  EXPECT_THAT(filled.error().text(), HasSubstr("fill " + paths_->QueueDatabase() + ": database or disk is full"));
  EXPECT_FALSE(database.Commit()) << "SQLite has ended the transaction";
  database.Rollback();
  EXPECT_EQ(*database.ReadNumber("SELECT count(*) FROM destination", "count"), 0);
}

TEST_F(QueueFile, CannotBeLockedTwice) {
  queue();
  const auto again = QueueLock::TryTake(*paths_);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again.value().has_value()) << "another open file of the same process";
  const pid_t child = fork();
  if (child == 0) {
    lock_.reset();  // its copy of the descriptor; the parent's goes on holding the lock
    const auto other = QueueLock::TryTake(*paths_);
    _exit(other && !other.value() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  Close();
  EXPECT_TRUE(QueueLock::TryTake(*paths_).value().has_value());
}

TEST_F(QueueFile, IsWaitedForByWhoHasPatience) {
  queue();
  const auto in_vain = QueueLock::Take(*paths_, std::chrono::milliseconds(50));
  ASSERT_TRUE(in_vain);
  EXPECT_FALSE(in_vain.value().has_value());
  std::thread other([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    Close();
  });
  const auto taken = QueueLock::Take(*paths_, seconds(20));
  other.join();
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken.value().has_value());
}

TEST_F(QueueFile, StaysBoundedWhenNobodyTidies) {
  const std::string chunk(kContentChunk, 'x');
  uint64_t largest = 0;
  for (uint64_t number = 1; number <= 80; ++number) {
    const Stored stored = Put(MakeMessage(number), chunk);
    Do([&] { return queue().Remove(stored.key, kStart); });
    largest = std::max<uint64_t>(largest, std::filesystem::file_size(paths_->QueueDatabase() + "-wal"));
  }
  EXPECT_LT(largest, 48U << 20);
}

TEST_F(QueueFile, GivesFreePagesBack) {
  const std::string chunk(kContentChunk, 'x');
  std::vector<Stored> stored;
  for (uint64_t number = 1; number <= 40; ++number) stored.push_back(Put(MakeMessage(number), chunk));
  while (*queue().Tidy()) continue;
  for (const auto& one : stored) {
    Do([&] { return queue().Remove(one.key, kStart); });
  }
  while (*queue().Tidy()) continue;
  Close();
  EXPECT_LT(std::filesystem::file_size(paths_->QueueDatabase()), 20U << 20);
}

}  // namespace
}  // namespace outpost::queue
