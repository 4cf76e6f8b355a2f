// Dates of message headers (RFC 5322 section 3.3).
#pragma once

#include <chrono>
#include <string>

namespace outpost::mail {

// "Fri, 21 Nov 2025 01:26:00 +0000 (UTC)", in the process's time zone, English whatever the locale.
std::string FormatDate(std::chrono::microseconds since_epoch);

}  // namespace outpost::mail
