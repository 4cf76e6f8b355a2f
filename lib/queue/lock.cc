#include <cerrno>
#include <fcntl.h>
#include <thread>

#include "lib/queue/queue.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

constexpr Microseconds kInterval = std::chrono::milliseconds(20);

}  // namespace

// An OFD lock belongs to the open file: it goes when the last descriptor does, whatever else this process closes.
Result<std::optional<QueueLock>> QueueLock::TryTake(const spool::SpoolPaths& paths) {
  const std::string path = paths.RunnerLock();
  auto fd = sys::OpenFile(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (!fd) return fd.error();
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(fd->get(), F_OFD_SETLK, &lock) == 0) return std::optional<QueueLock>(QueueLock(std::move(*fd)));
  if (errno == EAGAIN || errno == EACCES) return std::optional<QueueLock>();
  return sys::Error::FromErrno(sys::Cat("lock ", path));
}

Result<std::optional<QueueLock>> QueueLock::Take(const spool::SpoolPaths& paths, Microseconds patience) {
  const Microseconds deadline = sys::MonotonicClock() + patience;
  while (true) {
    auto taken = TryTake(paths);
    if (!taken || taken.value() || sys::MonotonicClock() >= deadline) return taken;
    std::this_thread::sleep_for(kInterval);
  }
}

}  // namespace outpost::queue
