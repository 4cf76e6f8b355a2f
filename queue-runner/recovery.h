// What a runner finds of the one before it: workers that may still be alive, recipients that were with them, large
// content on its way.
//
// agents.lock: each delivery process holds a read lock on it. They end when their channel closes, and the runner's
// death closed it; still, before anything is dispatched again the runner must get the write lock. It waits
// kPatience for it, then ends whoever holds it, by pidfd. Then what had been dispatched is in doubt: its content may
// have been taken.
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>

#include "queue-runner/context.h"

namespace outpost::queue_runner {

class Recovery {
 public:
  static constexpr Microseconds kPatience = std::chrono::seconds(10);

  // `done` is called once, in a round, when mail may be dispatched.
  Recovery(Context& context, std::function<void()> done);
  ~Recovery();
  void Start();
  // The same, once more: all that is dispatched is of no process that is known.
  void StartAgain();
  // Before the round's changes are applied: the next piece of what was in flight.
  void Contribute();

 private:
  void TryLock();
  void EndHolder(pid_t holder);
  void MakeInDoubt();

  Context& context_;
  std::function<void()> done_;
  sys::EventLoop::TimerId timer_ = 0;
  Microseconds started_{};
  pid_t ended_ = -1;  // who was told to end
  bool locked_ = false;
  bool under_way_ = false;
  bool finished_ = false;
};

// Removes what is left of large content on its way.
void SweepTemporary(const std::string& directory);

}  // namespace outpost::queue_runner
