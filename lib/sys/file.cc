#include "lib/sys/file.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "lib/sys/text.h"

namespace outpost::sys {
namespace {

constexpr size_t kScratchBuffer = 64 * 1024;

template <typename Call>
auto Retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// Without MFD_NOEXEC_SEAL, which came with Linux 6.3, a system may refuse memfds (vm.memfd_noexec = 2).
Result<UniqueFd> MakeMemfd() {
  constexpr unsigned kNoExecSeal = 8;
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  UniqueFd fd(memfd_create("outpost-content", kFlags | kNoExecSeal));
  if (!fd && errno == EINVAL) fd = UniqueFd(memfd_create("outpost-content", kFlags));
  if (!fd) return Error::FromErrno("make a memfd");
  return fd;
}

Result<ReadOnlyFd> Seal(UniqueFd fd, uint64_t size_bytes) {
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return Error::FromErrno("seal content");
  }
  return ReadOnlyFd::Check(std::move(fd), size_bytes);
}

// A file that has lost its name, opened twice.
struct Unlinked {
  UniqueFd writable;
  UniqueFd read_only;
};

// Not O_TMPFILE: its read-only twin needs /proc/self/fd, which a process that is not dumpable cannot open.
Result<Unlinked> MakeUnlinked(FdView directory) {
  unsigned char random[8];
  FillRandom(random);
  std::string name = "content-";
  for (const unsigned char byte : random) {
    name += static_cast<char>('a' + (byte & 15));
    name += static_cast<char>('a' + (byte >> 4));
  }
  auto file = OpenIn(directory, name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (!file) return file.error().Within("make a temporary file");
  auto read_only = OpenIn(directory, name, O_RDONLY);
  if (unlinkat(directory.get(), name.c_str(), 0) != 0) return Error::FromErrno(Cat("unlink ", name));
  if (!read_only) return read_only.error();
  return Unlinked{std::move(*file), std::move(*read_only)};
}

}  // namespace

Result<UniqueFd> OpenFile(const std::string& path, int flags, mode_t mode) {
  UniqueFd fd(Retry([&] { return open(path.c_str(), flags | O_CLOEXEC, mode); }));
  if (!fd) return Error::FromErrno(Cat("open ", path));
  return fd;
}

Result<UniqueFd> OpenIn(FdView directory, const std::string& name, int flags, mode_t mode) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return Error(Cat("open ", Printable(name), ": not a file name"), EINVAL);
  }
  UniqueFd fd(Retry([&] { return openat(directory.get(), name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode); }));
  if (!fd) return Error::FromErrno(Cat("open ", Printable(name)));
  return fd;
}

Result<UniqueFd> OpenDirectory(const std::string& path) { return OpenFile(path, O_RDONLY | O_DIRECTORY); }

Result<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  // O_NONBLOCK: a FIFO without a writer must not hang us.
  auto fd = OpenFile(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return fd.error();
  struct stat status {};
  if (fstat(fd->get(), &status) != 0) return Error::FromErrno(Cat("stat ", path));
  if (!S_ISREG(status.st_mode)) return Error(Cat("read ", path, ": not a regular file"), EINVAL);
  std::string text;
  char buffer[16384];
  while (true) {
    const auto count = ReadSome(*fd, buffer);
    if (!count) return count.error().Within(Cat("read ", path));
    if (*count == 0) return text;
    if (text.size() + *count > max_bytes)
      return Error(Cat("read ", path, ": larger than ", max_bytes, " bytes"), EFBIG);
    text.append(buffer, *count);
  }
}

Result<size_t> ReadSome(FdView fd, std::span<char> buffer) {
  const ssize_t count = Retry([&] { return read(fd.get(), buffer.data(), buffer.size()); });
  if (count < 0) return Error::FromErrno("read");
  return static_cast<size_t>(count);
}

