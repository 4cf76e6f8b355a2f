#include "lib/queue/totals.h"

#include <algorithm>

namespace outpost::queue {

Totals::Totals(Connection& connection)
    : store_(connection, "count in",
             "UPDATE total SET messages = messages + ?, dead = dead + ?, history_bytes = history_bytes + ?"),
      read_(connection, "count in", "SELECT messages, dead, history_bytes FROM total") {}

Result<void> Totals::Store() {
  if (pending_.messages == 0 && pending_.dead == 0 && pending_.history_bytes == 0) return {};
  if (auto stored = store_.Run(pending_.messages, pending_.dead, pending_.history_bytes); !stored) return stored;
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
