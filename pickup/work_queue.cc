#include "pickup/work_queue.h"

#include <utility>

namespace outpost::pickup {

void WorkQueue::Add(Step step) {
  if (step()) return;
  steps_.push_back(std::move(step));
  if (!scheduled_) Schedule();
}

void WorkQueue::Schedule() {
  scheduled_ = true;
  timer_ = loop_.After(sys::Microseconds::zero(), [this] { RunOne(); });
}

void WorkQueue::RunOne() {
  Step step = std::move(steps_.front());
  steps_.pop_front();
  const bool done = step();  // which may add work
  if (!done) steps_.push_back(std::move(step));
  scheduled_ = false;
  if (!steps_.empty()) Schedule();
}

}  // namespace outpost::pickup
