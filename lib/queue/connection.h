// One connection to the queue's database, as the queue wants it: exclusive, write-ahead log, every commit on stable
// storage, little memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "lib/sys/error.h"

namespace outpost::queue {

using sys::Result;

class Connection {
 public:
  // Opens the database file `path`, making an empty one (0600) when there is none. Nothing is written to a file
  // that is not a database, and nothing is replaced.
  static Result<std::unique_ptr<Connection>> Open(const std::string& path);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }

  // The Error of the SQLite call that has just failed.
  sys::Error Fail(std::string_view attempted);
  // Turns to the write-ahead log; before the first change, once the file is known to be ours.
  Result<void> StartLog();

  // Statements that are run once, without values.
  Result<void> Execute(const char* sql, std::string_view attempted);
  // The first column of a query's first row.
  Result<std::string> ReadText(const char* sql, std::string_view attempted);
  Result<int64_t> ReadNumber(const char* sql, std::string_view attempted);

  // A batch: what is changed between Begin and Commit. Once a change has failed the rest of its batch fails too, so
  // that no half of one can be committed. Commit that fails has rolled back.
  Result<void> Begin();
  Result<void> Commit();
  void Rollback();
  bool in_batch() const { return batch_ != Batch::kNone; }
  Result<void> CheckChange(std::string_view attempted) const;
  void MarkFailed() {
    if (batch_ == Batch::kOpen) batch_ = Batch::kFailed;
  }

  // Something has been changed since Begin.
  bool has_changed() const { return sqlite3_total_changes64(handle_) != changes_before_; }

  int64_t rows_changed() const { return sqlite3_changes64(handle_); }
  // Length of the write-ahead log after the last commit, in pages; 0 after a checkpoint.
  int64_t log_pages() const { return log_pages_; }
  // SQLite has found the file damaged. Its log is then left as it is when this is closed.
  bool is_damaged() const { return is_damaged_; }
  // Whether any call has failed since the last time.
  bool TakeFailure() { return std::exchange(has_failed_, false); }
  // The disk was full since the last checkpoint.
  bool is_full() const { return is_full_; }
  // Copies the log into the database; the next commit begins it anew, in the space that it has already.
  Result<void> Checkpoint();

 private:
  explicit Connection(std::string path) : path_(std::move(path)) {}
  Result<void> OpenHandle();
  // SQLite ends a transaction by itself after some errors (full disk).
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

  enum class Batch { kNone, kOpen, kFailed };

  std::string path_;
  sqlite3* handle_ = nullptr;
  int64_t log_pages_ = 0;
  bool has_failed_ = false;
  bool is_full_ = false;
  bool is_damaged_ = false;
  Batch batch_ = Batch::kNone;
  int64_t changes_before_ = 0;  // the open batch
};

}  // namespace outpost::queue
