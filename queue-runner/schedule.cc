#include "queue-runner/schedule.h"

#include <algorithm>

namespace outpost::queue_runner {

Microseconds LongestBackoff(const ScheduleRules& rules) {
  return std::max(rules.maximal_backoff_time, rules.minimal_backoff_time);
}

Microseconds NextAttempt(const Attempt& attempt, const ScheduleRules& rules) {
  const Microseconds shortest = rules.minimal_backoff_time;
  return attempt.now + std::clamp(attempt.age, shortest, LongestBackoff(rules));
}

bool HasExpired(const Attempt& attempt, const ScheduleRules& rules) {
  const Microseconds lifetime = attempt.null_sender ? rules.bounce_queue_lifetime : rules.maximal_queue_lifetime;
  return !attempt.ageless && attempt.age >= lifetime;
}

Decision Decide(const mail::Verdict& verdict, const Attempt& attempt, const ScheduleRules& rules) {
  if (std::holds_alternative<mail::Delivered>(verdict)) return {Next::kSent, {}};
  if (std::holds_alternative<mail::Returned>(verdict)) return {Next::kReturn, {}};
  switch (std::get<mail::Deferred>(verdict).fault) {
    case mail::Fault::kAccount:
      return {Next::kWaitForCircuit, attempt.now};
    case mail::Fault::kSender:
      return {Next::kRetry, NextAttempt(attempt, rules)};
    case mail::Fault::kMessage:
    case mail::Fault::kPath:
      break;
  }
  if (HasExpired(attempt, rules)) return {Next::kExpire, {}};
  return {Next::kRetry, NextAttempt(attempt, rules)};
}

}  // namespace outpost::queue_runner
