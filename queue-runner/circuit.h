// A destination's circuit: while it is open it stops all its mail, without an attempt a message. Pure over times of the
// monotonic clock.
//
// Opened by an account fault, by a path fault of a destination that its window declares dead, and by connections that
// are lost amid messages many times in a row. While it is open nothing is tried but one probe (one connection, one
// message) when its time has come; each failed probe doubles the interval, from minimal to maximal back-off (trouble of
// our own programs: transport_retry_time, always). A connection that stands closes it; where connections that stood were
// lost, only a message dealt with does.
// Offline: without a way to the relay nothing is tried, nothing counts as a failure and no interval grows. When there
// is a way again the first connection is a probe, at once; a circuit that the network had opened is probed as well.
#pragma once

#include <chrono>
#include <cstddef>

#include "lib/mail/verdict.h"
#include "lib/sys/clock.h"

namespace outpost::queue_runner {

using sys::Microseconds;

struct CircuitRules {
  std::chrono::seconds shortest_probe_interval{300};
  std::chrono::seconds longest_probe_interval{4000};
  std::chrono::seconds own_trouble_interval{60};
  size_t cuts_to_open = 5;  // in a row; 0: never
};

class Circuit {
 public:
  explicit Circuit(const CircuitRules& rules);

  // An open one's probe under way included.
  bool is_open() const { return open_; }
  bool is_offline() const { return offline_; }
  // Whether an open one lets one connection through: for a probe that is due or under way.
  bool MayProbe(Microseconds now) const { return !offline_ && (probing_ || now >= next_probe_); }
  // Why it is open, since when, and when to ask MayProbe() again; only while open.
  const mail::Deferred& reason() const { return reason_; }
  Microseconds open_since() const { return since_; }
  Microseconds next_probe() const { return next_probe_; }

  // A probe has been started; until its result there is none other.
  void OnProbe() { probing_ = true; }
  // The probe ended without a word on the destination (there was no mail for it, or it was taken back).
  void OnProbeDropped() { probing_ = false; }
  // A connection stands: greeting, TLS and login went well.
  void OnConnected();
  // A message was dealt with, whatever became of it.
  void OnDelivery();
  // The destination cannot take mail: opens it, or keeps it open.
  void OnFailure(const mail::Deferred& why, Microseconds now);
  // The same, said to a message: that connections stand proves nothing.
  void OnFailureAmidMail(const mail::Deferred& why, Microseconds now);
  // The same, by a program of ours.
  void OnOwnTrouble(const mail::Deferred& why, Microseconds now);
  // A connection that stood was lost while it dealt with a message. That is the message's own trouble, until as many
  // in a row as `cuts_to_open` tell otherwise. True when this opened it, or kept it open.
  bool OnCut(const mail::Deferred& why, Microseconds now);
  // It was open when a runner before this one ended: one probe, at once, before anything else.
  void Resume(const mail::Deferred& why, Microseconds since, Microseconds now);
  // There is no way to the relay: `why` is shown, unless there is another reason already.
  void OnOffline(const mail::Deferred& why, Microseconds now);
  // There is a way, after none or after another one.
  void OnNewWay(Microseconds now);
  // A person wants it tried: an open one's probe is due, and its intervals begin anew.
  void OnOrder(Microseconds now);

 private:
  void Close();
  void Open(const mail::Deferred& why, Microseconds interval, Microseconds now);

  CircuitRules rules_;
  size_t cuts_in_a_row_ = 0;
  bool open_ = false;
  bool needs_delivery_ = false;  // to close: connections stood while it was opened
  bool probing_ = false;
  bool offline_ = false;
  Microseconds interval_{};
  Microseconds next_probe_{};
  Microseconds since_{};
  mail::Deferred reason_;
};

}  // namespace outpost::queue_runner
