#include "pickup/maildrop.h"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "pickup/maildrop_file.h"

namespace outpost::pickup {

using sys::Cat;
using sys::Error;

namespace {

// Files that are being read, or wait for the runner's answer: enough to fill its batches.
constexpr size_t kMaxInFlight = 64;
constexpr int kMaxSetAsideNames = 100;

std::string Shown(const std::string& name) { return Cat("maildrop file ", sys::Printable(name, 100)); }

}  // namespace

// A file on its way into a record of ours.
struct Maildrop::Copy {
  std::string name;
  mail::QueueId id;
  sys::UniqueFd file;
  uint32_t owner = 0;
  uint64_t size = 0;
  StoredRecord record;
  std::string block;

  explicit Copy(sys::FdView temporary) : record(temporary) {}
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
  Pump();
}

void Maildrop::Pump() {
  if (std::exchange(pumping_, true)) return;
  std::string name;
  while (!at_end_ && in_flight_ < kMaxInFlight) {
    if (NextName(name)) {
      TakeFile(name);
    } else {
      at_end_ = true;
    }
  }
  pumping_ = false;
}

bool Maildrop::NextName(std::string& name) {
  errno = 0;
  while (const dirent* entry = readdir(listing_.get())) {
    name = entry->d_name;
    if (name != "." && name != "..") return true;
  }
  if (errno != 0) {
    log_.Warning(Error::FromErrno("list the maildrop").text());
    ++left_;
  }
  return false;
}

void Maildrop::TakeFile(const std::string& name) {
  // Neither a link nor a FIFO makes this go elsewhere or wait.
  auto file = sys::OpenIn(directories_.maildrop, name, O_RDONLY | O_NONBLOCK);
  if (!file) {
    const int code = file.error().code();
    if (code == ENOENT) return;
    if (code == ELOOP || code == ENXIO) return SetAside(name, "not a regular file");
    return Leave(name, file.error().text());
  }
  struct stat status {};
  if (fstat(file->get(), &status) != 0) return Leave(name, Error::FromErrno("stat").text());
  const FileJudgement judgement = JudgeFile(status, sys::WallClock());
  switch (judgement.kind) {
    case FileJudgement::Kind::kIncomplete:
      return;
    case FileJudgement::Kind::kAbandoned:
      return Remove(name);
    case FileJudgement::Kind::kRejected:
      return SetAside(name, judgement.why);
    case FileJudgement::Kind::kWhole:
      break;
  }
  const auto id = mail::QueueId::Parse(name);
  if (!id) return SetAside(name, "its name is no message id");
  auto copy = std::make_shared<Copy>(directories_.temporary);
  copy->name = name;
  copy->id = *id;
  copy->file = std::move(*file);
  copy->owner = status.st_uid;
  copy->size = static_cast<uint64_t>(status.st_size);
  ++in_flight_;
  work_.Add([this, copy] { return StepCopy(*copy); });
}

bool Maildrop::StepCopy(Copy& copy) {
  constexpr size_t kBlock = 256 * 1024;
  const auto fail = [&](std::string text) {
    OnFate(copy.name, {.kind = Fate::Kind::kLater, .id = {}, .exit_code = 0, .text = std::move(text)});
    return true;
  };
  for (size_t done = 0; done < kSliceBytes && copy.record.size() < copy.size;) {
    copy.block.resize(static_cast<size_t>(std::min<uint64_t>(copy.size - copy.record.size(), kBlock)));
    const auto count = sys::ReadAt(copy.file, copy.block, copy.record.size());
    if (!count) return fail(count.error().text());
    if (*count < copy.block.size()) return fail("it became shorter while it was read");
    if (auto stored = copy.record.Append(copy.block); !stored) return fail(stored.error().text());
    done += copy.block.size();
  }
  if (copy.record.size() < copy.size) return false;
  copy.file.reset();
  const Arrival arrival{.uid = copy.owner, .maildrop_file = copy.id};
  reception_.Take(std::move(copy.record), arrival,
                  [this, name = copy.name](const Fate& fate) { OnFate(name, fate); });
  return true;
}

void Maildrop::OnFate(const std::string& name, const Fate& fate) {
  --in_flight_;
  switch (fate.kind) {
    case Fate::Kind::kQueued:
      Unlink(name, fate.id);
      break;
    case Fate::Kind::kLater:
      Leave(name, fate.text);
      break;
    case Fate::Kind::kRefused:
      SetAside(name, fate.text);
      break;
  }
  Pump();
}

void Maildrop::Unlink(const std::string& name, const mail::QueueId& id) {
  if (unlinkat(directories_.maildrop.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return Leave(name, Error::FromErrno("unlink").text());  // the runner knows it when it comes again
  }
  unlinked_.push_back(id);
}

void Maildrop::Remove(const std::string& name) {
  if (unlinkat(directories_.maildrop.get(), name.c_str(), 0) != 0) {
    return Leave(name, Error::FromErrno("unlink").text());
  }
  log_.Info(Cat(Shown(name), ": removed, a day after its writing broke off"));
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
  // What landlock does not let us move, a FIFO or a link, only root can have put there; it is in nobody's way.
  log_.Warning(Cat(Shown(name), ": ", why, "; ", Error::FromErrno("move to corrupt/").text()));
}

void Maildrop::Leave(const std::string& name, std::string_view why) {
  ++left_;
  log_.Warning(Cat(Shown(name), ": left for another try: ", why));
}

void Maildrop::SyncUnlinks() {
  if (unlinked_.empty()) return;
  if (auto synced = sys::SyncFile(directories_.maildrop, "maildrop"); !synced) {
    // What is not known to be gone is not forgotten.
    return log_.Warning(synced.error().text());
  }
  link_.SendForgotten(unlinked_);
  unlinked_.clear();
}

void Maildrop::AfterRound() {
  SyncUnlinks();
  while (scanning_ && at_end_ && in_flight_ == 0) {
    scanning_ = false;
    if (scan_again_) {
      Scan();
    } else {
      link_.SendScanned(left_);
    }
  }
}

}  // namespace outpost::pickup
