// Warns senders whose messages have waited for delay_warning_time, by the waiting clock: once a message, whatever
// happened meanwhile (message.warned is in the queue). Mail behind a relay that cannot be reached is warned of as well,
// though nothing of it is tried. A walk over messages in the order of their age, and one timer for the next.
#pragma once

#include <functional>
#include <string>

#include "queue-runner/reports.h"

namespace outpost::queue_runner {

class DelayWarnings {
 public:
  // `why_waiting` says what stops a route, "" when nothing does.
  DelayWarnings(Context& context, Reports& reports, std::function<std::string(const queue::Route&)> why_waiting,
                std::function<void(const queue::Route&)> due_now)
      : context_(context), reports_(reports), why_waiting_(std::move(why_waiting)), due_now_(std::move(due_now)) {}
  ~DelayWarnings() { context_.loop.Cancel(timer_); }

  // Adds the warnings that are due to the batch. `clock_runs`: messages age now.
  void Contribute(bool clock_runs);
  // delay_warning_time may be another.
  void Reload();

 private:
  void LookForNext();
  void Warn(const queue::QueuedMessage& message);
  sys::Result<queue::Warning> Apply(const queue::QueuedMessage& message, Reports::Told& told);

  Context& context_;
  Reports& reports_;
  std::function<std::string(const queue::Route&)> why_waiting_;
  std::function<void(const queue::Route&)> due_now_;
  queue::AgePlace place_;
  Microseconds next_look_{};  // monotonic
  sys::EventLoop::TimerId timer_ = 0;
};

}  // namespace outpost::queue_runner
