#include "lib/queue/damaged_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <vector>

#include "lib/sys/file.h"

namespace outpost::queue {
namespace {

constexpr uint64_t kLogHeader = 32;
constexpr uint64_t kFrameHeader = 24;
constexpr uint64_t kFrame = kFrameHeader + kPageSize;
constexpr uint32_t kMagic = 0x377F0682;  // its lowest bit: checksums are over big-endian numbers
constexpr PageNumber kPagesAMap = kPageSize / 5;
constexpr PageNumber kLockPage = 0x40000000 / kPageSize + 1;  // never used
constexpr uint64_t kMaxPages = 0x7FFFFFFF;

uint64_t SizeOf(sys::FdView fd) {
  struct stat facts {};
  return fd.get() >= 0 && fstat(fd.get(), &facts) == 0 ? static_cast<uint64_t>(facts.st_size) : 0;
}

bool ReadExactly(sys::FdView fd, unsigned char* out, size_t size, uint64_t offset) {
  const auto count = sys::ReadAt(fd, {reinterpret_cast<char*>(out), size}, offset);
  return count && *count == size;
}

struct LogChecksum {
  uint32_t first = 0;
  uint32_t second = 0;
  bool operator==(const LogChecksum&) const = default;
};

struct Frame {
  PageNumber page = 0;
  uint32_t pages_after_commit = 0;  // 0: no commit
  bool is_of_this_log = false;      // its salts are
  bool is_whole = false;            // its checksum is right
};

// The frames of a log one after the other. A checksum continues the one before it, as that stands in the file: so a
// frame that is damaged does not hide those after it.
class LogReader {
 public:
  explicit LogReader(sys::FdView log)
      : log_(log), count_((SizeOf(log) - std::min(SizeOf(log), kLogHeader)) / kFrame) {
    std::array<unsigned char, kLogHeader> header{};
    if (!ReadExactly(log_, header.data(), header.size(), 0)) return;
    has_header_ = true;
    big_endian_ = (ReadBigEndian(header.data(), 4) & 1) != 0;
    std::memcpy(salts_.data(), header.data() + 16, salts_.size());
    before_ = {ReadBigEndian(header.data() + 24, 4), ReadBigEndian(header.data() + 28, 4)};
    header_is_whole_ =
        (ReadBigEndian(header.data(), 4) & ~1U) == kMagic && Sum({}, header.data(), kLogHeader - 8) == before_;
    // A damaged header may have damaged salts: each frame has them as well.
    if (!header_is_whole_ && count_ > 0) ReadExactly(log_, salts_.data(), salts_.size(), kLogHeader + 8);
  }

  uint64_t count() const { return count_; }
  bool has_header() const { return has_header_; }
  bool header_is_whole() const { return header_is_whole_; }

  // The frames from 0 in order.
  Frame Next(uint64_t number) {
    Frame frame;
    if (!ReadExactly(log_, bytes_.data(), bytes_.size(), kLogHeader + number * kFrame)) return frame;
    const unsigned char* head = bytes_.data();
    frame.page = ReadBigEndian(head, 4);
    frame.pages_after_commit = ReadBigEndian(head + 4, 4);
    frame.is_of_this_log = std::memcmp(head + 8, salts_.data(), salts_.size()) == 0;
    const LogChecksum stored{ReadBigEndian(head + 16, 4), ReadBigEndian(head + 20, 4)};
    frame.is_whole = frame.is_of_this_log && Sum(Sum(before_, head, 8), head + kFrameHeader, kPageSize) == stored;
    before_ = stored;
    return frame;
  }

 private:
  LogChecksum Sum(LogChecksum sum, const unsigned char* bytes, size_t size) const {
    for (size_t i = 0; i + 8 <= size; i += 8) {
      sum.first += Number(bytes + i) + sum.second;
      sum.second += Number(bytes + i + 4) + sum.first;
    }
    return sum;
  }
  uint32_t Number(const unsigned char* bytes) const {
    const uint32_t big = ReadBigEndian(bytes, 4);
    return big_endian_ ? big : __builtin_bswap32(big);
  }

