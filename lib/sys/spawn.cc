#include "lib/sys/spawn.h"

#include <algorithm>
#include <fcntl.h>
#include <signal.h>
#include <span>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>

#include "lib/sys/text.h"

namespace outpost::sys {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

bool IsNamed(const SpawnRequest& request, int number) {
  return std::ranges::any_of(request.descriptors, [&](const auto& each) { return each.second == number; });
}

// Dispositions before the mask, so that a signal that has waited meets the default and not a handler of ours.
void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// What has no close-on-exec flag because the process that started us, or a library, left it open.
void CloseUnnamed(const SpawnRequest& request, int highest) {
  for (int number = 3; number <= highest; ++number) {
    if (!IsNamed(request, number)) close(number);
  }
  close_range(static_cast<unsigned>(highest) + 1, UINT_MAX, 0);
}

// After fork, so async-signal-safe calls alone. Sources are first moved above every target.
[[noreturn]] void Become(const SpawnRequest& request, char* const* argv, char* const* environment,
                         std::span<int> moved, int highest) {
  const auto fail = [] { _exit(127); };
  ResetSignals();
  if (request.new_session && setsid() < 0) fail();
  for (size_t i = 0; i < moved.size(); ++i) {
    moved[i] = fcntl(request.descriptors[i].first.get(), F_DUPFD_CLOEXEC, highest + 1);
    if (moved[i] < 0) fail();
  }
  for (int standard = 0; standard < 3; ++standard) {
    if (IsNamed(request, standard)) continue;
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) fail();
    if (null != standard && dup2(null, standard) < 0) fail();
    if (null == standard && fcntl(null, F_SETFD, 0) != 0) fail();
  }
  for (size_t i = 0; i < moved.size(); ++i) {
    if (dup2(moved[i], request.descriptors[i].second) < 0) fail();
  }
  CloseUnnamed(request, highest);
  execve(argv[0], argv, environment);
  fail();
  __builtin_unreachable();
}

}  // namespace

Result<Process> Spawn(const SpawnRequest& request) {
  const auto argv = Pointers(request.argv);
  const auto environment = Pointers(request.environment);
  std::vector<int> moved(request.descriptors.size());
  int highest = 2;
  for (const auto& [fd, number] : request.descriptors) highest = std::max(highest, number);
  const pid_t pid = fork();
  if (pid < 0) return Error::FromErrno(Cat("fork for ", request.argv[0]));
  if (pid == 0) Become(request, argv.data(), environment.data(), moved, highest);
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    // Nobody could ever hear of its end: it must not stay.
    auto error = Error::FromErrno("open a pidfd");
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return error;
  }
  return Process{pid, std::move(pidfd)};
}

Result<ExitStatus> Reap(Process& process) {
  int status = 0;
  pid_t ended;
  do {
    ended = waitpid(process.pid, &status, 0);
  } while (ended < 0 && errno == EINTR);
  if (ended < 0) return Error::FromErrno("wait for a process");
  process.pid = -1;
  process.pidfd.reset();
  if (WIFSIGNALED(status)) return ExitStatus{true, WTERMSIG(status)};
  return ExitStatus{false, WEXITSTATUS(status)};
}

std::string Describe(const ExitStatus& status) {
  return Cat(status.signalled ? "signal " : "exit status ", status.number);
}

Result<std::string> OwnDirectory() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length < 0) return Error::FromErrno("read /proc/self/exe");
  const std::string_view whole(path, static_cast<size_t>(length));
  return std::string(whole.substr(0, whole.rfind('/')));
}

}  // namespace outpost::sys
