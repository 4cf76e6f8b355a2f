#include "lib/spool/maildrop_file.h"

#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/file.h"

namespace outpost::spool {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr MaildropLimits kWide{.record_bytes = 1024 * 1024 * 1024, .free_bytes = 0};

class MaildropFileTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/outpost-maildrop-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Path() const { return directory_ + "/" + id_.text(); }
  int Mode() const {
    struct stat status {};
    return stat(Path().c_str(), &status) == 0 ? static_cast<int>(status.st_mode & 07777U) : -1;
  }
  bool IsEmpty() const { return std::filesystem::is_empty(directory_); }

  std::string directory_;
  mail::QueueId id_ = mail::QueueId::Make(std::chrono::microseconds(1763688000000000), 42);
};

TEST_F(MaildropFileTest, IsMarkedOnlyWhenWhole) {
  const mode_t old = umask(0077);
  auto file = MaildropFile::Create(directory_, id_, kWide);
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_EQ(Mode(), 0640);
  ASSERT_TRUE(file->Append("outpost-"));
  ASSERT_TRUE(file->Append(""));
  ASSERT_TRUE(file->Append("record\0\r\n"sv));
  EXPECT_EQ(Mode(), 0640);
  ASSERT_TRUE(file->Commit());
  EXPECT_EQ(Mode(), 0740);
  EXPECT_EQ(*sys::ReadFile(Path(), 100), "outpost-record\0\r\n"s);
  umask(old);
}

// Root, with a maildrop that is another user's: the file was root's group's, and pickup could not read it.
TEST_F(MaildropFileTest, HasTheGroupOfItsDirectory) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(chown(directory_.c_str(), 65534, 65534), 0);
  auto file = MaildropFile::Create(directory_, id_, kWide);
  ASSERT_TRUE(file) << file.error().text();
  struct stat status {};
  ASSERT_EQ(stat(Path().c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0U);
  EXPECT_EQ(status.st_gid, 65534U);
}

TEST_F(MaildropFileTest, ShowsWhetherItsWriterLives) {
  sys::UniqueFd reader;
  {
    auto file = MaildropFile::Create(directory_, id_, kWide);
    ASSERT_TRUE(file) << file.error().text();
    reader = std::move(*sys::OpenFile(Path(), O_RDONLY));
    EXPECT_TRUE(HasWriter(reader));
    EXPECT_TRUE(HasWriter(reader)) << "asking takes nothing away";
  }
  EXPECT_FALSE(HasWriter(reader));
}

TEST_F(MaildropFileTest, StaysAfterItsObjectOnceKept) {
  {
    auto file = MaildropFile::Create(directory_, id_, kWide);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->Commit());
  }
  EXPECT_EQ(Mode(), 0740);
}

TEST_F(MaildropFileTest, IsGoneWhenItWasNotKept) {
  {
    auto file = MaildropFile::Create(directory_, id_, kWide);
    ASSERT_TRUE(file);
    const MaildropFile moved = std::move(*file);
    EXPECT_EQ(Mode(), 0640);
  }
  EXPECT_TRUE(IsEmpty());
}

TEST_F(MaildropFileTest, LeavesAnotherFileOfItsNameAlone) {
  ASSERT_TRUE(sys::ReplaceFile(Path(), "other", 0600));
  const auto file = MaildropFile::Create(directory_, id_, kWide);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), EEXIST);
  EXPECT_EQ(*sys::ReadFile(Path(), 100), "other");
}

// What a writer leaves that is killed: nothing releases its descriptors in order.
TEST_F(MaildropFileTest, BeginsAnewOverThePartOfAKilledTry) {
  ASSERT_TRUE(sys::ReplaceFile(Path(), "the first hal", 0640));
  auto file = MaildropFile::Create(directory_, id_, kWide);
  ASSERT_TRUE(file) << file.error().text();
  ASSERT_TRUE(file->Append("whole"));
  ASSERT_TRUE(file->Commit());
  EXPECT_EQ(*sys::ReadFile(Path(), 100), "whole");
  EXPECT_EQ(Mode(), 0740);
}

