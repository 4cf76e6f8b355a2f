#include "lib/sys/event_loop.h"

#include <algorithm>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace outpost::sys {
namespace {

constexpr int kEventsARound = 64;
constexpr Microseconds kForever = std::chrono::hours(24);

uint32_t Interest(bool for_writing) { return EPOLLIN | EPOLLRDHUP | (for_writing ? uint32_t{EPOLLOUT} : 0U); }

}  // namespace

Result<EventLoop> EventLoop::Make() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return Error::FromErrno("make an epoll descriptor");
  return EventLoop(std::move(epoll));
}

Result<EventLoop::WatchId> EventLoop::Watch(FdView fd, Callback on_ready, bool for_writing) {
  const WatchId id = next_id_++;
  epoll_event event{};
  event.events = Interest(for_writing);
  event.data.u64 = id;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0) return Error::FromErrno("watch a descriptor");
  watched_.emplace(id, Watched{fd.get(), std::make_shared<Callback>(std::move(on_ready))});
  return id;
}

void EventLoop::Rewatch(WatchId id, bool for_writing) { SetInterest(id, Interest(for_writing)); }

void EventLoop::RewatchForWritingAlone(WatchId id) { SetInterest(id, EPOLLOUT); }

void EventLoop::SetInterest(WatchId id, uint32_t events) {
  const auto it = watched_.find(id);
  if (it == watched_.end()) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, it->second.fd, &event);
}

void EventLoop::Unwatch(WatchId id) {
  const auto it = watched_.find(id);
  if (it == watched_.end()) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, it->second.fd, nullptr);
  watched_.erase(it);
}

EventLoop::TimerId EventLoop::After(Microseconds delay, Callback on_time) {
  const TimerId id = next_id_++;
  const Microseconds when = MonotonicClock() + std::max(delay, Microseconds::zero());
  timers_.emplace(std::pair(when, id), std::move(on_time));
  timer_times_.emplace(id, when);
  return id;
}

void EventLoop::Cancel(TimerId id) {
  const auto it = timer_times_.find(id);
  if (it == timer_times_.end()) return;
  timers_.erase(std::pair(it->second, id));
  timer_times_.erase(it);
}

Result<void> EventLoop::WatchSignals(const std::vector<int>& signals, std::function<void(int)> on_signal) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : signals) sigaddset(&set, number);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return Error::FromErrno("block signals");
  signal_fd_ = UniqueFd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signal_fd_) return Error::FromErrno("make a signalfd");
  const int fd = signal_fd_.get();
  auto watch = Watch(signal_fd_, [fd, on_signal = std::move(on_signal)] {
    signalfd_siginfo info{};
    while (read(fd, &info, sizeof info) == sizeof info) on_signal(static_cast<int>(info.ssi_signo));
  });
  if (!watch) return watch.error();
  return {};
}

Microseconds EventLoop::UntilNextTimer(Microseconds limit) const {
  if (timers_.empty()) return limit;
  return std::clamp(timers_.begin()->first.first - MonotonicClock(), Microseconds::zero(), limit);
}

void EventLoop::RunTimers() {
  const Microseconds now = MonotonicClock();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto node = timers_.extract(timers_.begin());
    timer_times_.erase(node.key().second);
    node.mapped()();
  }
}

Result<void> EventLoop::Run() {
  while (!stopped_) {
    if (auto round = RunOnce(kForever); !round) return round;
  }
  stopped_ = false;
  return {};
}

Result<void> EventLoop::RunOnce(Microseconds limit) {
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(UntilNextTimer(limit));
  epoll_event events[kEventsARound];
  const int count = epoll_wait(epoll_.get(), events, kEventsARound, static_cast<int>(wait.count()));
  if (count < 0 && errno != EINTR) return Error::FromErrno("wait for events");
  for (int i = 0; i < count; ++i) {
    const auto it = watched_.find(events[i].data.u64);
    if (it == watched_.end()) continue;  // unwatched by an earlier callback of this round
    const auto on_ready = it->second.on_ready;
    (*on_ready)();
  }
  RunTimers();
  if (after_round_) after_round_();
  return {};
}

}  // namespace outpost::sys
