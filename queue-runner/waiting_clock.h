// The clock by which mail ages (queue::Queue::waiting_clock): it runs while a runner runs, the machine is awake and no
// mail waits for a network. So neither a week offline nor a wall clock that is set makes mail expire. Pure over times of
// the monotonic clock.
#pragma once

#include "lib/sys/clock.h"

namespace outpost::queue_runner {

using sys::Microseconds;

class WaitingClock {
 public:
  // Goes on from `reading`.
  WaitingClock(Microseconds reading, Microseconds now) : reading_(reading), at_(now) {}

  Microseconds Read(Microseconds now) const { return runs_ ? reading_ + (now - at_) : reading_; }
  void Run(bool runs, Microseconds now) {
    reading_ = Read(now);
    at_ = now;
    runs_ = runs;
  }

 private:
  Microseconds reading_;
  Microseconds at_;
  bool runs_ = true;
};

}  // namespace outpost::queue_runner