TEST_F(MaildropFileTest, LeavesThePartOfATryThatLivesAlone) {
  auto living = MaildropFile::Create(directory_, id_, kWide);
  ASSERT_TRUE(living);
  const auto file = MaildropFile::Create(directory_, id_, kWide);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), EEXIST);
  EXPECT_EQ(Mode(), 0640);
}

TEST_F(MaildropFileTest, FindsTheWholeFileOfAKilledTryTheSame) {
  ASSERT_TRUE(sys::ReplaceFile(Path(), "a record", 0740));
  struct stat before {};
  ASSERT_EQ(stat(Path().c_str(), &before), 0);
  {
    auto file = MaildropFile::Create(directory_, id_, {.record_bytes = 10, .free_bytes = uint64_t{1} << 62});
    ASSERT_TRUE(file) << "no room is needed: " << file.error().text();
    ASSERT_TRUE(file->Append("a rec"));
    ASSERT_TRUE(file->Append("ord"));
    ASSERT_TRUE(file->Commit());
  }
  struct stat after {};
  ASSERT_EQ(stat(Path().c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
}

TEST_F(MaildropFileTest, LeavesAWholeFileOfAnotherRecordAlone) {
  ASSERT_TRUE(sys::ReplaceFile(Path(), "a record", 0740));
  for (const std::string_view other : {"a recorD"sv, "a record of more"sv, "a rec"sv}) {
    auto file = MaildropFile::Create(directory_, id_, kWide);
    ASSERT_TRUE(file);
    const bool kept = file->Append(other) && file->Commit();
    EXPECT_FALSE(kept) << other;
  }
  EXPECT_EQ(*sys::ReadFile(Path(), 100), "a record");
}

TEST_F(MaildropFileTest, TakesNoFileOfAnotherUserForItsOwn) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  for (const mode_t mode : {0640U, 0740U}) {
    ASSERT_TRUE(sys::ReplaceFile(Path(), "other", mode));
    ASSERT_EQ(chown(Path().c_str(), 65534, 65534), 0);
    const auto file = MaildropFile::Create(directory_, id_, kWide);
    ASSERT_FALSE(file) << mode;
    EXPECT_EQ(file.error().code(), EEXIST) << mode;
    EXPECT_EQ(*sys::ReadFile(Path(), 100), "other") << mode;
  }
}

TEST_F(MaildropFileTest, DoesNotFollowASymbolicLink) {
  ASSERT_EQ(symlink("/tmp/outpost-maildrop-target", Path().c_str()), 0);
  EXPECT_FALSE(MaildropFile::Create(directory_, id_, kWide));
  EXPECT_FALSE(std::filesystem::exists("/tmp/outpost-maildrop-target"));
}

TEST_F(MaildropFileTest, RefusesMoreThanItsCeiling) {
  auto file = MaildropFile::Create(directory_, id_, {.record_bytes = 10, .free_bytes = 0});
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->Append("1234567"));
  ASSERT_TRUE(file->Append("890"));
  const auto more = file->Append("1");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code(), EFBIG);
}

TEST_F(MaildropFileTest, RefusesBelowTheFloorOfFreeSpace) {
  const auto file = MaildropFile::Create(directory_, id_, {.record_bytes = 10, .free_bytes = uint64_t{1} << 62});
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), ENOSPC);
  EXPECT_TRUE(IsEmpty());
}

TEST_F(MaildropFileTest, SaysWhyTheDirectoryCannotBeUsed) {
  const auto file = MaildropFile::Create(directory_ + "/missing", id_, kWide);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), ENOENT);
}

TEST_F(MaildropFileTest, ReportsAFailedWriteAndLeavesNothing) {
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto old_handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 4096, .rlim_max = old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  {
    auto file = MaildropFile::Create(directory_, id_, kWide);
    ASSERT_TRUE(file);
    EXPECT_FALSE(file->Append(std::string(5000, 'x')));
  }
  EXPECT_TRUE(IsEmpty());
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, old_handler);
}

}  // namespace
}  // namespace outpost::spool
