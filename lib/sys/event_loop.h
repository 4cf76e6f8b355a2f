// One thread's events: descriptors, timers, signals. Level-triggered epoll.
//
// A callback may add or remove anything, itself included. After each round of callbacks, and before waiting
// again, the function given to OnRound runs: the place to commit what the round has gathered, so that events
// that came together share one sync.
//
// A forked child makes a loop of its own: the kernel's side of this one is shared with the parent.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "lib/sys/clock.h"
#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::sys {

class EventLoop {
 public:
  using Callback = std::function<void()>;
  using WatchId = uint64_t;
  using TimerId = uint64_t;

  static Result<EventLoop> Make();
  EventLoop(EventLoop&&) = default;
  EventLoop& operator=(EventLoop&&) = default;

  // Calls `on_ready` while `fd` is readable or its other end is gone (and, `for_writing`, while it can be
  // written). Unwatch before closing `fd`.
  Result<WatchId> Watch(FdView fd, Callback on_ready, bool for_writing = false);
  void Rewatch(WatchId id, bool for_writing);
  // From here on only while it can be written or is wholly gone: for who answers and does not listen, where bytes that
  // nobody reads, or an end that was closed after the question, would call it over and over.
  void RewatchForWritingAlone(WatchId id);
  void Unwatch(WatchId id);

  // Once, `delay` from now by MonotonicClock. Cancelling what has run is harmless.
  TimerId After(Microseconds delay, Callback on_time);
  void Cancel(TimerId id);

  // Blocks `signals` for the process and calls `on_signal` with each that arrives. Call once.
  Result<void> WatchSignals(const std::vector<int>& signals, std::function<void(int)> on_signal);

  void OnRound(Callback after_round) { after_round_ = std::move(after_round); }

  // Until Stop() is called, or not at all if it was called before; the Error is epoll's.
  Result<void> Run();
  // One round, waiting at most `limit`.
  Result<void> RunOnce(Microseconds limit);
  void Stop() { stopped_ = true; }

 private:
  struct Watched {
    int fd = -1;
    std::shared_ptr<Callback> on_ready;
  };
  explicit EventLoop(UniqueFd epoll) : epoll_(std::move(epoll)) {}
  void SetInterest(WatchId id, uint32_t events);
  void RunTimers();
  Microseconds UntilNextTimer(Microseconds limit) const;

  UniqueFd epoll_;
  UniqueFd signal_fd_;
  std::unordered_map<WatchId, Watched> watched_;
  std::map<std::pair<Microseconds, TimerId>, Callback> timers_;
  std::unordered_map<TimerId, Microseconds> timer_times_;
  uint64_t next_id_ = 1;
  Callback after_round_;
  bool stopped_ = false;
};

}  // namespace outpost::sys
