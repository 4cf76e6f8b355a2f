// Postfix's line for one recipient's outcome, as other tools parse it. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "lib/mail/envelope.h"
#include "lib/mail/queue_id.h"
#include "lib/mail/verdict.h"

namespace outpost::smtp_client {

using Microseconds = std::chrono::microseconds;

// When a message came to each stage, by the wall clock.
struct DeliveryTimes {
  Microseconds arrival{};
  Microseconds activated{};  // the runner took it up
  Microseconds begun{};      // this connection's process took it up
  Microseconds connected{};  // the session was ready: `begun` itself where the connection is an old one
  Microseconds done{};
};

// "0.05", "1.2", "12": seconds with two digits that mean something. Negative is "0": a clock has jumped.
std::string FormatSeconds(Microseconds duration);

// "ID: to=<r>, orig_to=<o>, relay=host[addr]:port, conn_use=n, delay=s, delays=a/b/c/d, dsn=2.0.0, status=sent
// (250 ...)"; orig_to only where it differs, conn_use from the second message of a connection on.
std::string FormatDelivery(const mail::QueueId& id, const mail::Recipient& recipient, std::string_view relay,
                           int connection_use, const DeliveryTimes& times, const mail::Verdict& verdict);

}  // namespace outpost::smtp_client
