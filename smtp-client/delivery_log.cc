#include "smtp-client/delivery_log.h"

#include <algorithm>
#include <cstdio>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

struct Shown {
  mail::EnhancedStatus dsn;
  std::string_view status;
  std::string_view text;
};

Shown Show(const mail::Verdict& verdict) {
  if (const auto* delivered = std::get_if<mail::Delivered>(&verdict))
    return {delivered->status, "sent", delivered->reply};
  if (const auto* deferred = std::get_if<mail::Deferred>(&verdict))
    return {deferred->status, "deferred", deferred->why};
  const auto& returned = std::get<mail::Returned>(verdict);
  return {returned.status, "bounced", returned.why};
}

}  // namespace

std::string FormatSeconds(Microseconds duration) {
  const double seconds = std::max(0.0, static_cast<double>(duration.count()) / 1e6);
  const int decimals = seconds < 0.995 ? 2 : seconds < 9.95 ? 1 : 0;
  char text[32];
  (void)snprintf(text, sizeof text, "%.*f", decimals, seconds);
  std::string shown = text;
  if (shown.find('.') == std::string::npos) return shown;
  while (shown.back() == '0') shown.pop_back();
  if (shown.back() == '.') shown.pop_back();
  return shown;
}

std::string FormatDelivery(const mail::QueueId& id, const mail::Recipient& recipient, std::string_view relay,
                           int connection_use, const DeliveryTimes& times, const mail::Verdict& verdict) {
  const Shown shown = Show(verdict);
  std::string line = sys::Cat(id.text(), ": to=<", recipient.address, ">");
  if (!recipient.original.empty() && recipient.original != recipient.address)
    line += sys::Cat(", orig_to=<", recipient.original, ">");
  line += sys::Cat(", relay=", relay);
  if (connection_use > 1) line += sys::Cat(", conn_use=", connection_use);
  line += sys::Cat(", delay=", FormatSeconds(times.done - times.arrival),
                   ", delays=", FormatSeconds(times.activated - times.arrival), "/",
                   FormatSeconds(times.begun - times.activated), "/", FormatSeconds(times.connected - times.begun),
                   "/", FormatSeconds(times.done - times.connected));
  line += sys::Cat(", dsn=", shown.dsn.ToString(), ", status=", shown.status, " (", shown.text, ")");
  return line;
}

}  // namespace outpost::smtp_client
