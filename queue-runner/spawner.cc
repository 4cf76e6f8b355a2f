#include "queue-runner/spawner.h"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <optional>
#include <poll.h>
#include <signal.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/sys/event_loop.h"
#include "lib/sys/socket.h"
#include "lib/sys/spawn.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

// Packets: "fd N" with a descriptor, any number, then "start PROGRAM"; answered by "started PID" or "failed TEXT".
// "ended PID TEXT" comes when it comes. "end" with a pidfd has no answer.
constexpr std::string_view kFd = "fd ";
constexpr std::string_view kStart = "start ";
constexpr std::string_view kEnd = "end";
constexpr std::string_view kStarted = "started ";
constexpr std::string_view kFailed = "failed ";
constexpr std::string_view kEnded = "ended ";
constexpr int kAnswerMilliseconds = 10000;

std::string_view FileName(Program program) {
  switch (program) {
    case Program::kPickup:
      return "outpost-pickup";
    case Program::kSmtp:
      return "outpost-smtp";
  }
  return "";
}

// The spawner's own side.
class Forker {
 public:
  Forker(ipc::Channel channel, const SpawnPlan& plan, sys::EventLoop loop)
      : channel_(std::move(channel)), plan_(plan), loop_(std::move(loop)) {}

  void Run() {
    if (!loop_.Watch(channel_.fd(), [this] { OnPacket(); })) return;
    (void)loop_.Run();
  }

 private:
  struct Child {
    sys::Process process;
    sys::EventLoop::WatchId watch = 0;
  };

  void OnPacket() {
    auto packet = channel_.Receive();
    if (!packet || !packet->has_value()) return loop_.Stop();
    const std::string_view text = (*packet)->bytes;
    if (text.starts_with(kFd)) {
      const auto number = sys::ParseDecimal(text.substr(kFd.size()));
      if (!number || *number > 255 || !(*packet)->fd) return loop_.Stop();
      held_.emplace_back(std::move((*packet)->fd), static_cast<int>(*number));
      return;
    }
    if (text == kEnd && (*packet)->fd) {
      syscall(SYS_pidfd_send_signal, (*packet)->fd.get(), SIGKILL, nullptr, 0);
      return;
    }
    if (!text.starts_with(kStart)) return loop_.Stop();
    auto pid = StartProgram(text.substr(kStart.size()));
    held_.clear();
    const std::string answer = pid ? Cat(kStarted, *pid) : Cat(kFailed, pid.error().text());
    if (!channel_.Send(answer)) loop_.Stop();
  }

  sys::Result<pid_t> StartProgram(std::string_view name) {
    if (name != FileName(Program::kPickup) && name != FileName(Program::kSmtp))
      return sys::Error("no such program");
    sys::SpawnRequest request;
    request.argv = {Cat(plan_.daemon_directory, "/", name), "-C", plan_.config_directory};
    request.environment = plan_.environment;
    request.descriptors.emplace_back(sys::FdView(STDERR_FILENO), STDERR_FILENO);
    for (const auto& [fd, number] : held_) request.descriptors.emplace_back(fd, number);
    auto process = sys::Spawn(request);
    if (!process) return process.error();
    const pid_t pid = process->pid;
    Child& child = children_[pid];
    child.process = std::move(*process);
    auto watch = loop_.Watch(child.process.pidfd, [this, pid] { OnEnd(pid); });
    if (watch) child.watch = *watch;
    return pid;
  }

  void OnEnd(pid_t pid) {
    auto node = children_.extract(pid);
    if (!node) return;
    loop_.Unwatch(node.mapped().watch);
    auto status = sys::Reap(node.mapped().process);
    const std::string how = status ? sys::Describe(*status) : status.error().text();
    if (!channel_.Send(Cat(kEnded, pid, " ", how))) loop_.Stop();
  }

  ipc::Channel channel_;
  const SpawnPlan& plan_;
  sys::EventLoop loop_;
  std::vector<std::pair<sys::UniqueFd, int>> held_;
  std::map<pid_t, Child> children_;
};

constexpr int kChannelNumber = 3;

