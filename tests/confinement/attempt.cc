// attempt: makes a running process try what it must not, and prints what the kernel answers: "ok" or an errno's name.
//
//   attempt PID open PATH       for reading
//   attempt PID socket FAMILY   a number
//   attempt PID exec PATH
//   attempt PID fork            with flags that no kernel accepts: EINVAL where only the kernel refuses
//   attempt PID connect         on descriptor -1: EBADF where only the kernel refuses
//   attempt PID signal OTHER    whether it may: none is sent
//   attempt PID chmod PATH      to the mode 0666
//
// The process is stopped in the system call in which it waits for work, makes the other one with its own rights, and
// goes on as if nothing had been. That proves the confinement of the real program where it really waits, and not of
// a copy of its profile. Needs root (ptrace); exit status 77 where this cannot be done, 70 when it failed.
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sched.h>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

namespace {

constexpr int kSkipped = 77;

struct Call {
  long number = 0;
  std::array<uint64_t, 4> arguments{};
  std::string path;     // copied into the process
  int path_index = -1;  // the argument that is its address
};

std::optional<Call> Parse(std::string_view what, const std::string& value) {
  if (what == "open")
    return Call{SYS_openat, {static_cast<uint64_t>(AT_FDCWD), 0, O_RDONLY | O_CLOEXEC, 0}, value, 1};
  if (what == "exec") return Call{SYS_execve, {}, value, 0};
  if (what == "socket")
    return Call{SYS_socket, {strtoul(value.c_str(), nullptr, 10), SOCK_STREAM | SOCK_CLOEXEC}, "", -1};
  if (what == "fork") return Call{SYS_clone, {CLONE_SIGHAND}, "", -1};
  if (what == "signal") return Call{SYS_kill, {strtoul(value.c_str(), nullptr, 10), 0}, "", -1};
  if (what == "chmod") return Call{SYS_fchmodat, {static_cast<uint64_t>(AT_FDCWD), 0, 0666}, value, 1};
  if (what == "connect") return Call{SYS_connect, {UINT64_MAX}, "", -1};
  return std::nullopt;
}

#if defined(__x86_64__)

bool MakesDescriptor(const Call& call) { return call.number == SYS_openat || call.number == SYS_socket; }

class Stopped {
 public:
  // Stops `pid`; what it was doing is restarted or interrupted when this ends, as by a signal that it does not handle.
  explicit Stopped(pid_t pid) : pid_(pid) {
    if (ptrace(PTRACE_SEIZE, pid_, nullptr, nullptr) != 0) return;
    seized_ = ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr) == 0 && Wait() &&
              ptrace(PTRACE_GETREGS, pid_, nullptr, &registers_) == 0;
  }
  ~Stopped() {
    if (seized_) ptrace(PTRACE_SETREGS, pid_, nullptr, &registers_);
    ptrace(PTRACE_DETACH, pid_, nullptr, nullptr);
  }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;

  // In a system call: the instruction before the next one is `syscall`, and can be used again.
  bool CanCall() const {
    if (!seized_) return false;
    errno = 0;
    const long code = ptrace(PTRACE_PEEKTEXT, pid_, registers_.rip - 2, nullptr);
    return errno == 0 && (code & 0xFFFF) == 0x050F;
  }

  // What the call returns there.
  std::optional<long> Make(const Call& call) {
    auto arguments = call.arguments;
    // Below the stack's red zone: nobody else's, and restored.
    const uint64_t place = (registers_.rsp - 2048) & ~uint64_t{15};
    std::string saved(call.path.size() + 1, '\0');
    if (call.path_index >= 0) {
      if (!Copy(place, saved, false)) return std::nullopt;
      std::string path(call.path.c_str(), call.path.size() + 1);
      if (!Copy(place, path, true)) return std::nullopt;
      arguments[static_cast<size_t>(call.path_index)] = place;
    }
    user_regs_struct changed = registers_;
    changed.rip -= 2;
    changed.rax = static_cast<uint64_t>(call.number);
    changed.orig_rax = UINT64_MAX;  // the call that it was in is not restarted now
    changed.rdi = arguments[0];
    changed.rsi = arguments[1];
    changed.rdx = arguments[2];
    changed.r10 = arguments[3];
    if (ptrace(PTRACE_SETREGS, pid_, nullptr, &changed) != 0) return std::nullopt;
    if (ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0 || !Wait()) return std::nullopt;
    if (ptrace(PTRACE_GETREGS, pid_, nullptr, &changed) != 0) return std::nullopt;
    if (call.path_index >= 0) Copy(place, saved, true);
    return static_cast<long>(changed.rax);
  }

 private:
  bool Wait() const {
    int status = 0;
    return waitpid(pid_, &status, __WALL) == pid_ && WIFSTOPPED(status);
  }

  bool Copy(uint64_t place, std::string& bytes, bool into) const {
    const std::string memory = "/proc/" + std::to_string(pid_) + "/mem";
    const int fd = open(memory.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return false;
    const auto at = static_cast<off_t>(place);
    const ssize_t count =
        into ? pwrite(fd, bytes.data(), bytes.size(), at) : pread(fd, bytes.data(), bytes.size(), at);
    close(fd);
    return count == static_cast<ssize_t>(bytes.size());
  }

  pid_t pid_;
  bool seized_ = false;
  user_regs_struct registers_{};
};

std::optional<long> MakeIn(pid_t pid, const Call& call) {
  for (int tries = 0; tries < 100; ++tries) {
    {
      Stopped process(pid);
      if (process.CanCall()) {
        const auto result = process.Make(call);
        if (result && *result >= 0 && MakesDescriptor(call)) {
          process.Make({SYS_close, {static_cast<uint64_t>(*result)}, "", -1});
        }
        return result;
      }
    }
    usleep(10000);  // it was busy
  }
  return std::nullopt;
}

#else

std::optional<long> MakeIn(pid_t /*pid*/, const Call& /*call*/) {
  std::fputs("attempt: knows the registers of x86-64 alone\n", stderr);
  exit(kSkipped);
}

#endif

}  // namespace

int main(int argc, char** argv) {
  const auto call = argc >= 3 ? Parse(argv[2], argc >= 4 ? argv[3] : "") : std::nullopt;
  if (!call) {
    std::fputs(
        "usage: attempt PID open PATH | socket FAMILY | exec PATH | fork | connect | signal OTHER | chmod PATH\n",
        stderr);
    return EX_USAGE;
  }
  if (geteuid() != 0) {
    std::fputs("attempt: needs root\n", stderr);
    return kSkipped;
  }
  const auto result = MakeIn(static_cast<pid_t>(strtol(argv[1], nullptr, 10)), *call);
  if (!result) {
    std::perror("attempt");
    return EX_SOFTWARE;
  }
  std::puts(*result >= 0 ? "ok" : strerrorname_np(static_cast<int>(-*result)));
  return EX_OK;
}
