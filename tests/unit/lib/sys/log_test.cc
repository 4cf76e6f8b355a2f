#include "lib/sys/log.h"

#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "tests/support/temporary_directory.h"

namespace outpost::sys {
namespace {

using tests::TemporaryDirectory;

class LogTest : public testing::Test {
 protected:
  LogTest() : log_(Log::ToDescriptor(std::move(*Log::OpenTarget(root_ / "log")), "outpost", "qmgr")) {}
  std::string Written() const { return *ReadFile(root_ / "log", 1000000); }
  // Of the one line, what follows time and host.
  std::string Line() const {
    const std::string written = Written();
    EXPECT_EQ(written.find('\n'), written.size() - 1) << written;
    return written.substr(written.find(" outpost") + 1);
  }

  TemporaryDirectory root_;
  Log log_;
};

TEST_F(LogTest, WritesPostfixsForm) {
  log_.Info("ID: removed");
  EXPECT_EQ(Line(), Cat("outpost/qmgr[", getpid(), "]: ID: removed\n"));
  char host[65] = {};
  gethostname(host, sizeof host - 1);
  // "Nov 21 01:26:00 HOST "
  ASSERT_GT(Written().size(), 16U);
  EXPECT_EQ(Written()[3], ' ');
  EXPECT_EQ(Written()[9], ':');
  EXPECT_TRUE(Written().substr(16).starts_with(std::string(host) + " outpost/"));
}

TEST_F(LogTest, NamesWarningsErrorsAndOtherPrograms) {
  log_.Warning("w");
  log_.Error("e");
  log_.WriteAs("bounce", LogLevel::kInfo, "b");
  const std::string pid = Cat("[", getpid(), "]: ");
  const std::string written = Written();
  EXPECT_NE(written.find("outpost/qmgr" + pid + "warning: w\n"), std::string::npos) << written;
  EXPECT_NE(written.find("outpost/qmgr" + pid + "error: e\n"), std::string::npos);
  EXPECT_NE(written.find("outpost/bounce" + pid + "b\n"), std::string::npos);
}

TEST_F(LogTest, NothingFromOutsideForgesALine) {
  log_.Info("to=<a@b>\nNov 21 01:26:00 host outpost/smtp[1]: forged\x1b[2J\xff");
  EXPECT_TRUE(Line().ends_with("to=<a@b>?Nov 21 01:26:00 host outpost/smtp[1]: forged?[2J?\n")) << Line();
}

TEST_F(LogTest, BoundsALine) {
  log_.Info(std::string(100000, 'x'));
  EXPECT_LT(Written().size(), 9000U);
}

TEST_F(LogTest, AppendsToWhatIsThere) {
  log_.Info("one");
  const Log other = Log::ToDescriptor(std::move(*Log::OpenTarget(root_ / "log")), "outpost", "smtp");
  other.Info("two");
  log_.Info("three");
  const std::string written = Written();
  EXPECT_LT(written.find("one"), written.find("two"));
  EXPECT_LT(written.find("two"), written.find("three"));
}

TEST(Log, AFullDiskStopsNothing) {
  UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) GTEST_SKIP() << "no /dev/full";
  Log::ToDescriptor(std::move(full), "outpost", "qmgr").Info("lost");
}

TEST(Log, SyslogThatIsNotThereStopsNothing) {
  const Log log = Log::ToSyslog("outpost", "test");
  EXPECT_TRUE(log.to_syslog());
  if (access("/dev/log", F_OK) == 0) GTEST_SKIP() << "a log daemon listens on this machine";
  log.Info("lost");
}

TEST(Log, TargetsThatAreTheProcesssOwnAreDuplicated) {
  const auto target = Log::OpenTarget("/dev/stderr");
  ASSERT_TRUE(target);
  EXPECT_GT(target->get(), 2);
  EXPECT_EQ(fcntl(target->get(), F_GETFD), FD_CLOEXEC);
  EXPECT_FALSE(Log::OpenTarget("/no/such/directory/log"));
}

// maillog_file is opened as root: somebody else's link there must not lead root to another file, nor a pipe that
// nobody reads make it wait.
TEST(LogTarget, IsAFileOrADeviceItself) {
  const TemporaryDirectory root;
  const std::string file = root.Write("file", "");
  ASSERT_EQ(symlink(file.c_str(), (root / "link").c_str()), 0);
  ASSERT_EQ(mkfifo((root / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(Log::OpenTarget(file));
  EXPECT_TRUE(Log::OpenTarget("/dev/null"));
  const auto refusal = [&](const std::string& path) {
    const auto opened = Log::OpenTarget(path);
    return opened ? "" : opened.error().text();
  };
  EXPECT_EQ(refusal(root / "link"), Cat("open ", root / "link", ": is a symbolic link"));
  EXPECT_EQ(refusal(root / "pipe"), Cat("open ", root / "pipe", ": is a pipe or socket"));
  const UniqueFd reader(open((root / "pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_EQ(refusal(root / "pipe"), Cat("open ", root / "pipe", ": is neither a file nor a device"));
  EXPECT_EQ(refusal(root / ""), Cat("open ", root / "", ": Is a directory"));
}

}  // namespace
}  // namespace outpost::sys
