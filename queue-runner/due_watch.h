// When which destination has something due: one timer for the next recipient that becomes due, however many wait, and a
// walk over the destinations of all that waits when it fires, a step a round.
#pragma once

#include <functional>
#include <optional>

#include "queue-runner/context.h"
#include "queue-runner/pace.h"

namespace outpost::queue_runner {

class DueWatch {
 public:
  struct Listener {
    std::function<void(const queue::Route&)> due;
    // Whether it can take more of them for now: the walk goes on when it can.
    std::function<bool()> has_place;
    // Something is to be tried later than anything is put off: the wall clock was ahead when that was written.
    std::function<void()> clock_was_ahead;
  };
  // `once`: what is not due when looked at is not waited for.
  DueWatch(Context& context, bool once, Listener listener);
  ~DueWatch();
  DueWatch(const DueWatch&) = delete;
  DueWatch& operator=(const DueWatch&) = delete;

  // Something that the queue holds may be due and nobody has told of it.
  void LookAgain();
  void NoteAt(Microseconds time);
  // Once a round.
  void Step();
  bool is_looking() const { return asked_ || is_walking(); }
  bool is_walking() const { return place_.has_value(); }

 private:
  bool Begin();
  void Arm();
  void End();

  Context& context_;
  bool once_;
  Listener listener_;
  Pace pace_;
  bool asked_ = false;
  std::optional<queue::DuePlace> place_;  // of the walk
  Microseconds walk_began_{};             // wall clock
  std::optional<Microseconds> next_due_;  // wall clock
  Microseconds last_due_{};               // wall clock: of what the walk has seen
  sys::EventLoop::TimerId timer_ = 0;
};

}  // namespace outpost::queue_runner
