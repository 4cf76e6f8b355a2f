#include "queue-runner/holdup.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "lib/mail/date.h"
#include "lib/mail/explanation.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;
using enum Holdup::Kind;

constexpr std::string_view kWaitsForFlush = "deferred transport: waits for a flush";

std::string InSeconds(Microseconds time) {
  return Cat(std::chrono::round<std::chrono::seconds>(time).count(), " s");
}

std::string NextTry(const Holdup& holdup) { return Cat("next try in ", InSeconds(holdup.left)); }

// What that means, and what to do.
std::string InPlainWords(const mail::Deferred& why) {
  const mail::Explanation explanation = mail::Explain(why.status, why.why);
  return Cat(explanation.sentence, explanation.remedy.empty() ? "" : " ", explanation.remedy);
}

std::string StatusWords(const Holdup& holdup) {
  switch (holdup.kind) {
    case kNone:
      break;
    case kOffline:
      return Cat(holdup.reason.why, "; since ", mail::FormatDate(holdup.since));
    case kStopped:
      return Cat(holdup.reason.why, "; since ", mail::FormatDate(holdup.since), ", ", NextTry(holdup), ". ",
                 InPlainWords(holdup.reason));
    case kFlush:
      return std::string(kWaitsForFlush);
    case kPause:
    case kFull:
      return SlowWords(holdup);
  }
  return "";
}

}  // namespace

const mail::Deferred kNoWay{{4, 4, 3}, "this host has no network to reach it by", mail::Fault::kPath};

Holdup StoppedBy(const Circuit& circuit, Microseconds now, Microseconds wall) {
  Holdup holdup;
  holdup.kind = circuit.is_offline() ? kOffline : kStopped;
  holdup.reason = circuit.is_offline() ? kNoWay : circuit.reason();
  holdup.since = wall - (now - circuit.open_since());
  holdup.left = std::max(circuit.next_probe() - now, Microseconds::zero());
  return holdup;
}

Holdup PausedFor(Microseconds left) { return {.kind = kPause, .left = left}; }

Holdup FullWith(size_t connections) { return {.kind = kFull, .connections = connections}; }

Waiting WhyWaiting(const Holdup& holdup, Microseconds now) {
  switch (holdup.kind) {
    case kNone:
      break;
    case kOffline:
      return {holdup.reason.why, now, false};
    case kStopped:
      return {holdup.reason.why, now + holdup.left, false};
    case kFlush:
      return {std::string(kWaitsForFlush), now, false};
    case kPause:
      return {"rate delay", now + holdup.left, true};
    case kFull:
      return {SlowWords(holdup), now, true};
  }
  return {};
}

std::string StatusLine(std::string_view next_hop, const Holdup& holdup) {
  const std::string words = StatusWords(holdup);
  return words.empty() ? "" : sys::Printable(Cat(next_hop, ": ", words));
}

std::string StoppedLine(std::string_view next_hop, const Holdup& holdup) {
  return Cat(next_hop, ": ", holdup.reason.why, "; its mail waits, ", NextTry(holdup), ". ",
             InPlainWords(holdup.reason));
}

std::string SlowWords(const Holdup& holdup) {
  if (holdup.kind == kPause) return Cat("rate delay, next delivery in ", InSeconds(holdup.left));
  return Cat("all ", holdup.connections, " connections are at work");
}

}  // namespace outpost::queue_runner
