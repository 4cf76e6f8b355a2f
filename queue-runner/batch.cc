#include "queue-runner/batch.h"

#include <cerrno>
#include <iterator>
#include <utility>

#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

// After so many changes running that fail alone, it is not them.
constexpr int kFailuresInARow = 3;

// It is wrong in itself, or what it was to change is not as it should be: the queue's state says nothing to that, and no
// waiting helps.
bool IsOfTheChange(const sys::Error& error) {
  return error.code() == EINVAL || error.code() == EBADMSG || error.code() == ENOENT || error.code() == EFBIG;
}

}  // namespace

sys::Result<void> Batch::ApplyAdded() {
  if (added_.empty()) return {};
  if (!queue_.in_batch()) {
    if (auto begun = queue_.Begin(); !begun) return begun;
  }
  const auto fresh = std::exchange(added_, {});
  const size_t first = applied_.size();
  applied_.insert(applied_.end(), std::make_move_iterator(fresh.begin()), std::make_move_iterator(fresh.end()));
  for (size_t i = first; i < applied_.size(); ++i) {
    if (auto done = applied_[i].apply(); !done) return done;
  }
  return {};
}

bool Batch::Apply() {
  if (auto applied = ApplyAdded(); !applied) {
    SettleOneByOne(applied.error());
    return false;
  }
  return true;
}

bool Batch::Commit() {
  if (!Apply()) return false;
  if (!queue_.in_batch()) return true;
  if (auto committed = CommitQueue(); !committed) {
    SettleOneByOne(committed.error());
    return false;
  }
  for (const auto& change : std::exchange(applied_, {})) change.committed();
  return true;
}

void Batch::SettleOneByOne(const sys::Error& error) {
  if (queue_.in_batch()) queue_.Rollback();
  auto changes = std::exchange(applied_, {});
  auto rest = std::exchange(added_, {});
  changes.insert(changes.end(), std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
  sys::Error last = error;
  int failures = changes.size() == 1 ? kFailuresInARow : 0;
  for (const auto& change : changes) {
    if (change.alone_if_needed && failures < kFailuresInARow) {
      auto done = CommitAlone(change);
      if (done) {
        failures = 0;
        change.committed();
        continue;
      }
      last = done.error();
      if (!IsOfTheChange(last)) ++failures;
    }
    if (!IsOfTheChange(last)) Fail(last);
    change.failed(last);
  }
}

sys::Result<void> Batch::CommitAlone(const Change& change) {
  if (auto begun = queue_.Begin(); !begun) return begun;
  auto done = change.apply();
  if (done) done = CommitQueue();
  if (!done && queue_.in_batch()) queue_.Rollback();
  return done;
}

// A commit of nothing goes well on the worst of disks.
sys::Result<void> Batch::CommitQueue() {
  const bool shows_something = queue_.has_changed();
  auto committed = queue_.Commit();
  if (committed && shows_something) Succeed();
  return committed;
}

void Batch::Succeed() {
  in_trouble_ = false;
  if (std::exchange(trouble_, "").empty()) return;
  log_.Info("the queue takes changes again");
}

void Batch::Fail(const sys::Error& error) {
  in_trouble_ = true;
  if (!std::exchange(trouble_, error.text()).empty()) return;
  log_.Error(sys::Cat("cannot change the queue: ", error.text(),
                      "; new mail is refused for now and nothing is dispatched until it can be"));
}

}  // namespace outpost::queue_runner
