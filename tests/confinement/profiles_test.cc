// The profiles of our programs, each applied to a child that then tries what it must not. Everything that is tried
// can be done by the user that the test runs as: only the confinement is in the way. What the running programs can
// do is test_running_programs.py's.
#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/confine/confine.h"
#include "lib/spool/paths.h"
#include "lib/sys/file.h"
#include "lib/sys/socket.h"
#include "pickup/confinement.h"
#include "queue-runner/confinement.h"
#include "smtp-client/confinement.h"
#include "tests/support/forked.h"
#include "tests/support/temporary_directory.h"

namespace outpost {
namespace {

constexpr int kCannotConfine = 120;
constexpr int kKernelTooOld = 121;

class Confinement : public testing::Test {
 protected:
  Confinement() {
    for (const std::string& directory :
         {paths_.Maildrop(), paths_.Public(), paths_.Temporary(), paths_.Corrupt(), root_ / "etc"}) {
      EXPECT_TRUE(sys::MakeDirectories(directory, 0700));
    }
    for (const std::string& file : {queue_, submission_, password_, main_cf_}) {
      EXPECT_TRUE(sys::ReplaceFile(file, "x", 0600));
      EXPECT_EQ(access(file.c_str(), R_OK | W_OK), 0) << "nothing but the confinement is in the way";
    }
  }

  void SetUp() override {
    if (Try({}, [] { return 0; }) == kKernelTooOld) GTEST_SKIP() << "this kernel has no landlock or no seccomp";
  }

  // The errno with which `attempt` fails in a process confined so; 0 when it works.
  static int Try(const confine::Profile& profile, const std::function<long()>& attempt) {
    return tests::RunForked([&] {
      const auto confined = confine::Confine(profile);
      if (!confined) return kCannotConfine;
      if (!confined->missing().empty()) return kKernelTooOld;
      return attempt() < 0 ? errno : 0;
    });
  }
  static int TryOpen(const confine::Profile& profile, const std::string& path, int flags = O_RDONLY) {
    return Try(profile, [&] { return open(path.c_str(), flags | O_CLOEXEC, 0600); });
  }
  static int TrySocket(const confine::Profile& profile, int family) {
    return Try(profile, [&] { return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0); });
  }
  static int TryExec(const confine::Profile& profile) {
    return Try(profile, [] {
      char name[] = "true";
      char* argv[] = {name, nullptr};
      return execv("/bin/true", argv);
    });
  }
  static int TrySignal(const confine::Profile& profile) {
    return Try(profile, [] { return kill(getppid(), 0); });
  }
  static int TryChmod(const confine::Profile& profile, const std::string& path) {
    return Try(profile, [&] { return chmod(path.c_str(), 0666); });
  }
  static int TryFork(const confine::Profile& profile) {
    return Try(profile, [] {
      const pid_t child = fork();
      if (child == 0) _exit(0);
      return child;
    });
  }

