// How many connections a destination may have: its window, by Postfix's feedback (its SCHEDULER_README). Pure over
// times of the monotonic clock.
//
// Each message dealt with, whatever the answer, adds the positive feedback; each whole one gathered widens the window by
// one, up to the limit and not far beyond the connections in use. A connection that fails takes the negative feedback
// away, at once. Each failure is also a part of the cohort that stood with it: whole cohorts in a row, without a good word
// between them, tell that the destination is dead (what follows from it is the circuit's).
//
// One thing is ours: a connection that fails while others stand (a relay that limits them answers so) narrows the window
// to about those, and it does not grow again for a while. By Postfix's rule alone each delivery would provoke the relay
// anew.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "conf/value_types.h"
#include "lib/sys/clock.h"

namespace outpost::queue_runner {

using sys::Microseconds;

using conf::Feedback;

struct WindowRules {
  size_t initial = 5;
  size_t limit = 20;
  Feedback positive;
  Feedback negative;
  size_t failed_cohort_limit = 1;  // 0: never dead
  std::chrono::seconds growth_pause{300};
};

class Window {
 public:
  explicit Window(const WindowRules& rules);

  // Connections that it may have.
  size_t width() const { return width_; }
  // A connection stands: greeting, TLS and login went well.
  void OnConnected() { failed_cohorts_ = 0; }
  // A message was dealt with, while `busy` connections had work.
  void OnDelivery(size_t busy, Microseconds now);
  // A connection failed while `standing` others stood. True: the destination is dead.
  bool OnFailure(size_t standing, Microseconds now);
  // For destination_concurrency_feedback_debug: "concurrency 6, success 0.25, failure 0.00, failed cohorts 0.00".
  std::string Describe() const;
  // As at first: it takes mail again after it was dead.
  void Reset();

 private:
  WindowRules rules_;
  size_t width_;
  double gained_ = 0;  // towards one more
  double lost_ = 0;    // what of a narrowing that was made at once is not used up
  double failed_cohorts_ = 0;
  Microseconds no_growth_before_{};
};

}  // namespace outpost::queue_runner
