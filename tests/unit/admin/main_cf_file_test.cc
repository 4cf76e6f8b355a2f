#include "admin/main_cf_file.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace outpost::admin {
namespace {

using testing::HasSubstr;

class MainCfFileTest : public testing::Test {
 protected:
  MainCfFileTest() { Write("a = 1\n"); }
  void Write(const std::string& text) const { std::ofstream(path_) << text; }
  std::string Read() const { return *sys::ReadFile(path_, 2 * 1024 * 1024); }
  size_t FilesBesideIt() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(directory_.path()),
                                             std::filesystem::directory_iterator()));
  }

  tests::TemporaryDirectory directory_;
  std::string path_ = directory_ / "main.cf";
};

TEST_F(MainCfFileTest, ReplacesTheTextAndKeepsModeAndOwner) {
  ASSERT_EQ(chmod(path_.c_str(), 0604), 0);
  EXPECT_EQ(chown(path_.c_str(), geteuid() == 0 ? 12 : geteuid(), geteuid() == 0 ? 34 : getegid()), 0);
  struct stat before {};
  ASSERT_EQ(stat(path_.c_str(), &before), 0);
  const auto file = MainCfFile::Open(path_);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->text(), "a = 1\n");
  ASSERT_TRUE(file->Replace("a = 2\n"));
  struct stat after {};
  ASSERT_EQ(stat(path_.c_str(), &after), 0);
  EXPECT_EQ(Read(), "a = 2\n");
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
  EXPECT_NE(after.st_ino, before.st_ino) << "a reader that has it open must keep the old text, whole";
  EXPECT_EQ(FilesBesideIt(), 1U);
}

TEST_F(MainCfFileTest, ReplacesTheFileBehindASymbolicLink) {
  const std::string link = directory_.path() + "/link";
  ASSERT_EQ(symlink("main.cf", link.c_str()), 0);
  ASSERT_TRUE(MainCfFile::Open(link)->Replace("a = 2\n"));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(Read(), "a = 2\n");
}

TEST_F(MainCfFileTest, ASecondEditorWaitsAndSeesWhatTheFirstWrote) {
  auto first = MainCfFile::Open(path_);
  ASSERT_TRUE(first);
  std::string seen;
  std::thread second([&] { seen = MainCfFile::Open(path_)->text(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  ASSERT_TRUE(first->Replace("a = 2\n"));
  first = sys::Error("done");
  second.join();
  EXPECT_EQ(seen, "a = 2\n");
}

TEST_F(MainCfFileTest, ATextThatTheMailerWouldNotReadIsNotWritten) {
  const auto replaced = MainCfFile::Open(path_)->Replace(std::string(1024 * 1024 + 1, '#'));
  ASSERT_FALSE(replaced);
  EXPECT_THAT(replaced.error().text(), HasSubstr("it stays as it is"));
  EXPECT_EQ(Read(), "a = 1\n");
}

TEST_F(MainCfFileTest, WhatIsNoFileIsToldByName) {
  const std::string fifo = directory_.path() + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path : {directory_.path() + "/none", directory_.path(), fifo}) {
    const auto file = MainCfFile::Open(path);
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().text(), HasSubstr(path));
  }
}

TEST_F(MainCfFileTest, WhoMayNotWriteChangesNothing) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everything";
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  EXPECT_THAT(MainCfFile::Open(path_).error().text(), HasSubstr("Permission denied"));
}

}  // namespace
}  // namespace outpost::admin
