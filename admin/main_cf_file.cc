#include "admin/main_cf_file.h"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <thread>

#include <climits>

#include "conf/configuration.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

constexpr int kAttempts = 100;
constexpr std::chrono::milliseconds kBetweenAttempts{100};

sys::Result<std::string> WithoutLinks(const std::string& path) {
  char real[PATH_MAX];
  if (realpath(path.c_str(), real) == nullptr) return sys::Error::FromErrno(sys::Cat("open ", path));
  return std::string(real);
}

// The open file, locked; nothing when another editor holds it, or has just replaced it.
sys::Result<std::optional<sys::UniqueFd>> TryToLock(const std::string& path, struct stat* status) {
  auto fd = sys::OpenFile(path, O_RDWR | O_NONBLOCK | O_NOCTTY);
  if (!fd) return fd.error();
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(fd->get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return std::optional<sys::UniqueFd>();
    return sys::Error::FromErrno(sys::Cat("lock ", path));
  }
  struct stat named {};
  if (fstat(fd->get(), status) != 0) return sys::Error::FromErrno(sys::Cat("inspect ", path));
  const bool is_named =
      stat(path.c_str(), &named) == 0 && named.st_ino == status->st_ino && named.st_dev == status->st_dev;
  return is_named ? std::optional(std::move(*fd)) : std::nullopt;
}

}  // namespace

sys::Result<MainCfFile> MainCfFile::Open(const std::string& path) {
  const sys::Result<std::string> real = WithoutLinks(path);
  if (!real) return real.error();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kBetweenAttempts);
    struct stat status {};
    auto locked = TryToLock(*real, &status);
    if (!locked) return locked.error();
    if (!*locked) continue;
    auto text = sys::ReadFile(*real, conf::kMaxMainCf);
    if (!text) return text.error();
    return MainCfFile(std::move(**locked), *real, status.st_mode & 07777, {status.st_uid, status.st_gid},
                      std::move(*text));
  }
  return sys::Error(sys::Cat(*real, " is being edited by another command; try again"), EAGAIN);
}

sys::Result<void> MainCfFile::Replace(std::string_view text) const {
  if (text.size() > conf::kMaxMainCf) {
    return sys::Error(sys::Cat(path_, " would be longer than ", conf::kMaxMainCf, " bytes; it stays as it is"),
                      EFBIG);
  }
  return sys::ReplaceFile(path_, text, mode_, owner_);
}

}  // namespace outpost::admin
