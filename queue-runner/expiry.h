// Returns what has reached its lifetime behind destinations that cannot be reached: nobody attempts it, so no verdict
// does.
//
// One walk over old mail serves all destinations, a step a round, so that a million messages that expire together hold up
// nobody; it is made when a destination has failed once more.
#pragma once

#include <functional>
#include <optional>

#include "queue-runner/context.h"
#include "queue-runner/pace.h"
#include "queue-runner/verdicts.h"

namespace outpost::queue_runner {

class Expiry {
 public:
  struct Listener {
    // Why the mail of a route is returned when it has expired; nullptr where it is not.
    std::function<const mail::Deferred*(const queue::Route&)> reason;
    // Some of its mail is returned: what has been read of the queue for it is no longer true.
    std::function<void(const queue::Route&)> returned;
  };
  Expiry(Context& context, Verdicts& verdicts, Listener listener);
  ~Expiry();
  Expiry(const Expiry&) = delete;
  Expiry& operator=(const Expiry&) = delete;

  // A destination has failed.
  void Ask() { asked_ = true; }
  // Once a round: returns a piece.
  void Step();
  bool is_under_way() const { return place_.has_value() || asked_; }

 private:
  bool Begin();
  void Return(const std::vector<queue::QueuedRecipient>& recipients);

  Context& context_;
  Verdicts& verdicts_;
  Listener listener_;
  Pace pace_;
  bool asked_ = false;
  bool notices_ = false;                  // their turn; they have a lifetime of their own
  std::optional<queue::OldPlace> place_;  // of the walk
  sys::EventLoop::TimerId timer_ = 0;
};

}  // namespace outpost::queue_runner
