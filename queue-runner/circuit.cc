#include "queue-runner/circuit.h"

#include <algorithm>

namespace outpost::queue_runner {
namespace {

constexpr mail::EnhancedStatus kCertificate{4, 7, 5};  // as smtp-client's table of faults has it

}  // namespace

Circuit::Circuit(const CircuitRules& rules) : rules_(rules) {
  constexpr std::chrono::seconds kShortest(1);
  rules_.shortest_probe_interval = std::max(rules_.shortest_probe_interval, kShortest);
  rules_.longest_probe_interval = std::max(rules_.longest_probe_interval, rules_.shortest_probe_interval);
  rules_.own_trouble_interval = std::max(rules_.own_trouble_interval, kShortest);
}

void Circuit::OnConnected() {
  if (open_ && !needs_delivery_) Close();
}

void Circuit::OnDelivery() {
  cuts_in_a_row_ = 0;
  if (needs_delivery_) Close();
}

void Circuit::Close() {
  open_ = needs_delivery_ = probing_ = offline_ = false;
  interval_ = {};
}

void Circuit::OnFailure(const mail::Deferred& why, Microseconds now) {
  const auto interval =
      std::clamp<Microseconds>(interval_ * 2, rules_.shortest_probe_interval, rules_.longest_probe_interval);
  Open(why, interval, now);
}

void Circuit::OnFailureAmidMail(const mail::Deferred& why, Microseconds now) {
  needs_delivery_ = true;
  OnFailure(why, now);
}

void Circuit::OnOwnTrouble(const mail::Deferred& why, Microseconds now) {
  Open(why, rules_.own_trouble_interval, now);
}

void Circuit::Open(const mail::Deferred& why, Microseconds interval, Microseconds now) {
  if (offline_) {
    probing_ = false;
    return;
  }
  if (open_ && !probing_) return;  // another connection of the same failed round
  if (!open_) since_ = now;
  open_ = true;
  probing_ = false;
  reason_ = why;
  interval_ = interval;
  next_probe_ = now + interval;
}

bool Circuit::OnCut(const mail::Deferred& why, Microseconds now) {
  if (!open_ && (rules_.cuts_to_open == 0 || ++cuts_in_a_row_ < rules_.cuts_to_open)) return false;
  cuts_in_a_row_ = 0;
  needs_delivery_ = needs_delivery_ || !open_;
  OnFailure(why, now);
  return true;
}

void Circuit::Resume(const mail::Deferred& why, Microseconds since, Microseconds now) {
  open_ = true;
  reason_ = why;
  since_ = since;
  next_probe_ = now;
}

void Circuit::OnOffline(const mail::Deferred& why, Microseconds now) {
  if (offline_) return;
  offline_ = true;
  if (open_) return;
  open_ = true;
  reason_ = why;
  since_ = now;
}

// What the account's owner must mend is not mended by a network.
// A login that was refused is not tried again because the network is another: that could lock the account. Who shows a
// certificate may be another there.
void Circuit::OnNewWay(Microseconds now) {
  offline_ = false;
  const bool login = reason_.fault == mail::Fault::kAccount && reason_.status != kCertificate;
  if (!open_ || login) return;
  interval_ = {};
  next_probe_ = now;
}

void Circuit::OnOrder(Microseconds now) {
  if (!open_) return;
  interval_ = {};
  next_probe_ = now;
}

}  // namespace outpost::queue_runner
