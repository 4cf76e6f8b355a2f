#include "lib/queue/housekeeping.h"

#include <malloc.h>

namespace outpost::queue {
namespace {

// The log is copied into the database once it is this long (pages of 4 KiB), and at once when it is far longer.
// Longer means fewer copies of pages that change often; content that comes and goes between two is still written.
constexpr int64_t kLogPages = 2048;
constexpr int64_t kLogPagesAtMost = 8192;
// Free pages that are kept for the next messages, and how many go back to the file system in one step.
constexpr int64_t kFreePagesKept = 4096;
constexpr const char* kGiveBack = "PRAGMA incremental_vacuum(256)";

}  // namespace

Housekeeping::Housekeeping(Connection& connection, Batch& batch, Ledger& ledger)
    : connection_(connection), batch_(batch), ledger_(ledger) {}

void Housekeeping::BoundLog() {
  changed_since_last_ = true;
  if (connection_.log_pages() >= kLogPagesAtMost) static_cast<void>(connection_.Checkpoint());
}

Result<bool> Housekeeping::Tidy() {
  if (batch_.is_open() || (!changed_since_last_ && !connection_.is_full())) return false;
  // On a full disk too: a log that begins anew needs no more room than it has, so what frees room can be committed.
  if (connection_.log_pages() >= kLogPages || connection_.is_full()) {
    if (auto copied = connection_.Checkpoint(); !copied) return copied.error();
    return true;
  }
  if (auto more = EraseHidden(); !more || *more) return more;
  if (auto more = GiveBackPages(); !more || *more) return more;
  changed_since_last_ = false;
  return false;
}

// The cache is in small pieces all over the heap, so the heap must be trimmed for the kernel to have them.
void Housekeeping::GiveBackMemory() {
  sqlite3_db_release_memory(connection_.handle());
  malloc_trim(0);
}

Result<bool> Housekeeping::EraseHidden() {
  auto hidden = ledger_.HasHidden();
  if (!hidden || !*hidden) return hidden;
  if (auto erased = batch_.Within([&] { return ledger_.EraseStep(); }); !erased) return erased.error();
  return true;
}

Result<bool> Housekeeping::GiveBackPages() {
  const auto free = connection_.ReadNumber("PRAGMA freelist_count", "tidy");
  if (!free) return free.error();
  if (*free <= kFreePagesKept) return false;
  if (auto given = connection_.Execute(kGiveBack, "tidy"); !given) return given.error();
  return true;
}

}  // namespace outpost::queue
