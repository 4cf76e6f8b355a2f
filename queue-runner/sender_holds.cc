#include "queue-runner/sender_holds.h"

#include <algorithm>
#include <utility>

namespace outpost::queue_runner {

std::optional<SenderHolds::Hold> SenderHolds::MayGo(const std::string& sender, Microseconds shortest,
                                                    Microseconds longest, Microseconds now) {
  const auto it = held_.find(sender);
  if (it == held_.end()) return std::nullopt;
  Held& held = it->second;
  // Further away than any interval: the wall clock was ahead.
  const bool due = now >= held.next_probe || held.next_probe > now + std::max(longest, shortest);
  // While a probe is under way the others wait for its answer, not for the next one.
  if (!due) return Hold{held.probing ? std::min(held.next_probe, now + shortest) : held.next_probe, held.why};
  held.next_probe = now + std::max(held.interval, shortest);
  held.probing = true;
  return std::nullopt;
}

bool SenderHolds::OnRefused(const std::string& sender, const mail::Deferred& why, Microseconds shortest,
                            Microseconds longest, Microseconds now) {
  const auto it = held_.find(sender);
  if (it == held_.end()) {
    if (held_.size() >= kMost) return false;
    held_.emplace(sender, Held{why, shortest, now + shortest, false});
    return true;
  }
  Held& held = it->second;
  held.why = why;
  if (!std::exchange(held.probing, false)) return false;  // another message that was under way
  held.interval = std::clamp(held.interval * 2, shortest, std::max(shortest, longest));
  held.next_probe = now + held.interval;
  return false;
}

void SenderHolds::Probe() {
  for (auto& [sender, held] : held_) {
    held.interval = {};
    held.next_probe = {};
  }
}

}  // namespace outpost::queue_runner
