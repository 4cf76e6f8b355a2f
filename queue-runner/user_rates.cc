#include "queue-runner/user_rates.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace outpost::queue_runner {
namespace {

double After(double used, Microseconds passed, const RateRules& rules) {
  const double back = static_cast<double>(rules.limit) * static_cast<double>(passed.count()) /
                      static_cast<double>(std::max<int64_t>(rules.unit.count(), 1));
  return std::max(used - std::max(back, 0.0), 0.0);
}

// Up to which the surplus may use the limit.
double Half(const RateRules& rules) {
  const uint64_t half = (rules.limit + 1) / 2;  // of a limit of 1, all
  return static_cast<double>(half);
}

}  // namespace

UserRates::Usage& UserRates::UsageOf(uint32_t uid, const RateRules& rules, Microseconds now) {
  if (users_.size() >= kMaxUsers && !users_.contains(uid)) MakeRoom(rules, now);
  Usage& usage = users_.try_emplace(uid, Usage{0, now}).first->second;
  usage.used = After(usage.used, now - usage.since, rules);
  usage.since = now;
  return usage;
}

// Seldom: half of them go at once.
void UserRates::MakeRoom(const RateRules& rules, Microseconds now) {
  std::vector<double> used;
  for (const auto& [uid, usage] : users_) used.push_back(After(usage.used, now - usage.since, rules));
  const auto middle = used.begin() + static_cast<ptrdiff_t>(used.size() / 2);
  std::nth_element(used.begin(), middle, used.end());
  std::erase_if(users_,
                [&](const auto& one) { return After(one.second.used, now - one.second.since, rules) <= *middle; });
}

bool UserRates::Take(uint32_t uid, const RateRules& rules, Microseconds now) {
  if (rules.limit == 0) return true;
  Usage& usage = UsageOf(uid, rules, now);
  if (usage.used + 1 > static_cast<double>(rules.limit)) return false;
  usage.used += 1;
  return true;
}

uint64_t UserRates::TakeSurplus(uint32_t uid, uint64_t wanted, const RateRules& rules, Microseconds now) {
  if (rules.limit == 0) return wanted;
  Usage& usage = UsageOf(uid, rules, now);
  // A timer may end a hair too early.
  constexpr double kHair = 1e-3;
  const double free = std::floor(std::max(Half(rules) - usage.used + kHair, 0.0));
  const uint64_t taken = std::min(wanted, static_cast<uint64_t>(free));
  usage.used += static_cast<double>(taken);
  return taken;
}

Microseconds UserRates::NextSurplus(uint32_t uid, const RateRules& rules, Microseconds now) {
  if (rules.limit == 0) return now;
  const double over = std::max(UsageOf(uid, rules, now).used + 1 - Half(rules), 0.0);
  const double wait = over * static_cast<double>(rules.unit.count()) / static_cast<double>(rules.limit);
  return now + Microseconds(static_cast<int64_t>(std::ceil(wait)));
}

}  // namespace outpost::queue_runner