Result<size_t> ReadAt(FdView fd, std::span<char> buffer, uint64_t offset) {
  size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count = Retry([&] {
      return pread(fd.get(), buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
    });
    if (count < 0) return Error::FromErrno("read");
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

Result<void> WriteAll(FdView fd, std::string_view bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t count = Retry([&] { return write(fd.get(), bytes.data(), bytes.size()); });
    if (count < 0) return Error::FromErrno(Cat("write ", what));
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

bool HasRoom(FdView fd, uint64_t bytes) {
  constexpr uint64_t kSpareFiles = 100;
  struct statvfs facts {};
  if (fstatvfs(fd.get(), &facts) != 0) return true;
  if (facts.f_files != 0 && facts.f_favail < kSpareFiles) return false;
  return facts.f_bavail >= bytes / facts.f_frsize + (bytes % facts.f_frsize == 0 ? 0 : 1);
}

Result<void> SyncFile(FdView fd, std::string_view what) {
  if (Retry([&] { return fsync(fd.get()); }) != 0) return Error::FromErrno(Cat("sync ", what));
  return {};
}

Result<void> ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode,
                         const std::optional<FileOwner>& owner) {
  const std::string temporary = Cat(path, ".outpost-new");  // nobody else's
  const auto write_new = [&]() -> Result<void> {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    auto fd = OpenFile(temporary, kFlags, mode);
    if (!fd && fd.error().code() == EEXIST) {
      unlink(temporary.c_str());
      fd = OpenFile(temporary, kFlags, mode);
    }
    if (!fd) return fd.error();
    if (owner && fchown(fd->get(), owner->user, owner->group) != 0) {
      return Error::FromErrno(Cat("give ", temporary, " to the owner of ", path));
    }
    if (fchmod(fd->get(), mode) != 0) return Error::FromErrno(Cat("chmod ", temporary));
    if (auto written = WriteAll(*fd, bytes, temporary); !written) return written;
    return SyncFile(*fd, temporary);
  };
  if (auto written = write_new(); !written) {
    unlink(temporary.c_str());
    return written;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    auto error = Error::FromErrno(Cat("rename ", temporary, " to ", path));
    unlink(temporary.c_str());
    return error;
  }
  const size_t slash = path.rfind('/');
  auto directory = OpenDirectory(slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1)));
  if (!directory) return directory.error();
  return SyncFile(*directory, Cat("directory of ", path));
}

Result<void> MakeDirectories(const std::string& path, mode_t mode) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (mkdir(part.c_str(), mode) == 0) {
      // Whatever the umask is: others depend on these modes.
      if (chmod(part.c_str(), mode) != 0) return Error::FromErrno(Cat("chmod ", part));
    } else if (errno != EEXIST) {
      return Error::FromErrno(Cat("make directory ", part));
    }
    if (slash != std::string::npos) continue;
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return Error::FromErrno(Cat("make directory ", path));
    if (!S_ISDIR(status.st_mode)) return Error(Cat("make directory ", path, ": a file is in its place"), ENOTDIR);
    return {};
  }
}

Result<UniqueFd> MakeUnlinkedFile(FdView directory) {
  auto file = MakeUnlinked(directory);
  if (!file) return file.error();
  return std::move(file->writable);
}

Result<Scratch> Scratch::Make(FdView directory) {
  auto fd = MakeMemfd();
  if (!fd) return fd.error();
  return Scratch(directory, std::move(*fd));
}

Result<void> Scratch::Append(std::string_view bytes) {
  if (buffer_.size() + bytes.size() <= kScratchBuffer) {
    buffer_ += bytes;
    return {};
  }
  if (auto flushed = Flush(); !flushed) return flushed;
  if (bytes.size() <= kScratchBuffer) {
    buffer_ = bytes;
    return {};
  }
  if (in_memory_ && size_ + bytes.size() > kMemoryBytes) {
    if (auto moved = MoveToFile(); !moved) return moved;
  }
  if (auto written = WriteAll(fd_, bytes, "temporary content"); !written) return written;
  size_ += bytes.size();
  return {};
}

Result<void> Scratch::Flush() {
  if (in_memory_ && size_ + buffer_.size() > kMemoryBytes) {
    if (auto moved = MoveToFile(); !moved) return moved;
  }
  if (auto written = WriteAll(fd_, buffer_, "temporary content"); !written) return written;
  size_ += buffer_.size();
  buffer_.clear();
  return {};
}

Result<void> Scratch::MoveToFile() {
  auto file = MakeUnlinked(directory_);
  if (!file) return file.error();
  std::string block(kScratchBuffer, '\0');
  for (uint64_t offset = 0; offset < size_;) {
    const auto count = ReadAt(fd_, block, offset);
    if (!count) return count.error();
    if (auto written = WriteAll(file->writable, std::string_view(block).substr(0, *count), "temporary content");
        !written) {
      return written;
    }
    offset += *count;
  }
  fd_ = std::move(file->writable);
  read_only_ = std::move(file->read_only);
  in_memory_ = false;
  return {};
}

Result<FdView> Scratch::Flushed() {
  if (auto flushed = Flush(); !flushed) return flushed.error();
  return FdView(fd_);
}

Result<ReadOnlyFd> Scratch::Finish() && {
  if (auto flushed = Flush(); !flushed) return flushed.error();
  if (in_memory_) return Seal(std::move(fd_), size_);
  return ReadOnlyFd::Check(std::move(read_only_), size_);
}

Result<ReadOnlyFd> SealedCopy(std::string_view bytes) {
  auto fd = MakeMemfd();
  if (!fd) return fd.error();
  if (auto written = WriteAll(*fd, bytes, "memfd"); !written) return written.error();
  return Seal(std::move(*fd), bytes.size());
}

void FillRandom(std::span<unsigned char> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = Retry([&] { return getrandom(bytes.data(), bytes.size(), 0); });
    if (count < 0) abort();  // getrandom without flags fails for programming errors alone
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
}

}  // namespace outpost::sys
