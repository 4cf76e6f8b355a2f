// The log lines that queue-runner writes, in the form that tools for Postfix's log read. Pure.
#pragma once

#include <string>
#include <string_view>

#include "queue-runner/work.h"

namespace outpost::queue_runner {

// "ID: from=<s>, size=n, nrcpt=n (queue active)"
std::string ActiveLine(const ActiveMessage& message, size_t recipients);
// "ID: to=<r>, relay=none, delay=5.1, delays=5/0.1/0/0, dsn=4.4.1, status=deferred (text)"
std::string RecipientLine(const ActiveMessage& message, const mail::Recipient& recipient, sys::Microseconds now,
                          std::string_view dsn, std::string_view status, std::string_view text);
// "ID: from=<s>, status=expired, returned to sender"
std::string ExpiredLine(const ActiveMessage& message);

}  // namespace outpost::queue_runner
