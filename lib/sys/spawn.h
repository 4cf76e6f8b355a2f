// Starting our other programs.
#pragma once

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::sys {

struct Process {
  pid_t pid = -1;
  UniqueFd pidfd;  // readable when the process has ended; wait for it with Reap()
};

struct SpawnRequest {
  std::vector<std::string> argv;  // argv[0] is the program's absolute path
  // The child has each `first` as the number `second`; 0 to 2 that are not named are /dev/null, all else is
  // closed.
  std::vector<std::pair<FdView, int>> descriptors;
  // The whole environment, NAME=VALUE; nothing is inherited.
  std::vector<std::string> environment;
  bool new_session = false;  // setsid(2): the program outlives the terminal it was started from
};

// Does not wait for the exec: a program that cannot be executed ends with status 127.
Result<Process> Spawn(const SpawnRequest& request);

struct ExitStatus {
  bool signalled = false;
  int number = 0;  // exit code or signal
};
// Waits for `process`, whose pidfd is readable (or blocks). Its pid is invalid afterwards.
Result<ExitStatus> Reap(Process& process);
// "exit status 1", "signal 9".
std::string Describe(const ExitStatus& status);

// The folder of the running program, to find those installed beside it.
Result<std::string> OwnDirectory();

}  // namespace outpost::sys
