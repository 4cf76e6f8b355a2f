#include "queue-runner/log_lines.h"

#include <algorithm>

#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;
using sys::Microseconds;

// Postfix's precision: hundredths below ten seconds, without zeros at the end.
std::string Delay(Microseconds time) {
  const int64_t hundredths = std::max<int64_t>(time.count(), 0) / 10000;
  const int64_t seconds = hundredths / 100;
  const int64_t rest = hundredths % 100;
  if (seconds >= 10 || rest == 0) return Cat(seconds);
  if (rest % 10 == 0) return Cat(seconds, ".", rest / 10);
  return Cat(seconds, rest < 10 ? ".0" : ".", rest);
}

}  // namespace

std::string ActiveLine(const ActiveMessage& message, size_t recipients) {
  return Cat(message.facts.id.text(), ": from=<", message.facts.envelope.sender,
             ">, size=", message.facts.content_bytes, ", nrcpt=", recipients, " (queue active)");
}

std::string RecipientLine(const ActiveMessage& message, const mail::Recipient& recipient, Microseconds now,
                          std::string_view dsn, std::string_view status, std::string_view text) {
  std::string line = Cat(message.facts.id.text(), ": to=<", recipient.address, ">");
  if (!recipient.original.empty() && recipient.original != recipient.address) {
    line += Cat(", orig_to=<", recipient.original, ">");
  }
  const Microseconds waited = message.activated - message.facts.arrival;
  const Microseconds worked = now - message.activated;
  return Cat(line, ", relay=none, delay=", Delay(now - message.facts.arrival), ", delays=", Delay(waited), "/",
             Delay(worked), "/0/0, dsn=", dsn, ", status=", status, " (", text, ")");
}

std::string ExpiredLine(const ActiveMessage& message) {
  return Cat(message.facts.id.text(), ": from=<", message.facts.envelope.sender,
             ">, status=expired, returned to sender");
}

}  // namespace outpost::queue_runner
