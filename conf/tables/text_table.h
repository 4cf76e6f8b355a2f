// hash:, btree:, lmdb:, cdb:, dbm:, sdbm:, texthash:, all read as the text that postmap would have compiled: indexed
// in memory, read afresh when the file has changed.
#pragma once

#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unordered_map>
#include <vector>

#include "conf/logical_lines.h"
#include "conf/tables/table.h"

namespace outpost::conf {

class TextTable : public Table {
 public:
  static constexpr size_t kMaxFile = 64 * 1024 * 1024;
  // A file that changed less than this ago may be half written: what was read before still holds.
  static constexpr std::chrono::seconds kSettleTime{1};

  // Reads `path`: a regular file that not everybody may write. `complaints` receives what is wrong with lines.
  static sys::Result<std::unique_ptr<TextTable>> Open(const std::string& path, std::vector<Complaint>* complaints);

  // An Error when the file has become unreadable.
  sys::Result<std::optional<std::string>> Find(std::string_view key) override;

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
  explicit TextTable(std::string path) : path_(std::move(path)) {}
  static Version VersionOf(const struct stat& status);
  sys::Result<void> Read(std::vector<Complaint>* complaints);
  sys::Result<void> ReadIfChanged();

  std::string path_;
  Version version_;
  bool settled_ = false;  // version_ was older than kSettleTime when it was read
  std::unordered_map<std::string, std::string> values_;
};

}  // namespace outpost::conf