  sys::FdView log_;
  uint64_t count_;
  bool has_header_ = false;
  bool header_is_whole_ = false;
  bool big_endian_ = false;
  std::array<unsigned char, 8> salts_{};
  LogChecksum before_;
  std::array<unsigned char, kFrame> bytes_{};
};

}  // namespace

uint32_t ReadBigEndian(const unsigned char* bytes, size_t count) {
  uint32_t number = 0;
  for (size_t i = 0; i < count; ++i) number = number << 8 | bytes[i];
  return number;
}

sys::Result<DamagedFile> DamagedFile::Open(const std::string& path) {
  DamagedFile file;
  for (auto* one : {&file.file_, &file.log_}) {
    auto opened = sys::OpenFile(one == &file.file_ ? path : path + "-wal", O_RDONLY | O_NOFOLLOW);
    if (!opened && opened.error().code() != ENOENT) return opened.error();
    if (opened) *one = std::move(*opened);
  }
  const uint64_t pages = (SizeOf(file.file_) + kPageSize - 1) / kPageSize;
  file.page_count_ = static_cast<PageNumber>(std::min(pages, kMaxPages));
  file.ReadLog();
  return file;
}

// Up to the last commit that is whole. What is damaged before it counts where it is at least known to be of this log:
// most of such a page is still right, and its rows have checksums of their own.
void DamagedFile::ReadLog() {
  if (!log_) return;
  LogReader reader(log_);
  uint64_t committed = 0;
  for (uint64_t i = 0; i < reader.count(); ++i) {
    const Frame frame = reader.Next(i);
    if (frame.is_whole && frame.pages_after_commit > 0) {
      committed = i + 1;
      page_count_ = std::max(page_count_, frame.pages_after_commit);
    }
  }
  is_behind_ = SizeOf(log_) > kLogHeader && committed == 0;
  TakeFrames(committed);
}

void DamagedFile::TakeFrames(uint64_t count) {
  LogReader reader(log_);
  for (uint64_t i = 0; i < count; ++i) {
    const Frame frame = reader.Next(i);
    if (frame.is_of_this_log && frame.page > 0 && frame.page <= kMaxPages) {
      in_log_[frame.page] = i;
    }
    is_behind_ = is_behind_ || !frame.is_whole;
  }
}

bool DamagedFile::Read(PageNumber number, Page& out) const {
  if (number == 0) return false;
  if (const auto found = in_log_.find(number); found != in_log_.end()) {
    return ReadExactly(log_, out.data(), kPageSize, kLogHeader + found->second * kFrame + kFrameHeader);
  }
  return file_ && ReadExactly(file_, out.data(), kPageSize, uint64_t{number - 1} * kPageSize);
}

DamagedFile::MapEntry DamagedFile::MapOf(PageNumber number) {
  if (number < 3) return {};
  PageNumber map = (number - 2) / (kPagesAMap + 1) * (kPagesAMap + 1) + 2;
  if (map == kLockPage) ++map;
  if (number <= map) return {};
  if (map != map_page_) {
    if (!Read(map, map_)) map_ = {};
    map_page_ = map;
  }
  const unsigned char* entry = map_.data() + size_t{5} * (number - map - 1);
  return {entry[0], ReadBigEndian(entry + 1, 4)};
}

bool HasBrokenLog(const std::string& path) {
  const auto log = sys::OpenFile(path + "-wal", O_RDONLY | O_NOFOLLOW);
  if (!log || SizeOf(*log) <= kLogHeader) return false;
  const auto file = sys::OpenFile(path, O_RDONLY | O_NOFOLLOW);
  if (file && SizeOf(*file) == 0) return true;
  LogReader reader(*log);
  if (!reader.header_is_whole()) return true;
  bool hole = false;
  int commits_after = 0;
  for (uint64_t i = 0; i < reader.count(); ++i) {
    const Frame frame = reader.Next(i);
    if (!frame.is_whole) {
      hole = true;
      commits_after = 0;
    } else if (hole && frame.pages_after_commit > 0 && ++commits_after > 1) {
      return true;
    }
  }
  return false;
}

}  // namespace outpost::queue
