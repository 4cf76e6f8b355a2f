#include "lib/queue/totals.h"

#include <algorithm>

namespace outpost::queue {
namespace {

constexpr Microseconds kClockStep = std::chrono::minutes(1);

}  // namespace

Totals::Totals(Connection& connection)
    : store_(connection, "count in",
             "UPDATE total SET messages = messages + ?, dead = dead + ?, history_bytes = history_bytes + ?, "
             "clock = ?"),
      read_(connection, "count in", "SELECT messages, dead, history_bytes FROM total"),
      read_clock_(connection, "read the clock of", "SELECT clock FROM total") {}

Result<void> Totals::Load() {
  Rows rows(read_clock_);
  const auto found = rows.Next();
  if (!found) return found.error();
  if (*found) clock_ = stored_clock_ = rows.Time(0);
  return {};
}

Result<void> Totals::Store() {
  const bool numbers = pending_.messages != 0 || pending_.dead != 0 || pending_.history_bytes != 0;
  if (!numbers && clock_ - stored_clock_ < kClockStep) return {};
  if (auto stored = store_.Run(pending_.messages, pending_.dead, pending_.history_bytes, clock_); !stored) {
    return stored;
  }
  stored_clock_ = clock_;
  pending_ = {};
  return {};
}

Result<Totals::Numbers> Totals::Read() {
  Rows rows(read_);
  const auto found = rows.Next();
  if (!found) return found.error();
  Numbers numbers = pending_;
  if (*found) {
    numbers.messages += rows.Integer(0);
    numbers.dead += rows.Integer(1);
    numbers.history_bytes += rows.Integer(2);
  }
  numbers.messages = std::max<int64_t>(numbers.messages, 0);
  numbers.dead = std::max<int64_t>(numbers.dead, 0);
  numbers.history_bytes = std::max<int64_t>(numbers.history_bytes, 0);
  return numbers;
}

}  // namespace outpost::queue
