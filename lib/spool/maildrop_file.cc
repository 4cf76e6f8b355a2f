#include "lib/spool/maildrop_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::spool {
namespace {

using sys::Cat;
using sys::Error;
using sys::Result;

// The file system is asked again for its free space after so many bytes.
constexpr uint64_t kSpaceStep = 8 * 1024 * 1024;

Error NoRoom() { return Error("maildrop: not enough free space in the queue file system", ENOSPC); }

// Until the last descriptor of this opening is closed.
bool Lock(sys::FdView file) { return flock(file.get(), LOCK_EX | LOCK_NB) == 0; }

}  // namespace

bool HasWriter(sys::FdView file) { return !Lock(file); }

Result<MaildropFile> MaildropFile::Create(const std::string& directory, const mail::QueueId& id,
                                          const MaildropLimits& limits) {
  auto opened = sys::OpenDirectory(directory);
  if (!opened) return opened.error();
  MaildropFile made(std::move(*opened), id.text(), limits);
  if (auto there = made.Open(); !there) return there.error().Within(Cat("maildrop ", directory));
  if (made.was_whole_) return made;
  if (!sys::HasRoom(made.directory_, limits.free_bytes)) return NoRoom();
  if (!Lock(made.file_) && errno == EWOULDBLOCK) return Error::FromErrno(Cat("lock maildrop file ", id.text()));
  if (auto given = made.GiveToGroup(); !given) return given.error();
  return made;
}

// A new file, or an earlier try's that is whole.
Result<void> MaildropFile::Open() {
  constexpr int kTries = 2;  // what an earlier try left may go away, or is removed
  Result<void> opened;
  for (int i = 0; i < kTries; ++i) {
    auto file = sys::OpenIn(directory_, name_, O_WRONLY | O_CREAT | O_EXCL, kMaildropFileMode);
    if (file) {
      file_ = std::move(*file);
      return {};
    }
    opened = file.error();
    if (file.error().code() != EEXIST) break;
    opened = OpenEarlier();
    if (was_whole_ || (!opened && opened.error().code() != ENOENT)) break;
  }
  return opened;
}

// Removes what such a try has left unfinished, which is then an ENOENT.
Result<void> MaildropFile::OpenEarlier() {
  auto file = sys::OpenIn(directory_, name_, O_RDONLY | O_NONBLOCK);
  if (!file) return file.error();
  struct stat status {};
  if (fstat(file->get(), &status) != 0) return Error::FromErrno(Cat("stat maildrop file ", name_));
  const bool is_own = S_ISREG(status.st_mode) && status.st_uid == geteuid();
  const mode_t mode = status.st_mode & 07777U;
  if (is_own && mode == kMaildropCompleteMode) {
    was_whole_ = true;
    file_ = std::move(*file);
    return {};
  }
  if (!is_own || mode != kMaildropFileMode || HasWriter(*file)) {
    return Error(Cat("another file is there as ", name_), EEXIST);
  }
  if (unlinkat(directory_.get(), name_.c_str(), 0) != 0) return Error::FromErrno(Cat("remove a part of ", name_));
  return Error("what an earlier try had left is removed", ENOENT);
}

// drop has the directory's group already; root, who may write into any user's maildrop, has not. The mode is set whatever
// the caller's umask.
Result<void> MaildropFile::GiveToGroup() {
  struct stat directory {};
  if (fstat(directory_.get(), &directory) != 0) return Error::FromErrno("stat maildrop");
  if (fchown(file_.get(), static_cast<uid_t>(-1), directory.st_gid) != 0 ||
      fchmod(file_.get(), kMaildropFileMode) != 0) {
    return Error::FromErrno(Cat("let the mailer read maildrop file ", name_));
  }
  return {};
}

MaildropFile::~MaildropFile() {
  if (file_ && !was_whole_) unlinkat(directory_.get(), name_.c_str(), 0);
}

Result<void> MaildropFile::Append(std::string_view bytes) {
  if (was_whole_) return Compare(bytes);
  if (bytes.size() > limits_.record_bytes - size_) {
    return Error(Cat("maildrop: message larger than ", limits_.record_bytes, " bytes"), EFBIG);
  }
  if (size_ + bytes.size() - size_at_space_check_ > kSpaceStep) {
    if (!sys::HasRoom(file_, limits_.free_bytes + bytes.size())) return NoRoom();
    size_at_space_check_ = size_;
  }
  if (auto written = sys::WriteAll(file_, bytes, Cat("maildrop file ", name_)); !written) return written;
  size_ += bytes.size();
  return {};
}

Result<void> MaildropFile::Compare(std::string_view bytes) {
  std::string there(bytes.size(), '\0');
  const auto count = sys::ReadAt(file_, there, size_);
  if (!count) return count.error();
  if (std::string_view(there).substr(0, *count) != bytes) {
    return Error(Cat("another record is there as ", name_), EEXIST);
  }
  size_ += bytes.size();
  return {};
}

Result<void> MaildropFile::Sync() {
  if (auto synced = sys::SyncFile(file_, Cat("maildrop file ", name_)); !synced) return synced;
  return sys::SyncFile(directory_, "maildrop directory");
}

Result<void> MaildropFile::FinishCompared() {
  struct stat status {};
  if (fstat(file_.get(), &status) != 0) return Error::FromErrno(Cat("stat maildrop file ", name_));
  if (static_cast<uint64_t>(status.st_size) != size_) {
    return Error(Cat("another record is there as ", name_), EEXIST);
  }
  return Sync();
}

Result<void> MaildropFile::MarkAndSync() {
  if (fchmod(file_.get(), kMaildropCompleteMode) != 0) {
    return Error::FromErrno(Cat("chmod maildrop file ", name_));
  }
  return Sync();
}

Result<void> MaildropFile::Commit() {
  if (was_whole_) return FinishCompared();
  auto kept = MarkAndSync();
  const bool gone = !kept && unlinkat(directory_.get(), name_.c_str(), 0) != 0 && errno == ENOENT;
  file_.reset();
  if (gone) return {};
  return kept;
}

}  // namespace outpost::spool
