// What a file in the maildrop is, by what the kernel says of it: pure, so that each trick is a test.
#pragma once

#include <cstdint>
#include <string>
#include <sys/stat.h>

#include "lib/sys/clock.h"

namespace outpost::pickup {

struct FileJudgement {
  enum class Kind {
    kWhole,       // to be read
    kIncomplete,  // still being written: let it be
    kAbandoned,   // never finished; nobody was told that it is queued: to be removed
    kRejected,    // nothing that `drop` makes: to be set aside
    kNoFile,      // a FIFO, device or the like, which holds nothing: to be removed
  };
  Kind kind = Kind::kRejected;
  std::string why;  // kRejected, kNoFile
};

// `status` is of the opened file. `drop` marks a whole record by its owner's execute bit; time is judged by the
// inode's change, which nobody can set.
FileJudgement JudgeFile(const struct stat& status, sys::Microseconds now);

}  // namespace outpost::pickup
