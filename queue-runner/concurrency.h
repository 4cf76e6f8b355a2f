// How much a destination gets at once: its window of connections, and its circuit, which stops all its mail while it
// cannot take any. Pure over times of the monotonic clock.
//
// Window: Postfix's feedback in its simple form, 1/concurrency: as many good deliveries as the window is wide widen
// it by one connection, up to the limit. A connection that fails while others stand narrows it to those, and it does
// not grow again for a back-off time (servers that limit connections answer so).
// Circuit: opened by an account fault, and by a path fault when no other connection stands. While it is open
// nothing is tried but one probe (one connection, one message) when its time has come; each failed probe doubles the
// interval, from minimal to maximal back-off. A connection that stands closes it; where connections that stood were
// lost, only a message dealt with does.
// Offline: without a way to the relay nothing is tried, nothing counts as a failure and no interval grows. When there
// is a way again the first connection is a probe, at once; a circuit that the network had opened is probed as well.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "lib/mail/verdict.h"
#include "lib/sys/clock.h"

namespace outpost::queue_runner {

using sys::Microseconds;

struct ConcurrencyRules {
  size_t initial = 5;
  size_t limit = 20;
  std::chrono::seconds shortest_probe_interval{300};
  std::chrono::seconds longest_probe_interval{4000};
};

class Concurrency {
 public:
  explicit Concurrency(const ConcurrencyRules& rules);

  // Connections that it may have now: the window; 1 for a probe that is due or under way; 0 while it is stopped.
  size_t Allowed(Microseconds now) const;
  // Whether the circuit is open (a probe under way included).
  bool is_open() const { return open_; }
  // When to ask Allowed() again; only while open.
  Microseconds next_probe() const { return next_probe_; }
  // Why it is open.
  const mail::Deferred& reason() const { return reason_; }
  Microseconds open_since() const { return since_; }

  // A probe has been started; until its result there is none other.
  void OnProbe() { probing_ = true; }
  // A connection stands: greeting, TLS and login went well.
  void OnConnected();
  // A message was dealt with, whatever became of it.
  void OnDelivery(Microseconds now);
  // A connection failed while `standing` others stood. True when this opened the circuit, or kept it open.
  bool OnFailure(const mail::Deferred& why, size_t standing, Microseconds now);
  // A connection that stood was lost while it dealt with a message. That is the message's own trouble, until as many
  // in a row as the first window is wide tell otherwise. True when this opened the circuit, or kept it open.
  bool OnCut(const mail::Deferred& why, Microseconds now);
  // It was open when a runner before this one ended: one probe, at once, before anything else.
  void Resume(const mail::Deferred& why, Microseconds since, Microseconds now);
  // There is no way to the relay: `why` is shown, unless there is another reason already.
  void OnOffline(const mail::Deferred& why, Microseconds now);
  // There is a way, after none or after another one.
  void OnNewWay(Microseconds now);
  // A person wants it tried: an open circuit's probe is due, and its intervals begin anew.
  void OnOrder(Microseconds now);
  bool is_offline() const { return offline_; }
  // The probe ended without a word on the destination (there was no mail for it, or it was taken back).
  void OnProbeDropped() { probing_ = false; }

 private:
  void CloseCircuit();

  ConcurrencyRules rules_;
  size_t window_;
  double gain_ = 0;  // of feedback, a connection more at 1
  Microseconds no_growth_before_{};
  size_t cuts_in_a_row_ = 0;
  bool open_ = false;
  bool opened_by_cuts_ = false;
  bool probing_ = false;
  bool offline_ = false;
  Microseconds interval_{};
  Microseconds next_probe_{};
  Microseconds since_{};
  mail::Deferred reason_;
};

}  // namespace outpost::queue_runner
