#include "pickup/maildrop.h"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "lib/spool/maildrop_file.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "pickup/maildrop_file.h"

namespace outpost::pickup {

using sys::Cat;
using sys::Error;

namespace {

// Files that are being read, or wait for the runner's answer: enough to fill its batches. The last of them may go
// beyond the bytes.
constexpr size_t kMaxInFlight = 64;
constexpr uint64_t kMaxInFlightBytes = 4 * 1024 * 1024;
// A maildrop full of junk keeps nobody on the socket waiting.
constexpr int kNamesAStep = 64;
constexpr int kMaxSetAsideNames = 100;
constexpr size_t kMaxStuck = 1000;

std::string Shown(const std::string& name) { return Cat("maildrop file ", sys::Printable(name, 100)); }

}  // namespace

struct Maildrop::File {
  std::string name;
  mail::QueueId id;
  uint32_t owner = 0;
  uint64_t size = 0;
};

// A file on its way into a record of ours.
struct Maildrop::Copy {
  File file;
  sys::UniqueFd fd;
  StoredRecord record;

  Copy(File taken, sys::UniqueFd opened, sys::FdView temporary)
      : file(std::move(taken)), fd(std::move(opened)), record(temporary) {}
};

Maildrop::Maildrop(const Directories& directories, const sys::Log& log, WorkQueue& work, Reception& reception,
                   QueueLink& link)
    : directories_(directories), log_(log), work_(work), reception_(reception), link_(link) {}

sys::Result<void> Maildrop::Start() {
  sys::UniqueFd own(fcntl(directories_.maildrop.get(), F_DUPFD_CLOEXEC, 0));
  if (!own) return Error::FromErrno("list the maildrop");
  listing_.reset(fdopendir(own.get()));
  if (!listing_) return Error::FromErrno("list the maildrop");
  (void)own.release();
  Scan();
  return {};
}

void Maildrop::Scan() {
  if (scanning_) {
    scan_again_ = true;
    return;
  }
  scanning_ = true;
  scan_again_ = false;
  at_end_ = false;
  left_ = 0;
  rewinddir(listing_.get());
  Walk();
}

void Maildrop::Walk() {
  if (!std::exchange(walking_, true)) work_.Add([this] { return WalkSome(); });
}

bool Maildrop::WalkSome() {
  std::string name;
  for (int i = 0; i < kNamesAStep; ++i) {
    if (at_end_ || in_flight_ >= kMaxInFlight || in_flight_bytes_ >= kMaxInFlightBytes) {
      walking_ = false;
      return true;
    }
    if (NextName(name)) {
      TakeFile(name);
    } else {
      at_end_ = true;
    }
  }
  return false;
}

bool Maildrop::NextName(std::string& name) {
  errno = 0;
  while (const dirent* entry = readdir(listing_.get())) {
    name = entry->d_name;
    if (name != "." && name != "..") return true;
  }
  if (errno != 0 && left_++ == 0) left_why_ = Error::FromErrno("list the maildrop").text();
  return false;
}

void Maildrop::TakeFile(const std::string& name) {
  // Neither a link nor a FIFO makes this go elsewhere or wait.
  auto fd = sys::OpenIn(directories_.maildrop, name, O_RDONLY | O_NONBLOCK);
  // What cannot be opened is looked at by its name.
  struct stat status {};
  const int looked = fd ? fstat(fd->get(), &status)
                        : fstatat(directories_.maildrop.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW);
  if (looked != 0) return;  // gone meanwhile
  const FileJudgement judgement = JudgeFile(status, sys::WallClock());
  switch (judgement.kind) {
    case FileJudgement::Kind::kIncomplete:
      return;
    case FileJudgement::Kind::kAbandoned:
      // Unless only the clock has jumped: its writer may be about to say that the message is safe.
      if (fd && !spool::HasWriter(*fd)) Remove(name, "its writing broke off a day ago");
      return;
    case FileJudgement::Kind::kRejected:
      return SetAside(name, judgement.why);
    case FileJudgement::Kind::kNoFile:
      return Remove(name, judgement.why);
    case FileJudgement::Kind::kWhole:
      break;
  }
  if (!fd && fd.error().code() == EACCES) return SetAside(name, "it cannot be read");
  if (!fd) return Leave(name, fd.error().text());
  const auto id = mail::QueueId::Parse(name);
  if (!id) return SetAside(name, "its name is no message id");
  Take({.name = name, .id = *id, .owner = status.st_uid, .size = static_cast<uint64_t>(status.st_size)},
       std::move(*fd));
}

void Maildrop::Take(File file, sys::UniqueFd fd) {
  if (!reception_.HasRoomFor(file.size)) return Leave(file.name, kNoRoom);
  ++in_flight_;
  in_flight_bytes_ += file.size;
  auto copy = std::make_shared<Copy>(std::move(file), std::move(fd), directories_.temporary);
  work_.Add([this, copy] { return StepCopy(*copy); });
}

bool Maildrop::StepCopy(Copy& copy) {
  constexpr size_t kBlock = 256 * 1024;
  const uint64_t size = copy.file.size;
  const auto fail = [&](std::string text) {
    OnFate(copy.file, Fate::Later(std::move(text)));
    return true;
  };
  for (size_t done = 0; done < kSliceBytes && copy.record.size() < size;) {
    block_.resize(static_cast<size_t>(std::min<uint64_t>(size - copy.record.size(), kBlock)));
    const auto count = sys::ReadAt(copy.fd, block_, copy.record.size());
    if (!count) return fail(count.error().text());
    if (*count < block_.size()) return fail("it became shorter while it was read");
    if (auto stored = copy.record.Append(block_); !stored) return fail(stored.error().text());
    done += block_.size();
  }
  if (copy.record.size() < size) return false;
  copy.fd.reset();
  const Arrival arrival{.uid = copy.file.owner, .maildrop_file = copy.file.id};
  reception_.Take(std::move(copy.record), arrival,
                  [this, file = copy.file](const Fate& fate) { OnFate(file, fate); });
  return true;
}

void Maildrop::OnFate(const File& file, const Fate& fate) {
  --in_flight_;
  in_flight_bytes_ -= file.size;
  switch (fate.kind) {
    case Fate::Kind::kQueued:
      Unlink(file.name);
      break;
    case Fate::Kind::kLater:
      Leave(file.name, fate.text);
      break;
    case Fate::Kind::kRefused:
      SetAside(file.name, fate.text);
      break;
  }
  Walk();
}

void Maildrop::Unlink(const std::string& name) {
  if (unlinkat(directories_.maildrop.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    Leave(name, Error::FromErrno("unlink").text());
  }
}

void Maildrop::Remove(const std::string& name, std::string_view why) {
  if (unlinkat(directories_.maildrop.get(), name.c_str(), 0) != 0) {
    return Stuck(name, why, Error::FromErrno("remove it"));
  }
  log_.Warning(Cat(Shown(name), ": removed: ", why));
}

void Maildrop::SetAside(const std::string& name, std::string_view why) {
  std::string target = name;
  for (int i = 1; i <= kMaxSetAsideNames; ++i) {
    if (renameat2(directories_.maildrop.get(), name.c_str(), directories_.corrupt.get(), target.c_str(),
                  RENAME_NOREPLACE) == 0) {
      return log_.Warning(Cat(Shown(name), ": moved to corrupt/", sys::Printable(target, 100), ": ", why));
    }
    if (errno != EEXIST) break;
    target = Cat(name, ".", i);
  }
  Stuck(name, why, Error::FromErrno("move it to corrupt/"));
}

// Root's own doing, such as a directory that is not empty. It is in nobody's way, and each scan meets it again.
void Maildrop::Stuck(const std::string& name, std::string_view why, const Error& error) {
  if (error.code() == ENOENT) return;
  if (stuck_.size() >= kMaxStuck) stuck_.clear();
  if (stuck_.insert(name).second) log_.Warning(Cat(Shown(name), ": stays: ", why, "; ", error.text()));
}

void Maildrop::Leave(const std::string& name, std::string_view why) {
  if (left_++ == 0) left_why_ = Cat(Shown(name), ": ", why);
}

void Maildrop::AfterRound() {
  while (scanning_ && at_end_ && in_flight_ == 0) EndScan();
}

void Maildrop::EndScan() {
  scanning_ = false;
  // One line for all: a full disk gets no fuller by the log.
  if (left_ > 0) log_.Warning(Cat("left in the maildrop for another try: ", left_, "; ", left_why_));
  if (scan_again_) {
    Scan();
  } else {
    link_.SendScanned(left_);
  }
}

}  // namespace outpost::pickup
