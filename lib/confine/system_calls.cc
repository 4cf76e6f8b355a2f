#include "lib/confine/system_calls.h"

#include <cerrno>
#include <initializer_list>
#include <memory>
#include <sched.h>
#include <span>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#include "lib/sys/text.h"

namespace outpost::confine {
namespace {

constexpr const char* kExecution[] = {"execve", "execveat"};

// Other processes' memory, descriptors and priorities.
constexpr const char* kOtherProcesses[] = {"ptrace",        "process_vm_readv", "process_vm_writev",
                                           "pidfd_getfd",   "process_madvise",  "kcmp",
                                           "setpriority",   "ioprio_set",       "sched_setaffinity",
                                           "sched_setattr", "sched_setparam",   "sched_setscheduler"};

// What these change is named by a path, and landlock looks at none of them (truncate before its third version): with
// them a process could open to everybody a queue that it may not open itself. Ours change descriptors.
constexpr const char* kNamedFiles[] = {"chmod",    "fchmodat",  "chown",       "lchown",       "fchownat",
                                       "setxattr", "lsetxattr", "removexattr", "lremovexattr", "utime",
                                       "utimes",   "utimensat", "futimesat",   "truncate",     "truncate64"};

// Of the same kinds, younger than the distribution's libseccomp and headers. Calls as young as clone3 or younger have
// the same numbers everywhere, after each architecture's own start.
constexpr int kNewNumbersBegin = SYS_clone3 - 435;
constexpr int kNewCalls[] = {kNewNumbersBegin + 452,   // fchmodat2
                             kNewNumbersBegin + 463,   // setxattrat
                             kNewNumbersBegin + 466,   // removexattrat
                             kNewNumbersBegin + 467,   // open_tree_attr
                             kNewNumbersBegin + 469};  // file_setattr

constexpr const char* kSignals[] = {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"};

// Another view of the file system, other namespaces.
constexpr const char* kSurroundings[] = {
    "unshare",           "setns",      "mount",   "umount2",  "pivot_root", "chroot",
    "open_tree",         "move_mount", "fsopen",  "fsconfig", "fsmount",    "fspick",
    "mount_setattr",     "swapon",     "swapoff", "quotactl", "acct",       "fanotify_init",
    "open_by_handle_at", "quotactl_fd"};

// Parts of the kernel with a long record of holes, or that act in our stead past this filter (io_uring).
constexpr const char* kKernel[] = {"bpf",
                                   "perf_event_open",
                                   "userfaultfd",
                                   "keyctl",
                                   "add_key",
                                   "request_key",
                                   "io_uring_setup",
                                   "io_uring_enter",
                                   "io_uring_register",
                                   "init_module",
                                   "finit_module",
                                   "delete_module",
                                   "kexec_load",
                                   "kexec_file_load",
                                   "reboot",
                                   "iopl",
                                   "ioperm",
                                   "modify_ldt",
                                   "vm86",
                                   "vm86old",
                                   "lookup_dcookie",
                                   "nfsservctl",
                                   "personality",
                                   "syslog",
                                   "settimeofday",
                                   "clock_settime",
                                   "clock_adjtime",
                                   "adjtimex",
                                   "sethostname",
                                   "setdomainname",
                                   "vhangup",
                                   "uselib",
                                   "move_pages",
                                   "migrate_pages",
                                   "remap_file_pages"};

constexpr const char* kSockets[] = {"socket", "socketpair", "connect", "bind",
                                    "listen", "accept",     "accept4", "socketcall"};

// A filter being built: everything is allowed, save what is added. The first failure is kept for Load().
class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release) {
    if (context_ == nullptr) {
      Keep(-ENOMEM);
      return;
    }
    Keep(seccomp_attr_set(context_.get(), SCMP_FLTATR_API_SYSRAWRC, 1));
    constexpr uint32_t kBinaryTree = 2;
    Keep(seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, kBinaryTree));
  }

  void Forbid(std::span<const char* const> names) {
    for (const char* name : names) Forbid(name, EPERM, {});
  }

  // The call whose arguments agree with all of `when`. One that this architecture does not have is no loss.
  void Forbid(const char* name, int error, std::initializer_list<scmp_arg_cmp> when) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number != __NR_SCMP_ERROR) Forbid(number, error, when);
  }

  void Forbid(int number, int error, std::initializer_list<scmp_arg_cmp> when) {
    if (context_ == nullptr) return;
    const int added = seccomp_rule_add_array(context_.get(), SCMP_ACT_ERRNO(static_cast<uint16_t>(error)), number,
                                             static_cast<unsigned>(when.size()), when.begin());
    if (added != -EDOM) Keep(added);
  }

  sys::Result<bool> Load() {
    if (failure_ == 0) Keep(seccomp_load(context_.get()));
    if (failure_ == -ENOSYS || failure_ == -EINVAL) return false;
    if (failure_ != 0) return sys::Error::FromErrno("load a seccomp filter", -failure_);
    return true;
  }

 private:
  void Keep(int result) {
    if (result < 0 && failure_ == 0) failure_ = result;
  }
  std::unique_ptr<void, decltype(&seccomp_release)> context_;
  int failure_ = 0;
};

