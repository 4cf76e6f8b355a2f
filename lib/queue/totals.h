// What the queue holds in numbers: one row, kept exact by the commits that change what it counts, so that nobody
// has to count rows.
#pragma once

#include "lib/queue/statement.h"

namespace outpost::queue {

class Totals {
 public:
  explicit Totals(Connection& connection);

  void AddMessages(int64_t count) { pending_.messages += count; }
  void AddDead(int64_t recipients) { pending_.dead += recipients; }
  void AddHistory(int64_t bytes) { pending_.history_bytes += bytes; }

  // Writes what the open batch has added; before its commit.
  Result<void> Store();
  // The batch was rolled back.
  void Forget() { pending_ = {}; }

  struct Numbers {
    int64_t messages = 0;
    int64_t dead = 0;
    int64_t history_bytes = 0;
  };
  // With those of the open batch; never below 0.
  Result<Numbers> Read();

 private:
  Numbers pending_;
  Statement store_;
  Statement read_;
};

}  // namespace outpost::queue
