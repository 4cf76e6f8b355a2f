#include "lib/sys/inherited.h"

#include <fcntl.h>
#include <limits>
#include <unistd.h>

namespace outpost::sys {

Result<void> OpenStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is this one: those below are open.
    if (open("/dev/null", O_RDWR) != fd) return Error::FromErrno("open /dev/null");
  }
  return {};
}

void CloseInheritedDescriptors() { close_range(STDERR_FILENO + 1, std::numeric_limits<unsigned>::max(), 0); }

}  // namespace outpost::sys
