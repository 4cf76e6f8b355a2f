// What one user may do to the others: submit_rate_limit and queue_share_limit, by uid, on both ways in. A submission
// beyond a limit is accepted and kept like any other, but held; the oldest of what is held goes into line as soon as
// the limits leave room, by itself. The administrator is told when that begins for a user: by log, status and mail. Root
// is a user like others, since a job that runs away is as often root's; notices are no submissions, and never held.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "queue-runner/context.h"
#include "queue-runner/user_rates.h"

namespace outpost::queue_runner {

class UserLimits {
 public:
  // `released`: something that was held is due now.
  UserLimits(Context& context, std::function<void()> released)
      : context_(context), released_(std::move(released)) {}
  ~UserLimits() { context_.loop.Cancel(timer_); }
  UserLimits(const UserLimits&) = delete;
  UserLimits& operator=(const UserLimits&) = delete;

  // Within a batch, once for a new submission of `uid`: why it is to be held, "" when it is not.
  sys::Result<std::string> Judge(uint32_t uid);
  // A held one has been committed.
  void NoteHeld(uint32_t uid, const std::string& why);
  // Adds to the batch what may be released.
  void Contribute();
  // Lines for people; at most `limit`.
  std::vector<std::string> StatusLines(size_t limit);

 private:
  uint64_t RoomInLine(uint32_t uid);
  void Release(uint32_t uid, uint64_t held, Microseconds now);
  void ArmTimer(Microseconds wait);

  Context& context_;
  std::function<void()> released_;
  UserRates rates_;
  bool has_surplus_ = true;               // of anybody, perhaps
  std::map<uint32_t, std::string> told_;  // of whom, and why; until nothing of theirs is held
  sys::EventLoop::TimerId timer_ = 0;
};

}  // namespace outpost::queue_runner
