// What keeps a destination's mail from leaving, as it is at one moment, and the words for it: of `outpost status`, of
// the queue's listing, of the log. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lib/mail/verdict.h"
#include "lib/sys/clock.h"
#include "queue-runner/circuit.h"

namespace outpost::queue_runner {

// The reason where there is no way to it.
extern const mail::Deferred kNoWay;

struct Holdup {
  enum class Kind {
    kNone,
    kOffline,  // no way to it
    kStopped,  // its circuit is open
    kFlush,    // its mail waits for a person
    kPause,    // a rate delay
    kFull,     // all its connections are at work
  };
  Kind kind = Kind::kNone;
  mail::Deferred reason{};  // kOffline, kStopped
  Microseconds since{};     // wall clock: kOffline, kStopped
  Microseconds left{};      // kStopped: until the next try; kPause: until the next delivery; not negative
  size_t connections = 0;   // kFull

  // What is due leaves, in its turn.
  bool is_slow_only() const { return kind == Kind::kPause || kind == Kind::kFull; }
};

// Of a circuit that is open or offline; `now` is monotonic, `wall` the same moment by the wall clock.
Holdup StoppedBy(const Circuit& circuit, Microseconds now, Microseconds wall);
Holdup PausedFor(Microseconds left);
Holdup FullWith(size_t connections);

// Why mail for a destination does not leave: "" when nothing stops it, else until when (wall clock) at least.
struct Waiting {
  std::string why;
  Microseconds until{};
  bool is_slowed = false;  // what is due leaves, in its turn
};

// For the listing of the queue; `now` by the wall clock.
Waiting WhyWaiting(const Holdup& holdup, Microseconds now);
// For `outpost status`, printable; "" when there is nothing to tell.
std::string StatusLine(std::string_view next_hop, const Holdup& holdup);
// For the log, of a destination that has just been stopped.
std::string StoppedLine(std::string_view next_hop, const Holdup& holdup);
// For the log, of one that is slow only: "rate delay, next delivery in 3 s".
std::string SlowWords(const Holdup& holdup);

}  // namespace outpost::queue_runner
