// A text file that may change while it is in use: read, and again when it has changed and nobody is writing it any
// more. What was read before holds until then.
//
// A file counts as half written
//   - for kSettleTime after its last write;
//   - for kCutTime after it, when it is empty or does not end in a line feed, as what an editor or a copy has not
//     finished;
//   - when it changes while it is read.
// A file that has been renamed into place keeps the time of its last write, so it is taken at once if that is not recent.
#pragma once

#include <chrono>
#include <ctime>
#include <functional>
#include <string>
#include <sys/stat.h>

#include "conf/logical_lines.h"
#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::conf {

class ChangingFile {
 public:
  static constexpr std::chrono::milliseconds kSettleTime{1000};
  static constexpr std::chrono::milliseconds kCutTime{10'000};
  // How long the first reading, which settles sooner (conf/settled_file.h), waits for a file that is written all the time.
  static constexpr std::chrono::milliseconds kPatience{5000};

  ChangingFile(std::string path, uint64_t max_bytes) : path_(std::move(path)), max_bytes_(max_bytes) {}
  const std::string& path() const { return path_; }

  // Receives the text. Its Error makes the reading fail. It may be called again: the last call counts.
  using Taker = std::function<sys::Result<void>(const TextSource&)>;

  // A regular file that not everybody may write, of at most max_bytes. Waits while it is half written: usually not
  // at all, at most kPatience.
  sys::Result<void> Read(const Taker& take);
  // Reads it when it has changed and is not half written: whether it did. An Error when it has become unreadable, or
  // `take` fails; the same file is then not read a second time.
  sys::Result<bool> ReadIfChanged(const Taker& take);

 private:
  // What tells that a file is another one, or has been written.
  struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    timespec changed{};
    bool operator==(const Version& other) const;
  };
  struct Opened {
    sys::UniqueFd fd;
    Version version;
    bool looks_cut = false;
  };
  static Version VersionOf(const struct stat& status);
  sys::Result<Opened> Open() const;
  // False, and nothing is remembered, when it changed meanwhile.
  sys::Result<bool> Take(const Opened& opened, const Taker& take);

  std::string path_;
  uint64_t max_bytes_;
  Version version_;
  bool settled_ = false;  // version_ was older than kSettleTime when it was read
};

}  // namespace outpost::conf
