#include "tests/unit/lib/queue/forgetful_disk.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>

namespace outpost::queue {
namespace {

constexpr uint64_t kSector = 512;

void WriteInto(std::string& bytes, uint64_t offset, std::string_view what) {
  bytes.resize(std::max<size_t>(bytes.size(), offset + what.size()));
  std::copy(what.begin(), what.end(), bytes.begin() + static_cast<ptrdiff_t>(offset));
}

// Those sectors of a change that `reaches` says yes to.
template <typename Reaches>
void ApplyPart(const DiskChange& change, std::string& bytes, Reaches reaches) {
  if (change.kind == DiskChange::Kind::kTruncate) {
    if (reaches()) bytes.resize(change.offset);
    return;
  }
  for (uint64_t done = 0; done < change.bytes.size();) {
    const uint64_t at = change.offset + done;
    const uint64_t count = std::min(kSector - at % kSector, change.bytes.size() - done);
    if (reaches()) WriteInto(bytes, at, std::string_view(change.bytes).substr(done, count));
    done += count;
  }
}

// --- SQLite's side

struct OpenFile {
  sqlite3_file base;
  ForgetfulDisk* disk;
  std::string* path;
  std::string* bytes;
};

OpenFile& FileOf(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }
ForgetfulDisk& DiskOf(sqlite3_vfs* vfs) { return *static_cast<ForgetfulDisk*>(vfs->pAppData); }

int Close(sqlite3_file* file) {
  delete FileOf(file).path;
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* to, int count, sqlite3_int64 offset) {
  const std::string& bytes = *FileOf(file).bytes;
  const size_t start = std::min(bytes.size(), static_cast<size_t>(offset));
  const size_t got = std::min(static_cast<size_t>(count), bytes.size() - start);
  memcpy(to, bytes.data() + start, got);
  memset(static_cast<char*>(to) + got, 0, static_cast<size_t>(count) - got);
  return got == static_cast<size_t>(count) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
  OpenFile& open = FileOf(file);
  return open.disk->Write(*open.path, *open.bytes, static_cast<uint64_t>(offset),
                          {static_cast<const char*>(from), static_cast<size_t>(count)});
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  OpenFile& open = FileOf(file);
  open.bytes->resize(static_cast<size_t>(size));
  open.disk->Note({DiskChange::Kind::kTruncate, *open.path, static_cast<uint64_t>(size), {}});
  return SQLITE_OK;
}

int Sync(sqlite3_file* file, int) {
  FileOf(file).disk->Note({DiskChange::Kind::kSync, *FileOf(file).path, 0, {}});
  return SQLITE_OK;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(FileOf(file).bytes->size());
  return SQLITE_OK;
}

int Lock(sqlite3_file*, int) { return SQLITE_OK; }
int IsReserved(sqlite3_file*, int* is) {
  *is = 0;
  return SQLITE_OK;
}
int FileControl(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int SectorSize(sqlite3_file*) { return 4096; }
// As unix has it: a write changes no byte beside it.
int Characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

const sqlite3_io_methods kMethods = {
    .iVersion = 1,
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock = Lock,
    .xUnlock = Lock,
    .xCheckReservedLock = IsReserved,
    .xFileControl = FileControl,
    .xSectorSize = SectorSize,
    .xDeviceCharacteristics = Characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int OpenPath(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  new (file) OpenFile{{&kMethods}, &DiskOf(vfs), new std::string(path), &DiskOf(vfs).Open(path)};
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int Remove(sqlite3_vfs* vfs, const char* path, int) {
  DiskOf(vfs).Remove(path);
  return SQLITE_OK;
}

int Access(sqlite3_vfs* vfs, const char* path, int, int* is) {
  *is = DiskOf(vfs).Has(path) ? 1 : 0;
  return SQLITE_OK;
}

int FullPath(sqlite3_vfs*, const char* path, int size, char* full) {
  sqlite3_snprintf(size, full, "%s", path);
  return SQLITE_OK;
}

}  // namespace

Platter::Platter(const DiskImage& image) {
  for (const auto& [path, bytes] : image) files_[path] = {true, false, bytes, {}, {}};
}

void Platter::Apply(const DiskChange& change) {
  File& file = files_[change.path];
  switch (change.kind) {
    case DiskChange::Kind::kCreate:
      file = {false, false, {}, {}, file.former};
      break;
    case DiskChange::Kind::kWrite:
    case DiskChange::Kind::kTruncate:
      file.unsynced.push_back(change);
      break;
    case DiskChange::Kind::kSync:
      for (const DiskChange& one : file.unsynced) ApplyPart(one, file.synced, [] { return true; });
      file.unsynced.clear();
      if (!file.has_safe_name) SyncDirectory();
      break;
    case DiskChange::Kind::kRemove:
      file.is_removed = true;
      if (file.has_safe_name) file.former = file.synced;
      break;
  }
}

void Platter::SyncDirectory() {
  std::erase_if(files_, [](const auto& one) { return one.second.is_removed; });
  for (auto& [path, file] : files_) {
    file.has_safe_name = true;
    file.former.reset();
  }
}

DiskImage Platter::AfterCut(Loss loss, std::mt19937& random) const {
  DiskImage image;
  for (const auto& [path, file] : files_) {
    const bool is_forgotten = loss == Loss::kAllUnsynced || (loss != Loss::kNothing && random() % 2 == 0);
    if (file.is_removed || (!file.has_safe_name && is_forgotten)) {
      if (is_forgotten && file.former) image[path] = *file.former;
      continue;
    }
    std::string bytes = file.synced;
    const size_t whole = loss == Loss::kTail ? random() % (file.unsynced.size() + 1) : 0;
    for (size_t i = 0; i < file.unsynced.size(); ++i) {
      bool is_torn = false;
      ApplyPart(file.unsynced[i], bytes, [&] {
        switch (loss) {
          case Loss::kAllUnsynced:
            return false;
          case Loss::kNothing:
            return true;
          case Loss::kTail:
            is_torn = is_torn || random() % 4 == 0;
            return i < whole || (i == whole && !is_torn);
          case Loss::kAny:
            return random() % 2 == 0;
        }
        return false;
      });
    }
    image[path] = std::move(bytes);
  }
  return image;
}

ForgetfulDisk::ForgetfulDisk() : former_(sqlite3_vfs_find(nullptr)), vfs_(*former_) {
  vfs_.iVersion = 1;
  vfs_.szOsFile = sizeof(OpenFile);
  vfs_.pNext = nullptr;
  vfs_.zName = "forgetful";
  vfs_.pAppData = this;
  vfs_.xOpen = OpenPath;
  vfs_.xDelete = queue::Remove;
  vfs_.xAccess = Access;
  vfs_.xFullPathname = FullPath;
  sqlite3_vfs_register(&vfs_, 1);
}

ForgetfulDisk::~ForgetfulDisk() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(former_, 1);
}

void ForgetfulDisk::Replace(const DiskImage& image) {
  files_.clear();
  removed_.clear();
  changes_.clear();
  for (const auto& [path, bytes] : image) files_[path] = std::make_unique<std::string>(bytes);
}

std::string& ForgetfulDisk::Open(const std::string& path) {
  auto& file = files_[path];
  if (!file) {
    file = std::make_unique<std::string>();
    Note({DiskChange::Kind::kCreate, path, 0, {}});
  }
  return *file;
}

int ForgetfulDisk::Write(const std::string& path, std::string& bytes, uint64_t offset, std::string_view what) {
  if (is_full_) return SQLITE_FULL;
  WriteInto(bytes, offset, what);
  Note({DiskChange::Kind::kWrite, path, offset, std::string(what)});
  return SQLITE_OK;
}

void ForgetfulDisk::Remove(const std::string& path) {
  const auto found = files_.find(path);
  if (found == files_.end()) return;
  removed_.push_back(std::move(found->second));
  files_.erase(found);
  Note({DiskChange::Kind::kRemove, path, 0, {}});
}

}  // namespace outpost::queue
