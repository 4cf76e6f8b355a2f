#include "conf/tables/changing_file.h"

#include <array>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

bool IsSettled(const timespec& modified) {
  const auto fraction = std::chrono::nanoseconds(modified.tv_nsec);
  const auto then = std::chrono::seconds(modified.tv_sec) + std::chrono::duration_cast<sys::Microseconds>(fraction);
  const sys::Microseconds now = sys::WallClock();
  // A time in the future is another clock's, not a recent change.
  return then > now || now - then >= ChangingFile::kSettleTime;
}

sys::Result<struct stat> Inspect(sys::FdView fd, const std::string& path) {
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return sys::Error::FromErrno(sys::Cat("inspect ", path));
  if (!S_ISREG(status.st_mode)) return sys::Error(sys::Cat(path, " is no regular file"));
  if ((status.st_mode & S_IWOTH) != 0) {
    return sys::Error(sys::Cat(path, " may be written by everybody; mend it with: chmod o-w ", path));
  }
  if (static_cast<size_t>(status.st_size) > ChangingFile::kMaxFile) {
    return sys::Error(sys::Cat(path, " is larger than ", ChangingFile::kMaxFile, " bytes"));
  }
  return status;
}

sys::Result<std::string> ReadAll(sys::FdView fd, const std::string& path) {
  std::string text;
  std::array<char, 64 * 1024> buffer;
  while (true) {
    const sys::Result<size_t> got = sys::ReadSome(fd, buffer);
    if (!got) return got.error().Within(path);
    if (*got == 0) return text;
    text.append(buffer.data(), *got);
    if (text.size() > ChangingFile::kMaxFile) return sys::Error(sys::Cat(path, " grows while it is read"));
  }
}

// open(2)'s error, and what to do where only the compiled form of the table is there.
sys::Error CannotOpen(const std::string& path, const sys::Error& error) {
  for (const std::string_view suffix : {".db", ".lmdb", ".cdb"}) {
    const std::string compiled = sys::Cat(path, suffix);
    if (error.code() == ENOENT && access(compiled.c_str(), F_OK) == 0) {
      return sys::Error(
          sys::Cat(error.text(), " (", compiled, " is there, but the text that it was made of is read)"),
          error.code());
    }
  }
  return error;
}

}  // namespace

bool ChangingFile::Version::operator==(const Version& other) const {
  const auto same = [](const timespec& x, const timespec& y) {
    return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
  };
  return device == other.device && inode == other.inode && size == other.size && same(modified, other.modified) &&
         same(changed, other.changed);
}

ChangingFile::Version ChangingFile::VersionOf(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim, status.st_ctim};
}

sys::Result<std::string> ChangingFile::Read() {
  const sys::Result<sys::UniqueFd> fd = sys::OpenFile(path_, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return CannotOpen(path_, fd.error());
  const sys::Result<struct stat> status = Inspect(*fd, path_);
  if (!status) return status.error();
  const bool settled = IsSettled(status->st_mtim);
  sys::Result<std::string> text = ReadAll(*fd, path_);
  if (!text) return text;
  version_ = VersionOf(*status);
  settled_ = settled;
  return text;
}

sys::Result<std::optional<std::string>> ChangingFile::ReadIfChanged() {
  struct stat status {};
  if (stat(path_.c_str(), &status) != 0) return sys::Error::FromErrno(sys::Cat("inspect ", path_));
  const bool changed = VersionOf(status) != version_;
  if (!changed && settled_) return std::optional<std::string>();
  // Neither a file in the making, nor one that was read in the making and may have been finished within the
  // resolution of its time stamps.
  if (!IsSettled(status.st_mtim)) return std::optional<std::string>();
  sys::Result<std::string> text = Read();
  if (!text) return text.error();
  return std::optional(std::move(*text));
}

}  // namespace outpost::conf
