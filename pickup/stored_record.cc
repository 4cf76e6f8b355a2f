#include "pickup/stored_record.h"

#include <algorithm>

namespace outpost::pickup {

sys::Result<void> StoredRecord::Append(std::string_view bytes) {
  if (!scratch_ && memory_.size() + bytes.size() <= kMemoryBytes) {
    memory_ += bytes;
    return {};
  }
  if (!scratch_) {
    auto made = sys::Scratch::Make(directory_);
    if (!made) return made.error();
    scratch_.emplace(std::move(*made));
    if (auto moved = scratch_->Append(memory_); !moved) return moved;
    memory_ = std::string();
  }
  return scratch_->Append(bytes);
}

sys::Result<size_t> StoredRecord::ReadAt(std::span<char> buffer, uint64_t offset) {
  if (scratch_) {
    const auto fd = scratch_->Flushed();
    if (!fd) return fd.error();
    return sys::ReadAt(*fd, buffer, offset);
  }
  if (offset >= memory_.size()) return size_t{0};
  return memory_.copy(buffer.data(), buffer.size(), offset);
}

}  // namespace outpost::pickup
