// What one round of events changes in the queue, in one transaction: many changes, one sync.
//
// A change is a function that may be run again after a rollback, and what to do when it is on stable storage, or is
// not and will not be. When a batch fails, its changes are committed one by one, so that one bad message refuses no
// other; when that fails a few times running, the disk is the reason and the rest fail at once; a change that is wrong in itself fails alone. Trouble is logged when it
// begins and when it ends, not for each change.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/queue/queue.h"
#include "lib/sys/log.h"

namespace outpost::queue_runner {

class Batch {
 public:
  struct Change {
    std::function<sys::Result<void>()> apply;
    std::function<void()> committed;
    std::function<void(const sys::Error&)> failed;
    bool alone_if_needed = true;  // worth a commit of its own when the batch fails
  };

  Batch(queue::Queue& queue, const sys::Log& log) : queue_(queue), log_(log) {}

  void Add(Change change) { added_.push_back(std::move(change)); }
  // Applies what has been added, and leaves the transaction open for more. False when that failed: then everything
  // has been settled one way or the other.
  bool Apply();
  // Applies the rest, commits, tells everybody. True when nothing failed.
  bool Commit();
  bool has_changes() const { return !added_.empty(); }
  // Whatever the reason was, it may be over: the next commit will tell.
  void TryAgain() { in_trouble_ = false; }
  // The last commit failed: keep what can be kept in memory, begin nothing new.
  bool in_trouble() const { return in_trouble_; }
  // Why the last one failed, "" from the next good one on.
  const std::string& trouble() const { return trouble_; }

 private:
  sys::Result<void> ApplyAdded();
  void SettleOneByOne(const sys::Error& error);
  sys::Result<void> CommitAlone(const Change& change);
  sys::Result<void> CommitQueue();
  void Succeed();
  void Fail(const sys::Error& error);

  queue::Queue& queue_;
  const sys::Log& log_;
  std::vector<Change> added_;    // not yet applied
  std::vector<Change> applied_;  // in the open transaction
  bool in_trouble_ = false;
  std::string trouble_;
};

}  // namespace outpost::queue_runner
