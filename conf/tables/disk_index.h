// Keys and values on disk, for texts too large for memory: one file without a name, so that nothing is left behind.
//
//   entries   header (hash, line, lengths), key, value, one after another as they were added
//   slots     from the next page on: a hash table (open addressing, at most half full) of (hash, place of the entry)
//
// A look-up is two reads, of a few slots and of an entry, which the page cache answers mostly; the memory of this process
// does not grow with the text. The source text's own bytes are not referred to: it may be written again meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/logical_lines.h"
#include "conf/tables/table.h"
#include "lib/sys/unique_fd.h"

namespace outpost::conf {

class DiskIndex : public Table {
 public:
  // In $TMPDIR, else /var/tmp, else /tmp.
  static sys::Result<std::unique_ptr<DiskIndex>> Make();

  // `key` as it is to be found; `line` for complaints.
  sys::Result<void> Add(std::string_view key, std::string_view value, int line);
  // Ends the adding. Of equal keys the first holds, and the others are complained of.
  sys::Result<void> Finish(std::vector<Complaint>* complaints);

  // Letters of `key` are folded, ASCII ones alone.
  Found Find(std::string_view key) override;
  // In no order that means anything.
  sys::Result<void> Walk(const EntryVisitor& visit) override;

 private:
  struct Header {
    uint64_t hash = 0;
    uint32_t line = 0;
    uint32_t key_size = 0;
    uint32_t value_size = 0;
    uint32_t unused = 0;
  };
  struct Slot {
    uint64_t hash = 0;
    uint64_t entry = 0;  // its place in the file and 1; 0: the slot is free
  };
  struct Entry {
    Header header;
    std::string key;
    std::string value;
  };
  struct Placed {
    uint64_t place = 0;
    std::string value;
  };
  class Slots;

  explicit DiskIndex(sys::UniqueFd file) : file_(std::move(file)) {}
  sys::Result<void> Flush();
  sys::Result<Entry> ReadEntry(uint64_t place) const;
  sys::Result<void> Insert(Slots& slots, uint64_t place, const Entry& entry, std::vector<Complaint>* complaints);
  sys::Result<std::optional<Placed>> FindEntry(std::string_view key) const;

  sys::UniqueFd file_;
  std::string buffer_;        // of entries, to be written
  uint64_t entries_end_ = 0;  // in the file and the buffer
  uint64_t count_ = 0;
  uint64_t slots_begin_ = 0;
  uint64_t slot_count_ = 0;  // a power of two; 0 until Finish()
};

}  // namespace outpost::conf
