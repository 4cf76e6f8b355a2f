// A disk in memory, under SQLite as its default VFS, that knows what was synced: everything written to it is recorded,
// and what a power cut at any moment could leave of it can be asked for.
//
// It loses whole writes, 512-byte sectors of them, and sizes, in any order; what was synced before stays, in the sectors
// that were not written since. All files are in one directory, which SQLite's unix VFS syncs with the first sync of a new
// file; until then a new name may be lost, and a removed file come back.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <sqlite3.h>

namespace outpost::queue {

using DiskImage = std::map<std::string, std::string>;  // path -> bytes

struct DiskChange {
  enum class Kind { kCreate, kWrite, kTruncate, kSync, kRemove } kind;
  std::string path;
  uint64_t offset = 0;  // kTruncate: the size
  std::string bytes;
};

enum class Loss {
  kAllUnsynced,  // what was not synced is gone
  kNothing,
  kTail,  // changes reached the disk in order, up to one of them, which is torn
  kAny,   // each sector of each change did or did not
};

// What has reached the disk, and what may have.
class Platter {
 public:
  explicit Platter(const DiskImage& image = {});
  void Apply(const DiskChange& change);
  DiskImage AfterCut(Loss loss, std::mt19937& random) const;

 private:
  void SyncDirectory();
  struct File {
    bool has_safe_name = false;
    bool is_removed = false;
    std::string synced;
    std::vector<DiskChange> unsynced;
    std::optional<std::string> former;  // removed from this name, which the disk may not know yet
  };
  std::map<std::string, File> files_;
};

// Registers itself; one at a time.
class ForgetfulDisk {
 public:
  ForgetfulDisk();
  ~ForgetfulDisk();
  ForgetfulDisk(const ForgetfulDisk&) = delete;
  ForgetfulDisk& operator=(const ForgetfulDisk&) = delete;

  // Another disk with these files. Nothing may be open on the old one.
  void Replace(const DiskImage& image);
  const std::vector<DiskChange>& changes() const { return changes_; }
  // Writes fail as on a full disk.
  void SetFull(bool full) { is_full_ = full; }

  // --- for SQLite
  std::string& Open(const std::string& path);
  bool Has(const std::string& path) const { return files_.contains(path); }
  int Write(const std::string& path, std::string& bytes, uint64_t offset, std::string_view what);
  void Note(DiskChange change) { changes_.push_back(std::move(change)); }
  void Remove(const std::string& path);

 private:
  std::map<std::string, std::unique_ptr<std::string>> files_;
  std::vector<std::unique_ptr<std::string>> removed_;  // somebody may have them open
  std::vector<DiskChange> changes_;
  bool is_full_ = false;
  sqlite3_vfs* former_;
  sqlite3_vfs vfs_;
};

}  // namespace outpost::queue
