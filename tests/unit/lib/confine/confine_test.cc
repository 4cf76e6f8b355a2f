#include "lib/confine/confine.h"

#include <algorithm>
#include <arpa/inet.h>
#include <ctime>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "lib/sys/socket.h"
#include "tests/support/forked.h"
#include "tests/support/temporary_directory.h"

namespace outpost::confine {
namespace {

using tests::RunForked;
using tests::TemporaryDirectory;

constexpr int kNotConfined = 120;

// The errno with which `attempt` fails (returns a negative number) in a process confined to `profile`; 0 when it works.
int Attempt(const Profile& profile, const std::function<long()>& attempt) {
  return RunForked([&] {
    if (!Confine(profile)) return kNotConfined;
    return attempt() < 0 ? errno : 0;
  });
}

bool Lacks(std::string_view feature) {
  return RunForked([&] {
           const auto confined = Confine({});
           return confined && std::ranges::find(confined->missing(), feature) == confined->missing().end() ? 0 : 1;
         }) != 0;
}

long Open(const std::string& path, int flags) { return open(path.c_str(), flags | O_CLOEXEC, 0600); }

// --- paths

TEST(ConfinePaths, OpensWhatTheProfileNamesAndNothingElse) {
  if (Lacks("landlock")) GTEST_SKIP() << "this kernel has no landlock";
  const TemporaryDirectory root;
  ASSERT_TRUE(sys::MakeDirectories(root / "read", 0700));
  ASSERT_TRUE(sys::MakeDirectories(root / "write", 0700));
  const std::string readable = root.Write("read/file", "x");
  const std::string secret = root.Write("secret", "x");
  const std::string writable = root.Write("write/file", "x");
  const Profile profile{.paths = {{root / "read"}, {root / "write", true}, {root / "is not there"}}};
  EXPECT_EQ(Attempt(profile, [&] { return Open(readable, O_RDONLY); }), 0);
  EXPECT_EQ(Attempt(profile, [&] { return Open(readable, O_RDWR); }), EACCES);
  EXPECT_EQ(Attempt(profile, [&] { return Open(root / "read/new", O_WRONLY | O_CREAT); }), EACCES);
  EXPECT_EQ(Attempt(profile, [&] { return unlink(readable.c_str()); }), EACCES);
  EXPECT_EQ(Attempt(profile, [&] { return Open(secret, O_RDONLY); }), EACCES);
  EXPECT_EQ(Attempt(profile, [&] { return Open(root / "write/../secret", O_RDONLY); }), EACCES);
  EXPECT_EQ(Attempt(profile, [&] { return Open("/etc/passwd", O_RDONLY); }), EACCES);
  EXPECT_EQ(Attempt(profile, [&] { return Open("/proc/self/environ", O_RDONLY); }), EACCES);
  EXPECT_EQ(Attempt(profile, [&] { return Open(writable, O_RDWR); }), 0);
  EXPECT_EQ(Attempt(profile, [&] { return Open(root / "write/new", O_WRONLY | O_CREAT); }), 0);
  EXPECT_EQ(Attempt(profile, [&] { return rename(writable.c_str(), (root / "write/moved").c_str()); }), 0);
  EXPECT_EQ(Attempt(profile, [&] { return mkdir((root / "write/directory").c_str(), 0700); }), 0);
  EXPECT_EQ(Attempt(profile, [&] { return symlink("x", (root / "write/link").c_str()); }), EACCES);
  EXPECT_EQ(Attempt(profile, [&] { return unlink((root / "write/new").c_str()); }), 0);
}

TEST(ConfinePaths, AFileIsARuleOfItsOwn) {
  if (Lacks("landlock")) GTEST_SKIP() << "this kernel has no landlock";
  const TemporaryDirectory root;
  const std::string readable = root.Write("readable", "x");
  const std::string writable = root.Write("writable", "x");
  const std::string other = root.Write("other", "x");
  const Profile profile{.paths = {{readable}, {writable, true}}};
  EXPECT_EQ(Attempt(profile, [&] { return Open(readable, O_RDONLY); }), 0);
  EXPECT_EQ(Attempt(profile, [&] { return Open(readable, O_WRONLY); }), EACCES);
  EXPECT_EQ(Attempt(profile, [&] { return Open(writable, O_RDWR | O_TRUNC); }), 0);
  EXPECT_EQ(Attempt(profile, [&] { return Open(other, O_RDONLY); }), EACCES);
  EXPECT_EQ(Attempt(profile, [&] { return Open(readable, O_RDONLY | O_TRUNC); }), EACCES);
}

TEST(ConfinePaths, MovesFilesBetweenWritableDirectories) {
  if (Lacks("landlock")) GTEST_SKIP() << "this kernel has no landlock";
  const TemporaryDirectory root;
  ASSERT_TRUE(sys::MakeDirectories(root / "a", 0700));
  ASSERT_TRUE(sys::MakeDirectories(root / "b", 0700));
  root.Write("a/file", "x");
  const Profile profile{.paths = {{root / "a", true}, {root / "b", true}}};
  EXPECT_EQ(Attempt(profile, [&] { return rename((root / "a/file").c_str(), (root / "b/file").c_str()); }), 0);
}

TEST(ConfinePaths, LeavesWhatEveryProcessNeeds) {
  const TemporaryDirectory root;
  const std::string log = root.Write("log", "");
  const std::string socket_path = root / "socket";
  const auto listener = sys::ListenUnix(socket_path, 0600);
  ASSERT_TRUE(listener);
  const auto inherited = sys::OpenFile(log, O_WRONLY | O_APPEND);
  ASSERT_TRUE(inherited);
  const Profile profile{};
  EXPECT_EQ(Attempt(profile, [&] { return write(inherited->get(), "line\n", 5); }), 0);
  EXPECT_EQ(Attempt(profile, [&] { return sys::ConnectUnix(socket_path, std::chrono::seconds(1)) ? 0 : -1; }), 0);
  EXPECT_EQ(Attempt(profile, [] { return sys::SealedCopy("content") ? 0 : -1; }), 0);
  EXPECT_EQ(Attempt(profile, [] { return Open("/dev/null", O_RDWR); }), 0);
  if (access("/etc/localtime", R_OK) == 0) {
    EXPECT_EQ(Attempt(profile, [] { return Open("/etc/localtime", O_RDONLY); }), 0);
  }
  const auto ends = sys::PacketPair();
  EXPECT_EQ(Attempt(profile, [&] { return send(ends->first.get(), "packet", 6, 0); }), 0);
}

// --- system calls

TEST(ConfineCalls, ExecutesOnlyWhereAllowedAndOnlyBelowItsPaths) {
  if (Lacks("seccomp")) GTEST_SKIP() << "this kernel has no seccomp";
  const auto execute = [] {
    char name[] = "true";
    char* argv[] = {name, nullptr};
    execv("/bin/true", argv);
    return -1;
  };
  EXPECT_EQ(Attempt({.paths = {{"/"}}}, execute), EPERM);
  EXPECT_EQ(Attempt({.paths = {{"/"}}, .allow_exec = true}, execute), 0);
  if (!Lacks("landlock")) {
    EXPECT_EQ(Attempt({.paths = {{"/etc"}}, .allow_exec = true}, execute), EACCES);
  }
}

struct Family {
  const char* name;
  int family;
  int type;
  int protocol;
  bool with_inet;
  bool with_unix;
};

TEST(ConfineCalls, MakesOnlySocketsOfAllowedFamilies) {
  if (Lacks("seccomp")) GTEST_SKIP() << "this kernel has no seccomp";
  constexpr Family kFamilies[] = {
      {"inet", AF_INET, SOCK_STREAM, 0, true, false},
      {"inet6", AF_INET6, SOCK_DGRAM, 0, true, false},
      {"unix", AF_UNIX, SOCK_DGRAM, 0, false, true},
      {"packet", AF_PACKET, SOCK_RAW, 0, false, false},
      {"kernel crypto", AF_ALG, SOCK_SEQPACKET, 0, false, false},
      {"vsock", AF_VSOCK, SOCK_STREAM, 0, false, false},
      {"above the known ones", 4000, SOCK_STREAM, 0, false, false},
      {"netfilter", AF_NETLINK, SOCK_RAW, 12, false, false},
  };
  for (const Family& each : kFamilies) {
    const auto make = [&] { return socket(each.family, each.type, each.protocol); };
    const Profile inet{.allow_inet = true, .allow_unix = false};
    const Profile local{.allow_inet = false, .allow_unix = true};
    EXPECT_EQ(Attempt(inet, make), each.with_inet ? 0 : EAFNOSUPPORT) << each.name;
    EXPECT_EQ(Attempt(local, make), each.with_unix ? 0 : EAFNOSUPPORT) << each.name;
  }
  const auto ask_for_routes = [] { return socket(AF_NETLINK, SOCK_RAW, 0); };
  EXPECT_EQ(Attempt({.allow_routes = true}, ask_for_routes), 0);
  EXPECT_EQ(Attempt({.allow_inet = true}, ask_for_routes), EAFNOSUPPORT);
  // The kernel reads 32 bits of the register, a filter 64.
  EXPECT_EQ(Attempt({}, [] { return syscall(SYS_socket, (1L << 32) | AF_INET, SOCK_STREAM, 0); }), EAFNOSUPPORT);
}

TEST(ConfineCalls, RefusesOtherProcessesNamespacesAndTheKernelsCorners) {
  if (Lacks("seccomp")) GTEST_SKIP() << "this kernel has no seccomp";
  struct Case {
    const char* what;
    std::function<long()> attempt;
  };
  const Case cases[] = {
      {"ptrace", [] { return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }},
      {"process_vm_readv", [] { return syscall(SYS_process_vm_readv, getppid(), nullptr, 0, nullptr, 0, 0); }},
      {"pidfd_getfd", [] { return syscall(SYS_pidfd_getfd, -1, 0, 0); }},
      {"unshare", [] { return unshare(CLONE_NEWUSER); }},
      {"clone into namespaces", [] { return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0); }},
      {"setns", [] { return setns(0, 0); }},
      {"mount", [] { return mount("none", "/", "tmpfs", 0, nullptr); }},
      {"chroot", [] { return chroot("/"); }},
      {"bpf", [] { return syscall(SYS_bpf, 0, nullptr, 0); }},
      {"keyctl", [] { return syscall(SYS_keyctl, 0, 0, 0, 0, 0); }},
      {"userfaultfd", [] { return syscall(SYS_userfaultfd, 0); }},
      {"io_uring", [] { return syscall(SYS_io_uring_setup, 1, nullptr); }},
      {"perf_event_open", [] { return syscall(SYS_perf_event_open, nullptr, 0, 0, 0, 0); }},
      {"another's limits",
       [] {
         rlimit limit{};
         return prlimit(getppid(), RLIMIT_NOFILE, nullptr, &limit);
       }},
      {"another's priority", [] { return setpriority(PRIO_PROCESS, 0, 19); }},
  };
  for (const Case& each : cases) EXPECT_EQ(Attempt({.allow_exec = true}, each.attempt), EPERM) << each.what;
  EXPECT_EQ(Attempt({}, [] { return syscall(SYS_clone3, nullptr, 0); }), ENOSYS) << "so that libc falls back";
}

// Landlock looks at none of these calls (truncate: not before its third version): chmod alone would be enough to show
// everybody a queue that the process may not open itself.
TEST(ConfineCalls, ChangesNoFileByItsName) {
  if (Lacks("seccomp")) GTEST_SKIP() << "this kernel has no seccomp";
  const TemporaryDirectory root;
  const std::string file = root.Write("file", "x");
  const char* path = file.c_str();
  struct Case {
    const char* what;
    std::function<long()> attempt;
  };
  const Case cases[] = {
      {"chmod", [&] { return chmod(path, 0666); }},
      {"fchmodat", [&] { return fchmodat(AT_FDCWD, path, 0666, 0); }},
      {"fchmodat2", [&] { return syscall(SYS_clone3 - 435 + 452, AT_FDCWD, path, 0666, 0); }},
      {"chown", [&] { return chown(path, getuid(), getgid()); }},
      {"lchown", [&] { return lchown(path, getuid(), getgid()); }},
      {"fchownat", [&] { return fchownat(AT_FDCWD, path, getuid(), getgid(), 0); }},
      {"truncate", [&] { return truncate(path, 0); }},
      {"utimensat", [&] { return utimensat(AT_FDCWD, path, nullptr, 0); }},
      {"setxattr", [&] { return setxattr(path, "user.x", "x", 1, 0); }},
      {"setxattrat", [&] { return syscall(SYS_clone3 - 435 + 463, AT_FDCWD, path, 0, "user.x", nullptr, 0); }},
      {"removexattr", [&] { return removexattr(path, "user.x"); }},
  };
  for (const Case& each : cases) EXPECT_EQ(Attempt({.paths = {{"/", true}}}, each.attempt), EPERM) << each.what;
  EXPECT_EQ(Attempt({.paths = {{"/", true}}},
                    [&] {
                      const int fd = open(path, O_RDWR | O_CLOEXEC);
                      return fd >= 0 && fchmod(fd, 0640) == 0 && ftruncate(fd, 0) == 0 ? 0 : -1;
                    }),
            0)
      << "by descriptors, as SQLite does";
}

#if defined(__x86_64__)
// A filter for x86-64 alone says nothing of the kernel's other two doors.
TEST(ConfineCalls, HaveNoSecondDoor) {
  if (Lacks("seccomp")) GTEST_SKIP() << "this kernel has no seccomp";
  const auto end_of = [](void (*attempt)()) {
    const pid_t child = fork();
    if (child == 0) {
      if (!Confine({})) _exit(kNotConfined);
      attempt();
      _exit(0);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  };
  EXPECT_EQ(end_of([] {
              constexpr long kX32 = 0x40000000;
              syscall(kX32 + SYS_getpid);
            }),
            SIGSYS);
  EXPECT_EQ(end_of([] {
              long result = 20;  // getpid
              asm volatile("int $0x80" : "+a"(result) : : "memory");
            }),
            SIGSYS);
}
#endif

TEST(ConfineCalls, ForksOnlyWhereAllowed) {
  if (Lacks("seccomp")) GTEST_SKIP() << "this kernel has no seccomp";
  const auto start = [] {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    return child;
  };
  EXPECT_EQ(Attempt({.allow_fork = true}, start), 0);
  EXPECT_EQ(Attempt({.allow_fork = false}, start), EPERM);
}

TEST(ConfineCalls, ChildrenInheritTheConfinement) {
  if (Lacks("seccomp")) GTEST_SKIP() << "this kernel has no seccomp";
  EXPECT_EQ(Attempt({},
                    [] {
                      return RunForked([] { return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0; }) ==
                                     EAFNOSUPPORT
                                 ? 0
                                 : -1;
                    }),
            0);
}

TEST(ConfineCalls, AConnectedProcessMakesNoNewConnection) {
  if (Lacks("seccomp")) GTEST_SKIP() << "this kernel has no seccomp";
  const TemporaryDirectory root;
  const auto listener = sys::ListenUnix(root / "socket", 0600);
  ASSERT_TRUE(listener);
  const auto then = [&](const std::function<long()>& attempt) {
    return RunForked([&] {
      const auto connected = sys::ConnectUnix(root / "socket", std::chrono::seconds(1));
      const auto confined = Confine({.allow_inet = true});
      if (!connected || !confined || !ForbidSockets(*confined)) return kNotConfined;
      if (send(connected->get(), "x", 1, 0) != 1) return kNotConfined + 1;
      return attempt() < 0 ? errno : 0;
    });
  };
  EXPECT_EQ(then([] { return socket(AF_INET, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(then([] { return socket(AF_UNIX, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(then([&] { return accept(listener->get(), nullptr, nullptr); }), EPERM);
  EXPECT_EQ(then([&] { return connect(listener->get(), nullptr, 0); }), EPERM);
  EXPECT_EQ(then([&] { return bind(listener->get(), nullptr, 0); }), EPERM);
  EXPECT_EQ(then([&] { return listen(listener->get(), 1); }), EPERM);
  EXPECT_EQ(then([] {
              int ends[2];
              return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
            }),
            EPERM);
}

TEST(ConfineSignals, AProcessThatStartsNoProgramsReachesOnlyItsOwnForks) {
  if (Lacks("landlock")) GTEST_SKIP() << "this kernel has no landlock";
  const bool scoped = syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) >= 6;
  if (!scoped) GTEST_SKIP() << "this kernel's landlock does not know signals";
  EXPECT_EQ(Attempt({}, [] { return kill(getppid(), 0); }), EPERM);
  EXPECT_EQ(Attempt({.allow_exec = true}, [] { return kill(getppid(), 0); }), 0);
  EXPECT_EQ(Attempt({},
                    [] {
                      const pid_t child = fork();
                      if (child == 0) pause();
                      const int killed = kill(child, SIGKILL);
                      return killed == 0 && waitpid(child, nullptr, 0) == child ? 0 : -1;
                    }),
            0);
}

TEST(ConfineSignals, AProcessThatDoesNotForkReachesItselfAlone) {
  if (Lacks("seccomp")) GTEST_SKIP() << "this kernel has no seccomp";
  const Profile alone{.allow_fork = false};
  EXPECT_EQ(Attempt(alone, [] { return kill(getpid(), 0); }), 0);
  EXPECT_EQ(Attempt(alone, [] { return syscall(SYS_tgkill, getpid(), gettid(), 0); }), 0) << "abort() does this";
  EXPECT_EQ(Attempt(alone, [] { return kill(getppid(), 0); }), EPERM);
  EXPECT_EQ(Attempt(alone, [] { return kill(0, 0); }), EPERM) << "its process group";
  EXPECT_EQ(Attempt(alone, [] { return kill(-1, 0); }), EPERM) << "everybody that it may signal";
  EXPECT_EQ(Attempt(alone, [] { return syscall(SYS_tkill, getppid(), 0); }), EPERM);
  EXPECT_EQ(Attempt(alone, [] { return syscall(SYS_rt_sigqueueinfo, getppid(), 0, nullptr); }), EPERM);
  EXPECT_EQ(Attempt(alone, [] { return syscall(SYS_pidfd_send_signal, -1, 0, nullptr, 0); }), EPERM);
}

// --- limits

TEST(ConfineLimits, AreSetAndCannotBeRaised) {
  EXPECT_EQ(Attempt({.max_open_files = 50},
                    [] {
                      for (int i = 0; i < 50; ++i) {
                        if (dup(0) < 0) return errno == EMFILE ? 0 : -1;
                      }
                      errno = ERANGE;
                      return -1;
                    }),
            0);
  EXPECT_EQ(Attempt({},
                    [] {
                      rlimit limit{};
                      return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 ? 0 : -1;
                    }),
            0);
#if !defined(__SANITIZE_ADDRESS__)
  constexpr uint64_t kSpace = uint64_t{1} << 30;
  EXPECT_EQ(Attempt({.max_address_space = kSpace},
                    [] {
                      const void* got = mmap(nullptr, kSpace, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                      return got == MAP_FAILED ? -1 : 0;
                    }),
            ENOMEM);
#endif
}

TEST(ConfineLimits, AskingForMoreThanThereIsKeepsWhatThereIs) {
  EXPECT_EQ(Attempt({.max_open_files = UINT64_MAX}, [] { return dup(0); }), 0);
}

TEST(Confine, LeavesNoNewPrivilegesAndNoDumps) {
  EXPECT_EQ(Attempt({}, [] { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -1; }), 0);
  EXPECT_EQ(Attempt({}, [] { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : -1; }), 0);
}

TEST(Confine, CanBeRepeatedMoreNarrowly) {
  const TemporaryDirectory root;
  const std::string file = root.Write("file", "x");
  EXPECT_EQ(Attempt({.paths = {{"/"}}, .allow_inet = true},
                    [&] {
                      if (!Confine({})) return 0L;
                      return Open(file, O_RDONLY);
                    }),
            Lacks("landlock") ? 0 : EACCES);
}

// --- privileges

TEST(DropPrivileges, TakesUidAndGroupsForGood) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const passwd* nobody = getpwnam("nobody");
  if (nobody == nullptr) GTEST_SKIP() << "no user nobody";
  const uid_t uid = nobody->pw_uid;
  const gid_t gid = nobody->pw_gid;
  EXPECT_EQ(RunForked([&] {
              const gid_t roots[] = {0, 4};
              if (setgroups(2, roots) != 0 || !DropPrivileges("nobody")) return 1;
              uid_t real = 0;
              uid_t effective = 0;
              uid_t saved = 0;
              if (getresuid(&real, &effective, &saved) != 0) return 2;
              if (real != uid || effective != uid || saved != uid || getgid() != gid || getegid() != gid) return 3;
              gid_t groups[64];
              const int count = getgroups(64, groups);
              if (std::any_of(groups, groups + count, [](gid_t group) { return group == 0; })) return 4;
              return setuid(0) == 0 || setgid(0) == 0 ? 5 : 0;
            }),
            0);
}

TEST(DropPrivileges, AnUnknownUserIsAnErrorThatNamesTheParameter) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto dropped = DropPrivileges("no-such-user");
  ASSERT_FALSE(dropped);
  EXPECT_EQ(dropped.error().text(), "mail_owner no-such-user: no such user");
}

TEST(DropPrivileges, RootIsNobodyToDropTo) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_FALSE(DropPrivileges("root"));
}

TEST(DropPrivileges, WithoutRootThereIsNothingToDo) {
  EXPECT_EQ(RunForked([] {
              if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) return 1;
              return DropPrivileges("no-such-user") ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace outpost::confine
