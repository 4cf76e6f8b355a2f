// How the queue and its history look to people and to scripts. Pure: values in, text out.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "lib/ipc/control.h"

namespace outpost::admin {

using Microseconds = std::chrono::microseconds;

// "12s", "5m", "3h", "2d": two digits of meaning are enough for an age.
std::string FormatAge(Microseconds age);
// "812 B", "4.2 KB", "25 MB"
std::string FormatSize(uint64_t bytes);
// "2026-11-21 03:42:07", local time.
std::string FormatTime(int64_t since_epoch_us);

// A message for `outpost queue list`: one line, then one for each recipient shown.
std::string FormatListed(const ipc::ListedMessage& message, Microseconds now);
// Postfix's `mailq` form (sendmail -bp): header line, then what FormatMailqEntry makes, then the summary.
std::string MailqHeader();
std::string FormatMailqEntry(const ipc::ListedMessage& message);
std::string MailqSummary(uint64_t messages, uint64_t bytes);

std::string FormatTrace(const ipc::TraceLine& line);
std::string FormatStatus(const ipc::StatusLine& status, Microseconds now);

// A mailer that does not run; what could not be looked at is nothing.
struct StoppedStatus {
  std::optional<uint64_t> messages;  // in the queue
  std::optional<uint64_t> maildrop;  // submissions
};
std::string FormatStopped(const StoppedStatus& status);
std::string FormatStoppedJson(const StoppedStatus& status);

}  // namespace outpost::admin