// `socket` is all that it keeps of the runner's descriptors: locks and notifications end with the runner.
[[noreturn]] void BecomeSpawner(int socket, const SpawnPlan& plan) {
  if (socket != kChannelNumber && dup3(socket, kChannelNumber, O_CLOEXEC) < 0) _exit(EX_OSERR);
  if (close_range(kChannelNumber + 1, ~0U, 0) != 0) _exit(EX_OSERR);
  ipc::Channel channel((sys::UniqueFd(kChannelNumber)));
  setsid();
  prctl(PR_SET_NAME, "outpost-spawner");
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, SIG_DFL);
  signal(SIGHUP, SIG_IGN);
  if (auto loop = sys::EventLoop::Make()) Forker(std::move(channel), plan, std::move(*loop)).Run();
  _exit(0);
}

std::optional<Spawner::Ended> ParseEnded(std::string_view text) {
  if (!text.starts_with(kEnded)) return std::nullopt;
  text.remove_prefix(kEnded.size());
  const size_t blank = std::min(text.find(' '), text.size());
  const auto pid = sys::ParseDecimal(text.substr(0, blank));
  if (!pid) return std::nullopt;
  return Spawner::Ended{static_cast<pid_t>(*pid), std::string(text.substr(std::min(blank + 1, text.size())))};
}

bool WaitReadable(sys::FdView fd, int milliseconds) {
  pollfd poll_fd{fd.get(), POLLIN, 0};
  int ready;
  do {
    ready = poll(&poll_fd, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

sys::Result<Spawner> Spawner::Start(const SpawnPlan& plan) {
  auto pair = sys::PacketPair();
  if (!pair) return pair.error();
  const pid_t pid = fork();
  if (pid < 0) return sys::Error::FromErrno("fork the process that starts programs");
  if (pid == 0) {
    BecomeSpawner(pair->second.release(), plan);
  }
  return Spawner(ipc::Channel(std::move(pair->first)));
}

sys::Result<pid_t> Spawner::Spawn(Program program, const std::vector<std::pair<sys::FdView, int>>& descriptors) {
  for (const auto& [fd, number] : descriptors) {
    if (auto sent = channel_.Send(Cat(kFd, number), fd); !sent) return sent.error();
  }
  if (auto sent = channel_.Send(Cat(kStart, FileName(program))); !sent) return sent.error();
  auto pid = ReadAnswer();
  if (!pid) return pid.error().Within(Cat("start ", FileName(program)));
  ++running_;
  return pid;
}

sys::Result<void> Spawner::End(sys::FdView pidfd) { return channel_.Send(kEnd, pidfd); }

sys::Result<pid_t> Spawner::ReadAnswer() {
  while (WaitReadable(channel_.fd(), kAnswerMilliseconds)) {
    auto packet = channel_.Receive();
    if (!packet) return packet.error();
    if (!packet->has_value()) return sys::Error("the process that starts programs is gone", EPIPE);
    const std::string_view text = (*packet)->bytes;
    if (auto ended = ParseEnded(text)) {
      ended_.push_back(std::move(*ended));
      continue;
    }
    if (text.starts_with(kFailed)) return sys::Error(std::string(text.substr(kFailed.size())));
    const auto pid = text.starts_with(kStarted) ? sys::ParseDecimal(text.substr(kStarted.size())) : std::nullopt;
    if (!pid) return sys::Error("an answer that cannot be read");
    return static_cast<pid_t>(*pid);
  }
  return sys::Error("no answer from the process that starts programs", ETIMEDOUT);
}

sys::Result<std::vector<Spawner::Ended>> Spawner::TakeEnded() {
  while (WaitReadable(channel_.fd(), 0)) {
    auto packet = channel_.Receive();
    if (!packet) return packet.error();
    if (!packet->has_value()) return sys::Error("the process that starts programs is gone", EPIPE);
    if (auto ended = ParseEnded((*packet)->bytes)) ended_.push_back(std::move(*ended));
  }
  std::vector<Ended> taken(std::make_move_iterator(ended_.begin()), std::make_move_iterator(ended_.end()));
  ended_.clear();
  running_ -= std::min(running_, taken.size());
  return taken;
}

}  // namespace outpost::queue_runner
