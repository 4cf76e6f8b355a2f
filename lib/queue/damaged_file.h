// The pages of a database that SQLite will no longer read, newest version of each: the file, and over it what its
// write-ahead log has committed. Nothing is written, and nothing of the file is believed: a page number, a length or an
// offset that cannot be is an answer like another.
//
// Formats: sqlite.org/fileformat2.html, sections 1 (file, pointer map) and 4 (log). Our databases have pages of 4096
// bytes and a pointer map (auto_vacuum), which says of each page what it is: so free pages, whose old rows must not come
// back, and content that looks like a page of rows are told from the rows that count, without the tree above them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::queue {

constexpr size_t kPageSize = 4096;
using Page = std::array<unsigned char, kPageSize>;
using PageNumber = uint32_t;

// Big-endian; the caller minds the bounds.
uint32_t ReadBigEndian(const unsigned char* bytes, size_t count);

class DamagedFile {
 public:
  // `path` and its log, `path`-wal; either may be missing.
  static sys::Result<DamagedFile> Open(const std::string& path);

  PageNumber page_count() const { return page_count_; }
  // False when it is not there, or the disk does not give it.
  bool Read(PageNumber number, Page& out) const;

  // What the pointer map says of a page. Kinds: 1 root, 2 free, 3 and 4 overflow, 5 inner page or leaf of a table or
  // index; all else is nonsense.
  struct MapEntry {
    unsigned kind = 0;
    PageNumber parent = 0;
    bool IsOfATree() const { return kind == 1 || kind == 5; }
    bool IsNonsense() const { return kind < 1 || kind > 5; }
  };
  MapEntry MapOf(PageNumber number);

  // The log was cut short by damage, or misses a part amid what was committed: some pages are older than they should be.
  bool is_behind() const { return is_behind_; }

 private:
  DamagedFile() = default;
  void ReadLog();
  void TakeFrames(uint64_t count);

  sys::UniqueFd file_;
  sys::UniqueFd log_;
  PageNumber page_count_ = 0;
  std::unordered_map<PageNumber, uint64_t> in_log_;  // the frame of a page's newest version
  bool is_behind_ = false;
  PageNumber map_page_ = 0;  // the page of the pointer map that is at hand
  Page map_{};
};

// Whether the log of the database `path` has lost something that had been committed: SQLite reads a log up to the first
// frame that is not whole, takes it for the end, and drops what follows in silence. Also when there is a log and no
// database under it. Behind a frame that a power cut left half-written is at most the rest of its transaction; and then,
// where the log went on after an earlier cut or a failed sync, the rest of that one, whose checksums go on from frames
// that are no longer there.
bool HasBrokenLog(const std::string& path);

}  // namespace outpost::queue
