#include "lib/queue/connection.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;
using sys::Error;

// locking_mode comes before the first access: the log's index is then in this process's memory, not in a shared
// file, which works on NFS and 9p too. secure_delete=FAST wipes what is deleted where that costs no further
// writing.
constexpr const char* kSettings =
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA secure_delete = FAST;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA cache_size = -1024;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA trusted_schema = OFF;";
constexpr const char* kLogSettings =
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 0;"
    "PRAGMA journal_size_limit = 16777216;";

// The errno that says what SQLite's code says; 0 when there is none.
int ErrnoOf(int code, int system_errno) {
  if (system_errno == ENOSPC || system_errno == EDQUOT) return ENOSPC;
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return ENOSPC;
    case SQLITE_IOERR:
      return EIO;
    case SQLITE_NOMEM:
      return ENOMEM;
    case SQLITE_READONLY:
      return EROFS;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return EBUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return EUCLEAN;
    case SQLITE_CONSTRAINT:
      return EEXIST;
    case SQLITE_CANTOPEN:
      return system_errno;
    default:
      return 0;
  }
}

// Makes the file before SQLite does, for its mode and to sync the directory that names it.
Result<void> MakeFile(const std::string& path) {
  auto fd = sys::OpenFile(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (!fd) return fd.error();
  struct stat status {};
  if (fstat(fd->get(), &status) != 0) return Error::FromErrno(Cat("stat ", path));
  if (!S_ISREG(status.st_mode)) return Error(Cat("open ", path, ": not a regular file"), EINVAL);
  if (status.st_size > 0) return {};
  const std::string directory_path = path.substr(0, path.rfind('/') + 1);
  auto directory = sys::OpenDirectory(directory_path.empty() ? "." : directory_path);
  if (!directory) return directory.error();
  return sys::SyncFile(*directory, directory_path);
}

// One thread uses the queue; statistics would cost a lock a allocation.
void ConfigureLibrary() {
  if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK) return;  // in use already: as it is
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path) {
  if (auto made = MakeFile(path); !made) return made.error();
  std::unique_ptr<Connection> connection(new Connection(path));
  if (auto opened = connection->OpenHandle(); !opened) return opened.error();
  if (auto set = connection->Execute(kSettings, "open"); !set) return set.error();
  return connection;
}

Result<void> Connection::OpenHandle() {
  ConfigureLibrary();
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path_.c_str(), &handle_, kFlags, nullptr) != SQLITE_OK) return Fail("open");
  // No SQLITE_LIMIT_LENGTH below SQLite's own: one longer value, which somebody wrote there by hand, would fail each
  // query that meets it, and what waits behind it would wait for ever. Rows are checked when they are read.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return {};
}

Result<void> Connection::StartLog() {
  auto mode = ReadText("PRAGMA journal_mode = WAL", "open");
  if (!mode) return mode.error();
  if (*mode != "wal") {
    return Error(Cat("open ", path_, ": this file system cannot keep a write-ahead log"), EOPNOTSUPP);
  }
  if (auto set = Execute(kLogSettings, "open"); !set) return set;
  // After wal_autocheckpoint, which is a hook of SQLite's own.
  const auto note_length = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<Connection*>(self)->log_pages_ = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_, note_length, this);
  return {};
}

Connection::~Connection() { sqlite3_close(handle_); }

Error Connection::Fail(std::string_view attempted) {
  const int code = sqlite3_extended_errcode(handle_);
  const int system_errno = sqlite3_system_errno(handle_);
  std::string text = Cat(attempted, " ", path_, ": ", sqlite3_errmsg(handle_));
  const int primary = code & 0xFF;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
    if (!std::exchange(is_damaged_, true)) sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    text += " (the queue database is damaged: the queue runner sets it aside and salvages what can be read)";
  } else if (system_errno != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)) {
    text = Error::FromErrno(text, system_errno).text();
  }
  Error error(std::move(text), ErrnoOf(code, system_errno));
  has_failed_ = true;
  is_full_ = is_full_ || error.code() == ENOSPC;
  return error;
}

Result<void> Connection::Execute(const char* sql, std::string_view attempted) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return Fail(attempted);
  return {};
}

Result<std::string> Connection::ReadText(const char* sql, std::string_view attempted) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr) != SQLITE_OK) return Fail(attempted);
  const int stepped = sqlite3_step(statement);
  if (stepped != SQLITE_ROW) {
    const Error failure =
        stepped == SQLITE_DONE ? Error(Cat(attempted, " ", path_, ": no answer")) : Fail(attempted);
    sqlite3_finalize(statement);
    return failure;
  }
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  std::string answer = text == nullptr ? "" : text;
  sqlite3_finalize(statement);
  return answer;
}

Result<int64_t> Connection::ReadNumber(const char* sql, std::string_view attempted) {
  const auto text = ReadText(sql, attempted);
  if (!text) return text.error();
  return static_cast<int64_t>(strtoll(text->c_str(), nullptr, 10));
}

Result<void> Connection::Begin() {
  if (batch_ != Batch::kNone) return Error("begin a batch: one is open already", EINVAL);
  if (auto begun = Execute("BEGIN IMMEDIATE", "begin a batch in"); !begun) return begun;
  batch_ = Batch::kOpen;
  changes_before_ = sqlite3_total_changes64(handle_);
  return {};
}

Result<void> Connection::Commit() {
  if (auto allowed = CheckChange("commit"); !allowed) return allowed;
  if (auto committed = Execute("COMMIT", "commit to"); !committed) {
    Rollback();
    return committed;
  }
  batch_ = Batch::kNone;
  return {};
}

void Connection::Rollback() {
  if (in_transaction()) static_cast<void>(Execute("ROLLBACK", "roll back"));
  batch_ = Batch::kNone;
}

Result<void> Connection::CheckChange(std::string_view attempted) const {
  switch (batch_) {
    case Batch::kNone:
      return Error(Cat(attempted, ": outside a batch"), EINVAL);
    case Batch::kFailed:
      return Error(Cat(attempted, ": an earlier change of this batch has failed"), EINVAL);
    case Batch::kOpen:
      break;
  }
  if (!in_transaction()) return Error(Cat(attempted, ": the batch has been rolled back"), EIO);
  return {};
}

Result<void> Connection::Checkpoint() {
  int total = 0;
  int copied = 0;
  if (sqlite3_wal_checkpoint_v2(handle_, "main", SQLITE_CHECKPOINT_PASSIVE, &total, &copied) != SQLITE_OK) {
    return Fail("checkpoint");
  }
  if (total == copied) log_pages_ = 0;
  is_full_ = false;
  return {};
}

}  // namespace outpost::queue