  const tests::TemporaryDirectory root_;
  const spool::SpoolPaths paths_{root_ / "spool"};
  const std::string queue_ = paths_.QueueDatabase();
  const std::string submission_ = paths_.Maildrop() + "/file";
  const std::string password_ = root_ / "etc/auth_passwd";
  const std::string main_cf_ = root_ / "etc/main.cf";
};

TEST_F(Confinement, PickupHasTheMaildropAndNothingElse) {
  const auto profile = pickup::ConfinementProfile(paths_);
  EXPECT_EQ(TryOpen(profile, submission_), 0);
  EXPECT_EQ(TryOpen(profile, paths_.Temporary() + "/content", O_RDWR | O_CREAT), 0);
  EXPECT_EQ(Try(profile, [&] { return rename(submission_.c_str(), (paths_.Corrupt() + "/file").c_str()); }), 0);
  EXPECT_EQ(TryOpen(profile, queue_), EACCES);
  EXPECT_EQ(TryOpen(profile, queue_, O_RDWR), EACCES);
  EXPECT_EQ(Try(profile, [&] { return unlink(queue_.c_str()); }), EACCES);
  EXPECT_EQ(TryOpen(profile, password_), EACCES);
  EXPECT_EQ(TryOpen(profile, "/etc/passwd"), EACCES);
  EXPECT_EQ(TrySocket(profile, AF_INET), EAFNOSUPPORT);
  EXPECT_EQ(TrySocket(profile, AF_INET6), EAFNOSUPPORT);
  EXPECT_EQ(TrySocket(profile, AF_UNIX), EAFNOSUPPORT);
  EXPECT_EQ(TrySocket(profile, AF_NETLINK), EAFNOSUPPORT);
  EXPECT_EQ(TryExec(profile), EPERM);
  EXPECT_EQ(TryFork(profile), EPERM);
  EXPECT_EQ(TrySignal(profile), EPERM);
  EXPECT_EQ(TryChmod(profile, queue_), EPERM);
}

TEST_F(Confinement, AConnectionHasItsSocketsAndNoFileOfOurs) {
  const auto profile = smtp_client::ConnectionProfile();
  EXPECT_EQ(TrySocket(profile, AF_INET), 0);
  EXPECT_EQ(TryOpen(profile, "/etc/hosts"), access("/etc/hosts", R_OK) == 0 ? 0 : EACCES);
  for (const std::string& path :
       {queue_, password_, main_cf_, submission_, paths_.Maildrop(), std::string("/etc/passwd")}) {
    EXPECT_EQ(TryOpen(profile, path), EACCES) << path;
  }
  EXPECT_EQ(TrySocket(profile, AF_UNIX), EAFNOSUPPORT);
  EXPECT_EQ(TryExec(profile), EPERM);
  EXPECT_EQ(TryFork(profile), EPERM);
  EXPECT_EQ(TrySignal(profile), EPERM);
  EXPECT_EQ(TryChmod(profile, queue_), EPERM);
}

TEST_F(Confinement, AConnectionsParentForksButOpensNoFileOfOurs) {
  const auto profile = smtp_client::ParentProfile();
  EXPECT_EQ(TryFork(profile), 0);
  for (const std::string& path : {queue_, submission_, password_, std::string("/usr/bin/env")}) {
    EXPECT_EQ(TryOpen(profile, path), EACCES) << path;
  }
  EXPECT_EQ(TryExec(profile), EPERM);
}

// A rule of landlock is for a file, not for a name: a connection begun after the network had changed could not open
// the new /etc/resolv.conf while its parent was confined to the old one.
TEST_F(Confinement, AConnectionReadsTheResolversFileThatHasReplacedItsParents) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: puts another /etc in place";
  const int outcome = tests::RunForked([] {
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", "/etc", "tmpfs", 0, nullptr) != 0) {
      return 1;
    }
    if (!sys::ReplaceFile("/etc/resolv.conf", "old", 0644)) return 2;
    return tests::RunForked([] {
      auto ends = sys::PacketPair();
      const pid_t replaces = fork();
      if (replaces == 0) {
        char go = 0;
        if (recv(ends->second.get(), &go, 1, 0) != 1) _exit(1);
        if (!sys::ReplaceFile("/etc/resolv.conf", "new", 0644)) _exit(1);
        _exit(send(ends->second.get(), "x", 1, 0) == 1 ? 0 : 1);
      }
      char done = 0;
      if (!confine::Confine(smtp_client::ParentProfile())) return 3;
      if (send(ends->first.get(), "x", 1, 0) != 1 || recv(ends->first.get(), &done, 1, 0) != 1) return 4;
      return tests::RunForked([] {
        if (!confine::Confine(smtp_client::ConnectionProfile())) return 5;
        const auto text = sys::ReadFile("/etc/resolv.conf", 100);
        return text && *text == "new" ? 0 : 6;
      });
    });
  });
  if (outcome == 1) GTEST_SKIP() << "no right to mount";
  EXPECT_EQ(outcome, 0);
}

TEST_F(Confinement, TheQueueRunnerHasItsQueueAndNoNetwork) {
  const auto profile = queue_runner::MakeProfile(paths_, root_ / "etc");
  EXPECT_EQ(TryOpen(profile, queue_, O_RDWR), 0);
  EXPECT_EQ(TryOpen(profile, main_cf_), 0);
  EXPECT_EQ(TryOpen(profile, main_cf_, O_RDWR), EACCES);
  EXPECT_EQ(Try(profile, [] { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0); }), 0)
      << "it watches the routes";
  EXPECT_EQ(TrySocket(profile, AF_INET), EAFNOSUPPORT);
  EXPECT_EQ(TrySocket(profile, AF_INET6), EAFNOSUPPORT);
  EXPECT_EQ(TryExec(profile), EPERM);
  EXPECT_EQ(TryFork(profile), EPERM);
  EXPECT_EQ(TrySignal(profile), EPERM);
}

}  // namespace
}  // namespace outpost
