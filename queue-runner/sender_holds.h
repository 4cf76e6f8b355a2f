// Senders whose mail one relay does not take: the account there may not send as them. Their mail to it waits, with no
// attempt a message, and never grows too old by it; one message of each is let through from time to time, another one
// in turn, to see whether that has been mended. Pure; times are wall clock.
//
// Bounded: beyond kMost senders each message of a sender is tried by its own schedule, and nobody is told.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "lib/mail/verdict.h"
#include "lib/sys/clock.h"

namespace outpost::queue_runner {

using sys::Microseconds;

class SenderHolds {
 public:
  static constexpr size_t kMost = 1000;

  // Until when the mail of `sender` waits, and why; nothing when it may go. The next to ask after that time is its
  // probe: meanwhile the others wait on.
  struct Hold {
    Microseconds until{};
    mail::Deferred why;
  };
  std::optional<Hold> MayGo(const std::string& sender, Microseconds shortest, Microseconds longest,
                            Microseconds now);
  // Its mail was refused. True: it was not known, so that it is to be told.
  bool OnRefused(const std::string& sender, const mail::Deferred& why, Microseconds shortest, Microseconds longest,
                 Microseconds now);
  // Its mail was taken. True: it had been held.
  bool OnTaken(const std::string& sender) { return held_.erase(sender) > 0; }
  // All may be tried at once: a person wants it.
  void Probe();
  bool empty() const { return held_.empty(); }
  size_t size() const { return held_.size(); }
  bool Knows(const std::string& sender) const { return held_.contains(sender); }

 private:
  struct Held {
    mail::Deferred why;
    Microseconds interval{};
    Microseconds next_probe{};
    bool probing = false;
  };
  std::map<std::string, Held> held_;
};

}  // namespace outpost::queue_runner
