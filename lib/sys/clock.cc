#include "lib/sys/clock.h"

#include <ctime>

namespace outpost::sys {
namespace {

Microseconds Read(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::chrono::duration_cast<Microseconds>(std::chrono::seconds(now.tv_sec) +
                                                  std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

Microseconds WallClock() { return Read(CLOCK_REALTIME); }
Microseconds MonotonicClock() { return Read(CLOCK_MONOTONIC); }
Microseconds BootClock() { return Read(CLOCK_BOOTTIME); }

}  // namespace outpost::sys
