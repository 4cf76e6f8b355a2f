// While one lives, each file that this process has open and whose path contains a word gives errors to whoever reads or
// writes it: a disk that fails for a while.
#pragma once

#include <fcntl.h>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace outpost::tests {

class UnreadableFiles {
 public:
  explicit UnreadableFiles(const std::string& word) {
    const int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // read() of it fails
    std::vector<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      const std::string path = std::filesystem::read_symlink(entry.path(), error).string();
      if (path.find(word) != std::string::npos) found.push_back(std::stoi(entry.path().filename().string()));
    }
    for (const int fd : found) {
      saved_.emplace_back(fd, fcntl(fd, F_DUPFD_CLOEXEC, 0));
      dup3(directory, fd, O_CLOEXEC);
    }
    close(directory);
  }
  ~UnreadableFiles() {
    for (const auto& [fd, saved] : saved_) {
      dup3(saved, fd, O_CLOEXEC);
      close(saved);
    }
  }
  UnreadableFiles(const UnreadableFiles&) = delete;
  UnreadableFiles& operator=(const UnreadableFiles&) = delete;

 private:
  std::vector<std::pair<int, int>> saved_;
};

}  // namespace outpost::tests
