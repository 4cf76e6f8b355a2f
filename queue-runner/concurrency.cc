#include "queue-runner/concurrency.h"

#include <algorithm>

namespace outpost::queue_runner {

Concurrency::Concurrency(const ConcurrencyRules& rules) : rules_(rules) {
  rules_.limit = std::max<size_t>(rules_.limit, 1);
  rules_.initial = std::clamp<size_t>(rules_.initial, 1, rules_.limit);
  rules_.shortest_probe_interval = std::max(rules_.shortest_probe_interval, std::chrono::seconds(1));
  rules_.longest_probe_interval = std::max(rules_.longest_probe_interval, rules_.shortest_probe_interval);
  window_ = rules_.initial;
}

size_t Concurrency::Allowed(Microseconds now) const {
  if (!open_) return window_;
  if (offline_) return 0;
  return probing_ || now >= next_probe_ ? 1 : 0;
}

void Concurrency::OnConnected() {
  if (open_ && !opened_by_cuts_) CloseCircuit();
}

void Concurrency::CloseCircuit() {
  open_ = opened_by_cuts_ = probing_ = offline_ = false;
  interval_ = {};
  window_ = rules_.initial;
  gain_ = 0;
}

bool Concurrency::OnCut(const mail::Deferred& why, Microseconds now) {
  if (!open_ && ++cuts_in_a_row_ < rules_.initial) return false;
  cuts_in_a_row_ = 0;
  opened_by_cuts_ = opened_by_cuts_ || !open_;
  return OnFailure(why, 0, now);
}

void Concurrency::Resume(const mail::Deferred& why, Microseconds since, Microseconds now) {
  open_ = true;
  reason_ = why;
  since_ = since;
  next_probe_ = now;
}

void Concurrency::OnOffline(const mail::Deferred& why, Microseconds now) {
  if (offline_) return;
  offline_ = true;
  if (open_) return;
  open_ = true;
  reason_ = why;
  since_ = now;
}

// What the account's owner must mend is not mended by a network.
void Concurrency::OnNewWay(Microseconds now) {
  offline_ = false;
  if (!open_ || reason_.fault == mail::Fault::kAccount) return;
  interval_ = {};
  next_probe_ = now;
}

void Concurrency::OnOrder(Microseconds now) {
  if (!open_) return;
  interval_ = {};
  next_probe_ = now;
}

void Concurrency::OnDelivery(Microseconds now) {
  cuts_in_a_row_ = 0;
  if (opened_by_cuts_) CloseCircuit();
  if (open_ || window_ >= rules_.limit || now < no_growth_before_) return;
  gain_ += 1.0 / static_cast<double>(window_);
  if (gain_ < 1.0) return;
  gain_ -= 1.0;
  ++window_;
}

bool Concurrency::OnFailure(const mail::Deferred& why, size_t standing, Microseconds now) {
  if (why.fault != mail::Fault::kAccount && standing > 0) {
    window_ = std::clamp<size_t>(standing, 1, window_);
    gain_ = 0;
    no_growth_before_ = now + rules_.shortest_probe_interval;
    return false;
  }
  if (offline_) {
    probing_ = false;
    return true;
  }
  if (open_ && !probing_) return true;  // another connection of the same failed round
  if (!open_) since_ = now;
  open_ = true;
  probing_ = false;
  reason_ = why;
  interval_ =
      std::clamp<Microseconds>(interval_ * 2, rules_.shortest_probe_interval, rules_.longest_probe_interval);
  next_probe_ = now + interval_;
  return true;
}

}  // namespace outpost::queue_runner
