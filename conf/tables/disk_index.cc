#include "conf/tables/disk_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <sys/mman.h>
#include <utility>

#include "conf/tables/table_line.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr size_t kBuffer = 256 * 1024;
constexpr uint64_t kPage = 64 * 1024;  // the largest that there is
constexpr size_t kSlotsAtOnce = 8;

uint64_t HashOf(std::string_view key) { return std::hash<std::string_view>{}(key); }

// The bytes of a plain value, to be written or filled.
template <typename T>
std::span<char> BytesOf(T& value) {
  return {reinterpret_cast<char*>(&value), sizeof value};
}

sys::Result<sys::UniqueFd> MakeFile() {
  const char* const chosen = secure_getenv("TMPDIR");
  sys::Result<sys::UniqueFd> file = sys::Error("no directory");
  for (const char* const path : {chosen == nullptr ? "/var/tmp" : chosen, "/tmp"}) {
    const auto directory = sys::OpenDirectory(path);
    if (!directory) {
      file = directory.error();
      continue;
    }
    file = sys::MakeUnlinkedFile(*directory);
    if (file) break;
  }
  return file;
}

}  // namespace

// The hash table in memory that is the file's, while it is filled.
class DiskIndex::Slots {
 public:
  static sys::Result<Slots> Map(sys::FdView file, uint64_t begin, uint64_t count) {
    // Room is taken before it is used: a full disk is an error here, a signal there.
    const int error =
        posix_fallocate(file.get(), static_cast<off_t>(begin), static_cast<off_t>(count * sizeof(Slot)));
    if (error != 0) return sys::Error::FromErrno("make room for an index", error);
    void* const memory = mmap(nullptr, count * sizeof(Slot), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(),
                              static_cast<off_t>(begin));
    if (memory == MAP_FAILED) return sys::Error::FromErrno("map an index");
    return Slots({static_cast<Slot*>(memory), count});
  }
  Slots(Slots&& other) noexcept : slots_(std::exchange(other.slots_, {})) {}
  Slots& operator=(Slots&&) = delete;
  ~Slots() {
    if (!slots_.empty()) munmap(slots_.data(), slots_.size_bytes());
  }
  Slot& At(uint64_t number) { return slots_[number & (slots_.size() - 1)]; }

 private:
  explicit Slots(std::span<Slot> slots) : slots_(slots) {}
  std::span<Slot> slots_;
};

sys::Result<std::unique_ptr<DiskIndex>> DiskIndex::Make() {
  auto file = MakeFile();
  if (!file) return file.error();
  return std::unique_ptr<DiskIndex>(new DiskIndex(std::move(*file)));
}

sys::Result<void> DiskIndex::Add(std::string_view key, std::string_view value, int line) {
  Header header{HashOf(key), static_cast<uint32_t>(line), static_cast<uint32_t>(key.size()),
                static_cast<uint32_t>(value.size())};
  const auto bytes = BytesOf(header);
  buffer_.append(bytes.data(), bytes.size()).append(key).append(value);
  entries_end_ += bytes.size() + key.size() + value.size();
  ++count_;
  return buffer_.size() < kBuffer ? sys::Result<void>() : Flush();
}

sys::Result<void> DiskIndex::Flush() {
  auto written = sys::WriteAll(file_, buffer_, "an index");
  buffer_.clear();
  return written;
}

sys::Result<DiskIndex::Entry> DiskIndex::ReadEntry(uint64_t place) const {
  std::array<char, 1024> bytes;
  const auto count = sys::ReadAt(file_, bytes, place);
  if (!count) return count.error();
  Entry entry;
  if (*count < sizeof entry.header) return sys::Error("an index is cut", EIO);
  std::memcpy(&entry.header, bytes.data(), sizeof entry.header);
  const size_t size = size_t{entry.header.key_size} + entry.header.value_size;
  std::string text(bytes.data() + sizeof entry.header, std::min(size, *count - sizeof entry.header));
  if (const size_t have = text.size(); have < size) {
    text.resize(size);
    const auto rest = sys::ReadAt(file_, std::span(text).subspan(have), place + sizeof entry.header + have);
    if (!rest) return rest.error();
    if (*rest < size - have) return sys::Error("an index is cut", EIO);
  }
  entry.value = text.substr(entry.header.key_size);
  text.resize(entry.header.key_size);
  entry.key = std::move(text);
  return entry;
}

