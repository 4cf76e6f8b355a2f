#include "lib/sys/unique_fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace outpost::sys {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void UniqueFd::reset() {
  if (fd_ >= 0) {
    const int saved = errno;
    close(std::exchange(fd_, -1));
    errno = saved;
  }
}

Result<ReadOnlyFd> ReadOnlyFd::Check(UniqueFd fd, uint64_t size_bytes) {
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return Error::FromErrno("fstat content descriptor");
  if (!S_ISREG(status.st_mode)) return Error("content descriptor is not a regular file");
  if (status.st_nlink != 0) return Error("content descriptor has a name in the file system");
  if (static_cast<uint64_t>(status.st_size) != size_bytes) return Error("content descriptor has the wrong size");
  constexpr int kSealed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  const int seals = fcntl(fd.get(), F_GET_SEALS);
  const bool sealed = seals >= 0 && (seals & kSealed) == kSealed;
  const bool read_only = (fcntl(fd.get(), F_GETFL) & O_ACCMODE) == O_RDONLY;
  if (!sealed && !read_only) return Error("content descriptor can be written");
  return ReadOnlyFd(std::move(fd), size_bytes);
}

Result<ReadOnlyFd> ReadOnlyFd::Duplicate() const {
  UniqueFd copy(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 3));
  if (!copy) return Error::FromErrno("duplicate content descriptor");
  return ReadOnlyFd(std::move(copy), size_);
}

}  // namespace outpost::sys
