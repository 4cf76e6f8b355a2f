// Descriptors with an owner. No header of ours passes a bare int for a descriptor.
#pragma once

#include <cstdint>
#include <utility>

#include "lib/sys/error.h"

namespace outpost::sys {

// Owns one descriptor; closes it at its end of life. Close errors are lost here: whoever wrote through it
// has called SyncFile() before.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

// A descriptor that somebody else owns and keeps open for the length of the call.
class FdView {
 public:
  FdView(const UniqueFd& fd) : fd_(fd.get()) {}  // NOLINT(google-explicit-constructor)
  explicit FdView(int fd) : fd_(fd) {}
  int get() const { return fd_; }

 private:
  int fd_;
};

// The content of one message on its way between two processes: a regular file of exactly size() bytes that
// nobody can change under the reader: a memfd sealed against writing, or an unlinked file opened read-only.
// Checked where it is made and again where it arrives.
class ReadOnlyFd {
 public:
  ReadOnlyFd() = default;
  // Takes `fd` if it is such a file of `size_bytes`; otherwise an error, and the descriptor is closed.
  static Result<ReadOnlyFd> Check(UniqueFd fd, uint64_t size_bytes);

  FdView view() const { return fd_; }
  uint64_t size() const { return size_; }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  // A second owner of the same open file.
  Result<ReadOnlyFd> Duplicate() const;

 private:
  ReadOnlyFd(UniqueFd fd, uint64_t size) : fd_(std::move(fd)), size_(size) {}
  UniqueFd fd_;
  uint64_t size_ = 0;
};

}  // namespace outpost::sys