scmp_arg_cmp Equals(unsigned argument, uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }
scmp_arg_cmp Above(unsigned argument, uint64_t value) { return {argument, SCMP_CMP_GT, value, 0}; }
scmp_arg_cmp NotEquals(unsigned argument, uint64_t value) { return {argument, SCMP_CMP_NE, value, 0}; }
scmp_arg_cmp Masked(unsigned argument, uint64_t mask, uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

bool IsAllowed(int family, const Profile& profile) {
  switch (family) {
    case AF_UNIX:
      return profile.allow_unix;
    case AF_INET:
    case AF_INET6:
      return profile.allow_inet;
    case AF_NETLINK:
      return profile.allow_routes;
    default:
      return false;
  }
}

// Families are small numbers up to AF_NETLINK for us; a rule for each that is not wanted, one for all above. (The
// kernel looks at 32 bits of the register, the filter at 64: what has higher bits set is above.)
void ForbidFamilies(Filter& filter, const Profile& profile) {
  static_assert(AF_UNIX < AF_NETLINK && AF_INET < AF_NETLINK && AF_INET6 < AF_NETLINK);
  for (int family = 0; family <= AF_NETLINK; ++family) {
    if (!IsAllowed(family, profile)) {
      filter.Forbid("socket", EAFNOSUPPORT, {Equals(0, static_cast<uint64_t>(family))});
    }
  }
  filter.Forbid("socket", EAFNOSUPPORT, {Above(0, AF_NETLINK)});
  // Of netlink only routes and addresses (NETLINK_ROUTE, 0).
  filter.Forbid("socket", EAFNOSUPPORT, {Equals(0, AF_NETLINK), NotEquals(2, 0)});
}

// To others than itself. Who forks may signal what it has forked; which that will be, nobody knows yet.
void ForbidSignals(Filter& filter, const Profile& profile) {
  if (profile.allow_fork) return;
  const auto self = static_cast<uint64_t>(getpid());
  for (const char* name : kSignals) filter.Forbid(name, EPERM, {NotEquals(0, self)});
  filter.Forbid("pidfd_send_signal", EPERM, {});
}

void ForbidForks(Filter& filter, const Profile& profile) {
  for (const uint64_t flag :
       {uint64_t{CLONE_NEWNS}, uint64_t{CLONE_NEWCGROUP}, uint64_t{CLONE_NEWUTS}, uint64_t{CLONE_NEWIPC},
        uint64_t{CLONE_NEWUSER}, uint64_t{CLONE_NEWPID}, uint64_t{CLONE_NEWNET}}) {
    filter.Forbid("clone", EPERM, {Masked(0, flag, flag)});
  }
  // Its flags are in memory, where a filter cannot look; libc falls back to clone.
  filter.Forbid("clone3", ENOSYS, {});
  if (profile.allow_fork) return;
  filter.Forbid("fork", EPERM, {});
  filter.Forbid("vfork", EPERM, {});
  filter.Forbid("clone", EPERM, {Masked(0, CLONE_THREAD, 0)});
}

}  // namespace

sys::Result<bool> ForbidSystemCalls(const Profile& profile) {
  Filter filter;
  if (!profile.allow_exec) filter.Forbid(kExecution);
  filter.Forbid(kOtherProcesses);
  filter.Forbid(kSurroundings);
  filter.Forbid(kKernel);
  filter.Forbid(kNamedFiles);
  for (const int number : kNewCalls) filter.Forbid(number, EPERM, {});
  // Limits: its own (0) alone.
  filter.Forbid("prlimit64", EPERM, {NotEquals(0, 0)});
  ForbidFamilies(filter, profile);
  ForbidForks(filter, profile);
  ForbidSignals(filter, profile);
  // Typing into the terminal that the process was started from.
  filter.Forbid("ioctl", EPERM, {Masked(1, 0xFFFFFFFF, TIOCSTI)});
  return filter.Load();
}

sys::Result<bool> ForbidSocketCalls() {
  Filter filter;
  filter.Forbid(kSockets);
  return filter.Load();
}

}  // namespace outpost::confine
