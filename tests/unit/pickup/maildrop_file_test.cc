#include "pickup/maildrop_file.h"

#include <gtest/gtest.h>

namespace outpost::pickup {
namespace {

using Kind = FileJudgement::Kind;
constexpr sys::Microseconds kNow = std::chrono::hours(24 * 365);

struct stat File(mode_t mode) {
  struct stat status {};
  status.st_mode = mode;
  status.st_nlink = 1;
  status.st_ctim.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(kNow).count() - 60;
  return status;
}

TEST(MaildropFile, IsWholeOnceItsOwnerMayExecuteIt) {
  EXPECT_EQ(JudgeFile(File(S_IFREG | 0740), kNow).kind, Kind::kWhole);
  EXPECT_EQ(JudgeFile(File(S_IFREG | 0700), kNow).kind, Kind::kWhole);
  EXPECT_EQ(JudgeFile(File(S_IFREG | 0640), kNow).kind, Kind::kIncomplete);
  EXPECT_EQ(JudgeFile(File(S_IFREG | 0650), kNow).kind, Kind::kIncomplete) << "the group's bit is not the mark";
}

TEST(MaildropFile, IsAbandonedADayAfterItsLastChange) {
  struct stat status = File(S_IFREG | 0640);
  status.st_ctim.tv_sec -= 24 * 3600;
  EXPECT_EQ(JudgeFile(status, kNow).kind, Kind::kAbandoned);
  status.st_mode |= S_IXUSR;
  EXPECT_EQ(JudgeFile(status, kNow).kind, Kind::kWhole) << "a whole one waits however long";
  struct stat touched = File(S_IFREG | 0640);
  touched.st_mtim.tv_sec = 0;
  EXPECT_EQ(JudgeFile(touched, kNow).kind, Kind::kIncomplete) << "mtime is the owner's to set";
}

TEST(MaildropFile, IsRejectedWhenDropCannotHaveMadeIt) {
  for (const mode_t type : {S_IFIFO, S_IFLNK, S_IFSOCK, S_IFCHR, S_IFBLK}) {
    EXPECT_EQ(JudgeFile(File(type | 0740), kNow).kind, Kind::kNoFile);
  }
  EXPECT_EQ(JudgeFile(File(S_IFDIR | 0740), kNow).kind, Kind::kRejected);
  EXPECT_EQ(JudgeFile(File(S_IFREG | 0760), kNow).kind, Kind::kRejected);
  EXPECT_EQ(JudgeFile(File(S_IFREG | 0742), kNow).kind, Kind::kRejected);
  struct stat linked = File(S_IFREG | 0740);
  linked.st_nlink = 2;
  EXPECT_EQ(JudgeFile(linked, kNow).kind, Kind::kRejected);
  linked.st_nlink = 0;
  EXPECT_EQ(JudgeFile(linked, kNow).kind, Kind::kIncomplete) << "gone since it was opened";
}

}  // namespace
}  // namespace outpost::pickup
