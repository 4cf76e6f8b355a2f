// A time in which a relay takes none of our mail, from the first failure to the first connection that stands, whatever
// circuits were opened, probed and reset meanwhile; and what the administrator is told of it. Pure; times are wall
// clock, and the words of a state that outlives a restart are the queue's (queue::Destination).
//
// Told by mail once when it has begun and once when it is over. Where the notice itself would have to leave through the
// relay that is stopped, it could only arrive when all is over: then there is one, which tells both.
//   an account's fault  at once: somebody has to mend something
//   a path's fault      once it has lasted: what is over soon needs nobody
//   no network          only when it is over, after a day or more, and if mail has waited: a laptop's nights are none
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "lib/mail/verdict.h"
#include "lib/queue/queue.h"
#include "queue-runner/waiting_notices.h"

namespace outpost::queue_runner {

class Outage {
 public:
  static constexpr Microseconds kLongOffline = std::chrono::hours(24);

  bool is_on() const { return on_; }
  // An account's fault was part of it: its mail never grows too old by it.
  bool was_accounts() const { return on_ && account_; }
  Microseconds since() const { return since_; }
  const mail::Deferred& reason() const { return reason_; }

  // It begins, or goes on for this reason. `offline`: for want of a network; `session`: what was said, which the notice
  // shows; that alone does not outlive a restart.
  void GoOn(const mail::Deferred& why, bool offline, Microseconds now,
            const std::vector<std::string>& session = {});
  // The mail that tells of its beginning, once, when it is time; `has_other_way`: it would not wait for this relay.
  std::optional<AdministratorNotice> TellOfBeginning(const std::string& relay, bool has_other_way,
                                                     Microseconds worth_telling, Microseconds now);
  // It is over. The mail that tells so, if it is worth one; `waiting`: messages in the queue.
  std::optional<AdministratorNotice> End(const std::string& relay, uint64_t waiting, Microseconds worth_telling,
                                         Microseconds now);

  // For the queue: `circuit`, `since` and `last_error` of `remembered`.
  void Save(queue::Destination& remembered) const;
  // As it was saved; not on where nothing is.
  static Outage Restore(const queue::Destination& remembered);

 private:
  bool on_ = false;
  bool account_ = false;
  bool offline_ = false;  // for want of a network alone, all the time
  bool told_ = false;
  Microseconds since_{};
  mail::Deferred reason_;
  std::string transcript_;  // of the session that came to this reason
};

// "3 days 4 hours", "1 hour", "12 minutes", "40 seconds": the two largest units, of what is not negative.
std::string FormatDuration(Microseconds time);

}  // namespace outpost::queue_runner