sys::Result<void> DiskIndex::Finish(std::vector<Complaint>* complaints) {
  if (auto flushed = Flush(); !flushed) return flushed;
  buffer_.shrink_to_fit();
  const uint64_t slot_count = std::bit_ceil(std::max<uint64_t>(2 * count_, kSlotsAtOnce));
  slots_begin_ = (entries_end_ + kPage - 1) / kPage * kPage;
  auto slots = Slots::Map(file_, slots_begin_, slot_count);
  if (!slots) return slots.error();
  for (uint64_t place = 0; place < entries_end_;) {
    const auto entry = ReadEntry(place);
    if (!entry) return entry.error();
    if (auto inserted = Insert(*slots, place, *entry, complaints); !inserted) return inserted;
    place += sizeof entry->header + entry->key.size() + entry->value.size();
  }
  slot_count_ = slot_count;
  return {};
}

sys::Result<void> DiskIndex::Insert(Slots& slots, uint64_t place, const Entry& entry,
                                    std::vector<Complaint>* complaints) {
  uint64_t number = entry.header.hash;
  for (; slots.At(number).entry != 0; ++number) {
    if (slots.At(number).hash != entry.header.hash) continue;
    const auto other = ReadEntry(slots.At(number).entry - 1);
    if (!other) return other.error();
    if (other->key != entry.key) continue;
    Complain(complaints, DuplicateKey(entry.key, static_cast<int>(entry.header.line)));
    return {};
  }
  slots.At(number) = {entry.header.hash, place + 1};
  return {};
}

sys::Result<std::optional<DiskIndex::Placed>> DiskIndex::FindEntry(std::string_view key) const {
  const uint64_t hash = HashOf(key);
  std::array<Slot, kSlotsAtOnce> slots;
  for (uint64_t number = hash & (slot_count_ - 1);;) {
    const auto some = std::span(slots).first(std::min<uint64_t>(kSlotsAtOnce, slot_count_ - number));
    const std::span<char> bytes(reinterpret_cast<char*>(some.data()), some.size_bytes());
    const auto count = sys::ReadAt(file_, bytes, slots_begin_ + number * sizeof(Slot));
    if (!count) return count.error();
    if (*count < bytes.size()) return sys::Error("an index is cut", EIO);
    for (const Slot& slot : some) {
      if (slot.entry == 0) return std::optional<Placed>();
      if (slot.hash != hash) continue;
      auto entry = ReadEntry(slot.entry - 1);
      if (!entry) return entry.error();
      if (entry->key == key) return std::optional(Placed{slot.entry - 1, std::move(entry->value)});
    }
    number = (number + some.size()) & (slot_count_ - 1);
  }
}

Found DiskIndex::Find(std::string_view key) {
  auto entry = FindEntry(sys::LowerCase(key));
  if (!entry) return entry.error();
  if (!*entry) return std::optional<std::string>();
  return std::optional(std::move((*entry)->value));
}

sys::Result<void> DiskIndex::Walk(const EntryVisitor& visit) {
  for (uint64_t place = 0; place < entries_end_;) {
    const auto entry = ReadEntry(place);
    if (!entry) return entry.error();
    const auto holding = FindEntry(entry->key);
    if (!holding) return holding.error();
    if (*holding && (*holding)->place == place && !visit(entry->key, entry->value)) break;
    place += sizeof entry->header + entry->key.size() + entry->value.size();
  }
  return {};
}

}  // namespace outpost::conf
