// A text file that may change while it is in use: read whole, and again when it has changed and nobody is writing it
// any more. What was read before holds until then.
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <sys/stat.h>

#include "lib/sys/error.h"

namespace outpost::conf {

class ChangingFile {
 public:
  static constexpr size_t kMaxFile = 64 * 1024 * 1024;
  // A file that changed less than this ago may be half written.
  static constexpr std::chrono::seconds kSettleTime{1};

  explicit ChangingFile(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

  // All of it: a regular file that not everybody may write, of at most kMaxFile bytes.
  sys::Result<std::string> Read();
  // The same when it has changed since it was read; nothing when what was read still holds. An Error when it has
  // become unreadable.
  sys::Result<std::optional<std::string>> ReadIfChanged();

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
  static Version VersionOf(const struct stat& status);

  std::string path_;
  Version version_;
  bool settled_ = false;  // version_ was older than kSettleTime when it was read
};

}  // namespace outpost::conf
