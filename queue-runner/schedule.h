// When a recipient is tried again, and when no more (Postfix's qmgr, sections 14.2 of its rules). Pure over times.
#pragma once

#include <chrono>

#include "lib/mail/verdict.h"
#include "lib/sys/clock.h"

namespace outpost::queue_runner {

using sys::Microseconds;

struct ScheduleRules {
  std::chrono::seconds minimal_backoff_time{300};
  std::chrono::seconds maximal_backoff_time{4000};
  std::chrono::seconds maximal_queue_lifetime{432000};
  std::chrono::seconds bounce_queue_lifetime{432000};
};

struct Attempt {
  Microseconds age{};  // of the message, by the waiting clock
  Microseconds now{};  // wall clock
  bool null_sender = false;
  bool ageless = false;  // it waited for what somebody had to mend: its age returns nothing
};

// What follows from a verdict.
enum class Next {
  kSent,
  kRetry,           // at next_attempt
  kWaitForCircuit,  // due, and stopped until its destination takes mail again; never expires by this
  kReturn,          // refused for good
  kExpire,          // deferred, and too old
};
struct Decision {
  Next next = Next::kRetry;
  Microseconds next_attempt{};
};

// The longest that anything is put off.
Microseconds LongestBackoff(const ScheduleRules& rules);

// The message's age, between minimal and maximal back-off: so waiting times about double.
Microseconds NextAttempt(const Attempt& attempt, const ScheduleRules& rules);

// Past its lifetime. Ask only after a completed attempt: lifetime 0 means one attempt.
bool HasExpired(const Attempt& attempt, const ScheduleRules& rules);

// Faults of the account, and of the sender, neither return nor expire anything.
Decision Decide(const mail::Verdict& verdict, const Attempt& attempt, const ScheduleRules& rules);

}  // namespace outpost::queue_runner
