// main.cf while it is edited.
#pragma once

#include <string>
#include <string_view>

#include "lib/sys/error.h"
#include "lib/sys/file.h"
#include "lib/sys/unique_fd.h"

namespace outpost::admin {

// Locked against a second editor of ours until this is gone: two edits at once become two edits one after the other.
class MainCfFile {
 public:
  // Follows symbolic links: the file itself is replaced, not the link. Waits at most ten seconds for another editor.
  static sys::Result<MainCfFile> Open(const std::string& path);

  const std::string& text() const { return text_; }

  // After a crash the old or the new text is there, whole. Owner and mode stay. On an error the old text is there, but
  // for one: where the last sync fails, the new one is there and may not survive a crash.
  sys::Result<void> Replace(std::string_view text) const;

 private:
  MainCfFile(sys::UniqueFd fd, std::string path, mode_t mode, sys::FileOwner owner, std::string text)
      : fd_(std::move(fd)), path_(std::move(path)), mode_(mode), owner_(owner), text_(std::move(text)) {}
  sys::UniqueFd fd_;  // holds the lock
  std::string path_;
  mode_t mode_;
  sys::FileOwner owner_;
  std::string text_;
};

}  // namespace outpost::admin
