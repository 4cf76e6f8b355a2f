// A small process, forked from queue-runner before that confines itself, whose only ability is to start pickup and
// outpost-smtp with the descriptors that it is given (and to end a process that hangs). What confines the runner (no inet socket, no exec, an
// allow-list of paths) would be inherited by what it starts; so it starts nothing.
//
// It leads a session of its own: a terminal's Ctrl-C reaches the runner alone, which ends the others in order. It
// ends when the runner does. Neither can do its work without the other: a runner that loses it ends too.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "lib/ipc/channel.h"
#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::queue_runner {

enum class Program { kPickup, kSmtp };

struct SpawnPlan {
  std::string daemon_directory;
  std::string config_directory;
  std::vector<std::string> environment;
};

class Spawner {
 public:
  struct Ended {
    pid_t pid = -1;
    std::string how;  // "exit status 1"
  };

  // Forks; the child keeps none of this process's descriptors. Call while there is one thread.
  static sys::Result<Spawner> Start(const SpawnPlan& plan);

  // Waits for the fork, not for the exec. `descriptors` as in sys::SpawnRequest.
  sys::Result<pid_t> Spawn(Program program, const std::vector<std::pair<sys::FdView, int>>& descriptors);

  // Ends the process of `pidfd` by SIGKILL: a confined process may not signal others.
  sys::Result<void> End(sys::FdView pidfd);

  // Readable when a program has ended; then take them until there is none. An Error: the spawner is gone.
  sys::FdView fd() const { return channel_.fd(); }
  sys::Result<std::vector<Ended>> TakeEnded();
  // Programs that have not ended.
  size_t running() const { return running_; }

 private:
  explicit Spawner(ipc::Channel channel) : channel_(std::move(channel)) {}
  sys::Result<pid_t> ReadAnswer();

  ipc::Channel channel_;
  std::deque<Ended> ended_;
  size_t running_ = 0;
};

}  // namespace outpost::queue_runner
