// Tells that the wall clock was set, or that the machine has slept: what is due may be due at another moment.
#pragma once

#include <functional>

#include "lib/sys/clock.h"
#include "lib/sys/event_loop.h"
#include "lib/sys/unique_fd.h"

namespace outpost::sys {

// The three clocks at one moment.
struct ClockReading {
  Microseconds wall{};
  Microseconds monotonic{};
  Microseconds boot{};

  static ClockReading Now();
};

struct ClockChange {
  Microseconds jumped{};  // of the wall clock; negative: backwards
  Microseconds slept{};
};

// What has happened between two readings beside the passing of time.
ClockChange Between(const ClockReading& before, const ClockReading& after);

class ClockWatch {
 public:
  static Result<ClockWatch> Make();
  // Calls `on_change` after a change. `loop` outlives this, and this stays where it is.
  Result<void> Start(EventLoop& loop, std::function<void(const ClockChange&)> on_change);

 private:
  explicit ClockWatch(UniqueFd timer) : timer_(std::move(timer)) {}
  Result<void> Arm();
  void OnTimer();

  UniqueFd timer_;
  ClockReading last_;
  std::function<void(const ClockChange&)> on_change_;
};

}  // namespace outpost::sys
