#include "tests/support/forked.h"

#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

namespace outpost::tests {

int RunForked(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace outpost::tests
