#include "lib/sys/clock_watch.h"

#include <limits>
#include <sys/timerfd.h>
#include <unistd.h>

namespace outpost::sys {

ClockReading ClockReading::Now() { return {WallClock(), MonotonicClock(), BootClock()}; }

ClockChange Between(const ClockReading& before, const ClockReading& after) {
  const Microseconds passed = after.boot - before.boot;
  return {after.wall - before.wall - passed, passed - (after.monotonic - before.monotonic)};
}

Result<ClockWatch> ClockWatch::Make() {
  UniqueFd timer(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer) return Error::FromErrno("make a timer descriptor");
  return ClockWatch(std::move(timer));
}

// A timer that never ends but is cancelled when the wall clock's distance to the monotonic one changes: by a setting,
// or by a sleep (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
Result<void> ClockWatch::Arm() {
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<int32_t>::max() * int64_t{16};
  const int armed = timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
  if (armed != 0 && errno != ECANCELED) return Error::FromErrno("watch the clock");
  last_ = ClockReading::Now();
  return {};
}

Result<void> ClockWatch::Start(EventLoop& loop, std::function<void(const ClockChange&)> on_change) {
  on_change_ = std::move(on_change);
  if (auto armed = Arm(); !armed) return armed;
  auto watch = loop.Watch(timer_, [this] { OnTimer(); });
  return watch ? Result<void>() : watch.error();
}

void ClockWatch::OnTimer() {
  uint64_t count = 0;
  (void)!read(timer_.get(), &count, sizeof count);
  const ClockChange change = Between(last_, ClockReading::Now());
  (void)Arm();
  on_change_(change);
}

}  // namespace outpost::sys
