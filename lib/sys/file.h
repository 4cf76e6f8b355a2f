// Files: whole reads and writes, checked syncs, temporary content. Every call retries EINTR; every error names
// the path or what the descriptor is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::sys {

// open(2) with O_CLOEXEC added. `flags` as for open(2).
Result<UniqueFd> OpenFile(const std::string& path, int flags, mode_t mode = 0);
// `name` in the directory `directory`: one path component, never through a symbolic link.
Result<UniqueFd> OpenIn(FdView directory, const std::string& name, int flags, mode_t mode = 0);
Result<UniqueFd> OpenDirectory(const std::string& path);

// The whole of a file of at most `max_bytes`; a larger one is an error, as is a directory or FIFO.
Result<std::string> ReadFile(const std::string& path, size_t max_bytes);

// At most buffer.size() bytes; 0 at the end of the file. EAGAIN is an Error with that code.
Result<size_t> ReadSome(FdView fd, std::span<char> buffer);
// Fewer than buffer.size() only at the end of the file.
Result<size_t> ReadAt(FdView fd, std::span<char> buffer, uint64_t offset);
// All of `bytes`, or an error; for blocking descriptors. `what` names the file in the error. A pipe whose other end is
// gone is SIGPIPE, which daemons ignore; sockets have SendAll (lib/sys/socket.h).
Result<void> WriteAll(FdView fd, std::string_view bytes, std::string_view what);

// Whether the file system of `fd` has `bytes` free to those who are not root, and can hold some files more. True where it
// does not say.
bool HasRoom(FdView fd, uint64_t bytes);

// fsync(2).
Result<void> SyncFile(FdView fd, std::string_view what);
struct FileOwner {
  uid_t user = 0;
  gid_t group = 0;
};
// Writes `bytes` to PATH.outpost-new, syncs it, renames it over `path`, syncs the directory: after a crash the old or the new file
// is there, whole. It is this process's unless an owner is named, and never without that owner. The caller sees to it that
// one at a time replaces a file; a PATH.outpost-new that is there was left by a crash.
Result<void> ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode,
                         const std::optional<FileOwner>& owner = {});

// mkdir -p with exactly `mode`, whatever the umask, for each directory made; those that are there stay as they are.
Result<void> MakeDirectories(const std::string& path, mode_t mode);

// A new empty file of `directory`, to read and write, that has no name: it ends with its last descriptor.
Result<UniqueFd> MakeUnlinkedFile(FdView directory);

// A place to put content while it is made: a memfd, or past kMemoryBytes an unlinked file of
// `directory`, so that memory stays bounded whatever the message's size.
class Scratch {
 public:
  static constexpr size_t kMemoryBytes = 1024 * 1024;

  // `directory` must outlive the Scratch: a directory on disk, opened with OpenDirectory.
  static Result<Scratch> Make(FdView directory);
  // Appends; an error (ENOSPC) leaves the Scratch to be thrown away.
  Result<void> Append(std::string_view bytes);
  uint64_t size() const { return size_ + buffer_.size(); }
  // What has been appended so far, readable by ReadAt; flushes first.
  Result<FdView> Flushed();
  // Ends writing: the sealed memfd, or the file's read-only descriptor.
  Result<ReadOnlyFd> Finish() &&;

 private:
  Scratch(FdView directory, UniqueFd fd) : directory_(directory), fd_(std::move(fd)) {}
  Result<void> Flush();
  Result<void> MoveToFile();
  FdView directory_;
  UniqueFd fd_;
  UniqueFd read_only_;  // the file's second opening, once there is a file
  bool in_memory_ = true;
  uint64_t size_ = 0;
  std::string buffer_;
};

// A sealed memfd holding `bytes`.
Result<ReadOnlyFd> SealedCopy(std::string_view bytes);

// Random bytes from the kernel.
void FillRandom(std::span<unsigned char> bytes);

}  // namespace outpost::sys
