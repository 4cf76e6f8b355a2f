#include "conf/tables/changing_file.h"

#include <fcntl.h>
#include <span>
#include <thread>
#include <unistd.h>
#include <utility>

#include "conf/settled_file.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

sys::Result<struct stat> Inspect(sys::FdView fd, const std::string& path, uint64_t max_bytes) {
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return sys::Error::FromErrno(sys::Cat("inspect ", path));
  if (!S_ISREG(status.st_mode)) return sys::Error(sys::Cat(path, " is no regular file"));
  if ((status.st_mode & S_IWOTH) != 0) {
    return sys::Error(sys::Cat(path, " may be written by everybody; mend it with: chmod o-w ", path));
  }
  if (static_cast<uint64_t>(status.st_size) > max_bytes) {
    return sys::Error(sys::Cat(path, " is larger than ", max_bytes, " bytes"));
  }
  return status;
}

bool LooksCut(sys::FdView fd, off_t size) {
  char last = '\0';
  if (size == 0) return true;
  const auto count = sys::ReadAt(fd, std::span(&last, 1), static_cast<uint64_t>(size) - 1);
  return !count || *count == 0 || last != '\n';
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

sys::Result<ChangingFile::Opened> ChangingFile::Open() const {
  sys::Result<sys::UniqueFd> fd = sys::OpenFile(path_, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return CannotOpen(path_, fd.error());
  const sys::Result<struct stat> status = Inspect(*fd, path_, max_bytes_);
  if (!status) return status.error();
  const bool looks_cut = LooksCut(*fd, status->st_size);
  return Opened{std::move(*fd), VersionOf(*status), looks_cut};
}

sys::Result<bool> ChangingFile::Take(const Opened& opened, const Taker& take) {
  const bool settled = IsOlder(opened.version.modified, kSettleTime);
  uint64_t place = 0;
  const sys::Result<void> taken = take([&](std::span<char> room) -> sys::Result<size_t> {
    const sys::Result<size_t> count = sys::ReadAt(opened.fd, room, place);
    if (!count) return count.error().Within(path_);
    place += *count;
    if (place > max_bytes_) return sys::Error(sys::Cat(path_, " grows while it is read"));
    return *count;
  });
  const sys::Result<struct stat> after = Inspect(opened.fd, path_, max_bytes_);
  if (after && VersionOf(*after) != opened.version) return false;
  version_ = opened.version;
  settled_ = settled;
  if (!taken) return taken.error();
  return true;
}

sys::Result<void> ChangingFile::Read(const Taker& take) {
  constexpr std::chrono::milliseconds kPause{20};
  for (std::chrono::milliseconds waited{0};; waited += kPause) {
    const sys::Result<Opened> opened = Open();
    if (!opened) return opened.error();
    if (IsOlder(opened->version.modified, opened->looks_cut ? kFirstCutTime : kFirstSettleTime)) {
      const sys::Result<bool> taken = Take(*opened, take);
      if (!taken) return taken.error();
      if (*taken) return {};
    }
    if (waited >= kPatience) return sys::Error(sys::Cat(path_, " is being written all the time"), EAGAIN);
    std::this_thread::sleep_for(kPause);
  }
}

sys::Result<bool> ChangingFile::ReadIfChanged(const Taker& take) {
  struct stat status {};
  if (stat(path_.c_str(), &status) != 0) return sys::Error::FromErrno(sys::Cat("inspect ", path_));
  // A file that was read when it was young may have been finished within the resolution of its time stamps.
  if (VersionOf(status) == version_ && settled_) return false;
  if (!IsOlder(status.st_mtim, kSettleTime)) return false;
  const sys::Result<Opened> opened = Open();
  if (!opened) return opened.error();
  if (opened->looks_cut && opened->version != version_ && !IsOlder(opened->version.modified, kCutTime))
    return false;
  return Take(*opened, take);
}

}  // namespace outpost::conf
