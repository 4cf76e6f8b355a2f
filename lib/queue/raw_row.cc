#include "lib/queue/raw_row.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <string_view>

namespace outpost::queue {
namespace {

constexpr size_t kFileHeader = 100;  // before page 1's own

enum PageKind : unsigned char { kInnerIndex = 2, kInnerTable = 5, kLeafIndex = 10, kLeafTable = 13 };

// Bytes that are consumed from the front; whoever reads past the end finds out by `failed`.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}
  bool failed() const { return failed_; }
  size_t size() const { return left_.size(); }

  std::string_view Take(uint64_t count) {
    if (count > left_.size()) {
      failed_ = true;
      return {};
    }
    const auto taken = left_.substr(0, static_cast<size_t>(count));
    left_.remove_prefix(static_cast<size_t>(count));
    return taken;
  }
  // Big-endian two's complement of 1 to 8 bytes.
  int64_t TakeInteger(size_t count) {
    const auto taken = Take(count);
    if (taken.empty()) return 0;
    uint64_t number = (taken[0] & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (const char byte : taken) number = number << 8 | static_cast<unsigned char>(byte);
    return static_cast<int64_t>(number);
  }
  uint64_t TakeVarint() {
    uint64_t number = 0;
    for (int i = 0; i < 9; ++i) {
      const auto taken = Take(1);
      if (failed_) return 0;
      const auto byte = static_cast<unsigned char>(taken[0]);
      if (i == 8) return number << 8 | byte;
      number = number << 7 | (byte & 0x7F);
      if ((byte & 0x80) == 0) return number;
    }
    return number;
  }

 private:
  std::string_view left_;
  bool failed_ = false;
};

RawValue TakeValue(Bytes& bytes, uint64_t type) {
  static constexpr std::array<size_t, 7> kIntegerSizes = {0, 1, 2, 3, 4, 6, 8};
  RawValue value;
  if (type == 0) return value;
  if (type < kIntegerSizes.size()) {
    value.kind = RawValue::Kind::kInteger;
    value.integer = bytes.TakeInteger(kIntegerSizes[static_cast<size_t>(type)]);
  } else if (type == 7) {
    value.kind = RawValue::Kind::kReal;
    value.real = std::bit_cast<double>(bytes.TakeInteger(8));
  } else if (type == 8 || type == 9) {
    value.kind = RawValue::Kind::kInteger;
    value.integer = static_cast<int64_t>(type - 8);
  } else if (type >= 12) {
    value.kind = type % 2 == 0 ? RawValue::Kind::kBlob : RawValue::Kind::kText;
    value.bytes = bytes.Take((type - 12) / 2);
  } else {
    (void)bytes.Take(bytes.size() + 1);  // 10, 11: never on disk
  }
  return value;
}

bool ParseRecord(std::string_view payload, std::vector<RawValue>& out) {
  constexpr size_t kMaxColumns = 100;
  Bytes start(payload);
  const uint64_t header_size = start.TakeVarint();
  const size_t length_size = payload.size() - start.size();
  if (start.failed() || header_size > payload.size() || header_size < length_size) return false;
  Bytes header(payload.substr(length_size, static_cast<size_t>(header_size) - length_size));
  Bytes body(payload.substr(static_cast<size_t>(header_size)));
  while (header.size() > 0) {
    const uint64_t type = header.TakeVarint();
    if (header.failed() || out.size() >= kMaxColumns) return false;
    out.push_back(TakeValue(body, type));
    if (body.failed()) return false;
  }
  return body.size() == 0;
}

// How much of a payload lies in the page itself.
size_t LocalSize(uint64_t payload, bool is_table) {
  constexpr uint64_t kLeast = (kPageSize - 12) * 32 / 255 - 23;
  const uint64_t most = is_table ? kPageSize - 35 : (kPageSize - 12) * 64 / 255 - 23;
  if (payload <= most) return static_cast<size_t>(payload);
  const uint64_t some = kLeast + (payload - kLeast) % (kPageSize - 4);
  return static_cast<size_t>(some <= most ? some : kLeast);
}

std::optional<std::string> TakePayload(const DamagedFile& file, Bytes& cell, uint64_t size, bool is_table) {
  if (size > kMaxRowBytes) return std::nullopt;
  const size_t local = LocalSize(size, is_table);
  std::string payload(cell.Take(local));
  PageNumber next = local < size ? static_cast<PageNumber>(cell.TakeInteger(4)) : 0;
  if (cell.failed()) return std::nullopt;
  payload.reserve(static_cast<size_t>(size));
  Page page;
  while (payload.size() < size) {  // each page adds to it: a chain that is a circle ends too
    if (!file.Read(next, page)) return std::nullopt;
    const size_t part = std::min<size_t>(kPageSize - 4, static_cast<size_t>(size) - payload.size());
    payload.append(reinterpret_cast<const char*>(page.data()) + 4, part);
    next = ReadBigEndian(page.data(), 4);
  }
  return payload;
}

}  // namespace

PageSummary ReadRows(const DamagedFile& file, PageNumber number, const std::function<void(RawRow&)>& take) {
  PageSummary summary;
  Page page;
  if (!file.Read(number, page)) return summary;
  const size_t start = number == 1 ? kFileHeader : 0;
  const unsigned char kind = page[start];
  if (kind != kInnerIndex && kind != kInnerTable && kind != kLeafIndex && kind != kLeafTable) return summary;
  summary.is_readable = true;
  const bool is_inner = kind == kInnerIndex || kind == kInnerTable;
  const bool is_table = kind == kInnerTable || kind == kLeafTable;
  const std::string_view bytes(reinterpret_cast<const char*>(page.data()), kPageSize);
  const size_t header = start + (is_inner ? 12 : 8);
  const size_t count = std::min<size_t>(ReadBigEndian(page.data() + start + 3, 2), (kPageSize - header) / 2);
  if (is_inner) summary.children.push_back(ReadBigEndian(page.data() + start + 8, 4));
  for (size_t i = 0; i < count; ++i) {
    const size_t offset = ReadBigEndian(page.data() + header + 2 * i, 2);
    Bytes cell(bytes.substr(std::min(offset, kPageSize)));
    if (is_inner) summary.children.push_back(static_cast<PageNumber>(cell.TakeInteger(4)));
    if (kind == kInnerTable) continue;
    RawRow row;
    row.is_of_table = is_table;
    const uint64_t size = cell.TakeVarint();
    if (is_table) row.number = static_cast<int64_t>(cell.TakeVarint());
    const auto payload = cell.failed() ? std::nullopt : TakePayload(file, cell, size, is_table);
    if (payload && ParseRecord(*payload, row.values)) {
      take(row);
    } else {
      ++summary.broken_rows;
    }
  }
  return summary;
}

}  // namespace outpost::queue
