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
  if (!sys::HasRoom(*opened, limits.free_bytes)) return NoRoom();
  auto file = sys::OpenIn(*opened, id.text(), O_WRONLY | O_CREAT | O_EXCL, kMaildropFileMode);
  if (!file) return file.error().Within(Cat("maildrop ", directory));
  MaildropFile made(std::move(*opened), std::move(*file), id.text(), limits);
  if (!Lock(made.file_) && errno == EWOULDBLOCK) return Error::FromErrno(Cat("lock maildrop file ", id.text()));
  if (auto given = made.GiveToGroup(); !given) return given.error();
  return made;
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
  if (file_) unlinkat(directory_.get(), name_.c_str(), 0);
}

Result<void> MaildropFile::Append(std::string_view bytes) {
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

Result<void> MaildropFile::MarkAndSync() {
  if (fchmod(file_.get(), kMaildropCompleteMode) != 0) {
    return Error::FromErrno(Cat("chmod maildrop file ", name_));
  }
  if (auto synced = sys::SyncFile(file_, Cat("maildrop file ", name_)); !synced) return synced;
  return sys::SyncFile(directory_, "maildrop directory");
}

Result<void> MaildropFile::Commit() {
  auto kept = MarkAndSync();
  const bool gone = !kept && unlinkat(directory_.get(), name_.c_str(), 0) != 0 && errno == ENOENT;
  file_.reset();
  if (gone) return {};
  return kept;
}

}  // namespace outpost::spool
