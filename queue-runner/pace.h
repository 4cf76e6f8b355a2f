// How often a walk over the whole queue may begin: so seldom that walks take a twentieth of a processor at most, however
// deep the queue is and however often somebody asks. In a small queue that is at once.
#pragma once

#include <algorithm>

#include "lib/sys/clock.h"

namespace outpost::queue_runner {

class Pace {
 public:
  void BeginStep() { step_began_ = sys::MonotonicClock(); }
  void EndStep() { spent_ += std::min<sys::Microseconds>(sys::MonotonicClock() - step_began_, kLongestStep); }
  // The walk has come to its end.
  void EndWalk() {
    not_before_ = sys::MonotonicClock() + 20 * spent_;
    spent_ = {};
  }
  // How long the next one has to wait; zero or less: it may begin.
  sys::Microseconds Wait() const { return not_before_ - sys::MonotonicClock(); }

 private:
  // A step reads a page or two. What takes longer is a disk that hangs, or a program that was stopped: no reason to
  // let mail wait for twenty times as long again.
  static constexpr std::chrono::milliseconds kLongestStep{100};

  sys::Microseconds step_began_{};
  sys::Microseconds spent_{};
  sys::Microseconds not_before_{};  // monotonic
};

}  // namespace outpost::queue_runner
