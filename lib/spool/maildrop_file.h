// One record on its way into the maildrop: what `drop` does with its rights, and sendmail with its own in user
// mode.
//
//   maildrop/ID  0640  while it is written: whatever ends the writer, pickup sees that it is not whole
//                0740  whole and on stable storage (owner's x set): pickup takes it
//
// Its writer holds a lock (flock) on it as long as it lives: pickup removes what was never finished, and must not take
// for such a file one that is a day old only because the clock has jumped.
//
// The owner is the proof of who submitted, the group, which is the directory's, lets pickup read it.
//
// A writer that is killed leaves a part, or, when that was between the mark and its last word, the whole. The same
// record is then handed over once more, under the same name: over a part it begins anew, the whole it finds the same and
// makes durable. Where pickup was faster, the queue knows the record (its table `intake`).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "lib/mail/queue_id.h"
#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::spool {

constexpr int kMaildropFileMode = 0640;
constexpr int kMaildropCompleteMode = 0740;

struct MaildropLimits {
  uint64_t record_bytes = 0;  // a larger record is refused with EFBIG
  uint64_t free_bytes = 0;    // what must stay free in the file system; less is ENOSPC
};

// The same for everybody and all configurations: main.cf's limits are applied by sendmail before and by pickup after.
constexpr MaildropLimits kMaildropLimits{.record_bytes = uint64_t{1} << 30, .free_bytes = uint64_t{16} << 20};

// Whether the file's writer still holds its lock; true as well where there are no locks.
bool HasWriter(sys::FdView file);

class MaildropFile {
 public:
  // Makes DIRECTORY/ID, or goes on from an earlier try of this user's that was killed. Any other file of that name is an
  // error (EEXIST) and left alone, a group that cannot be given to ours is another (EPERM).
  static sys::Result<MaildropFile> Create(const std::string& directory, const mail::QueueId& id,
                                          const MaildropLimits& limits);
  MaildropFile(MaildropFile&& other) noexcept = default;
  MaildropFile& operator=(MaildropFile&&) = delete;
  // Removes the file unless Commit() has kept it.
  ~MaildropFile();

  // Blocks while the disk does. After an error the file is only good to be thrown away. Where the earlier try's is
  // whole, nothing is written: bytes that differ from it are an error (EEXIST).
  sys::Result<void> Append(std::string_view bytes);
  // Marks the file whole and syncs it and the directory: on success it survives a crash. After an error it is
  // gone, unless pickup took it between the mark and the failure: then it is in the queue, which is success.
  // Call once.
  sys::Result<void> Commit();

 private:
  MaildropFile(sys::UniqueFd directory, std::string name, const MaildropLimits& limits)
      : directory_(std::move(directory)), name_(std::move(name)), limits_(limits) {}
  sys::Result<void> Open();
  sys::Result<void> OpenEarlier();
  sys::Result<void> GiveToGroup();
  sys::Result<void> Compare(std::string_view bytes);
  sys::Result<void> FinishCompared();
  sys::Result<void> MarkAndSync();
  sys::Result<void> Sync();

  sys::UniqueFd directory_;
  sys::UniqueFd file_;  // open until it is kept or removed
  std::string name_;
  MaildropLimits limits_;
  bool was_whole_ = false;  // the earlier try's: compared, not written, and never removed
  uint64_t size_ = 0;
  uint64_t size_at_space_check_ = 0;
};

}  // namespace outpost::spool
