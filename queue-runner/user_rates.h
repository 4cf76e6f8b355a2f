// How many messages each user may submit in a time (submit_rate_limit): what is used of it, by uid, in memory alone. Pure;
// times are the caller's, monotonic.
//
// A user may use the whole limit at once; what is used comes back at an even pace. What was held as surplus leaves while
// no more than half is used: so that the user's new mail does not stand behind it.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "lib/sys/clock.h"

namespace outpost::queue_runner {

using sys::Microseconds;

struct RateRules {
  uint64_t limit = 0;  // messages in the unit; 0: no limit
  Microseconds unit = std::chrono::hours(1);
};

class UserRates {
 public:
  // Users remembered. Where there are more, those who used least are forgotten first.
  static constexpr size_t kMaxUsers = 10000;

  // One more submission: whether it is within the limit. What is not uses nothing of it.
  bool Take(uint32_t uid, const RateRules& rules, Microseconds now);
  // How much of the surplus may leave now, at most `wanted`; it is taken for used.
  uint64_t TakeSurplus(uint32_t uid, uint64_t wanted, const RateRules& rules, Microseconds now);
  // When that gives something again.
  Microseconds NextSurplus(uint32_t uid, const RateRules& rules, Microseconds now);

 private:
  struct Usage {
    double used = 0;  // messages
    Microseconds since{};
  };
  Usage& UsageOf(uint32_t uid, const RateRules& rules, Microseconds now);
  void MakeRoom(const RateRules& rules, Microseconds now);

  std::unordered_map<uint32_t, Usage> users_;
};

}  // namespace outpost::queue_runner
