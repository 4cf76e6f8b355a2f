// Work that may take long, done in slices between events: a message of a hundred megabytes must not keep a hundred
// small ones waiting.
#pragma once

#include <deque>
#include <functional>

#include "lib/sys/event_loop.h"

namespace outpost::pickup {

constexpr size_t kSliceBytes = 1024 * 1024;  // about as much as one step may read

class WorkQueue {
 public:
  // `loop` must outlive this.
  explicit WorkQueue(sys::EventLoop& loop) : loop_(loop) {}
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;
  ~WorkQueue() { loop_.Cancel(timer_); }

  // One step of a piece of work; true when it was the last.
  using Step = std::function<bool()>;
  // Takes the first step at once, and, when that was not the last, the others in turn with other work.
  void Add(Step step);
  bool empty() const { return steps_.empty(); }

 private:
  void Schedule();
  void RunOne();

  sys::EventLoop& loop_;
  std::deque<Step> steps_;
  sys::EventLoop::TimerId timer_ = 0;
  bool scheduled_ = false;  // a timer is set, or a step of it runs: one at any time
};

}  // namespace outpost::pickup
