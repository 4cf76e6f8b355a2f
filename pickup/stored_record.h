// A submission record while it arrives, and until it has been dealt with. A small one, as most are, costs no system
// call; a large one goes to a Scratch, so that a record of any size costs bounded memory.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/sys/error.h"
#include "lib/sys/file.h"
#include "lib/sys/unique_fd.h"

namespace outpost::pickup {

class StoredRecord {
 public:
  // `directory` is for a Scratch, and must outlive this.
  explicit StoredRecord(sys::FdView directory) : directory_(directory) {}

  // An error leaves the record to be thrown away.
  sys::Result<void> Append(std::string_view bytes);
  uint64_t size() const { return scratch_ ? scratch_->size() : memory_.size(); }
  // Fewer bytes than the buffer holds only at the end.
  sys::Result<size_t> ReadAt(std::span<char> buffer, uint64_t offset);

 private:
  static constexpr size_t kMemoryBytes = 64 * 1024;
  sys::FdView directory_;
  std::string memory_;
  std::optional<sys::Scratch> scratch_;
};

}  // namespace outpost::pickup
