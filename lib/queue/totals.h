// What the queue holds in numbers: one row, kept exact by the commits that change what it counts, so that nobody
// has to count rows.
#pragma once

#include "lib/queue/statement.h"
#include "lib/sys/clock.h"

namespace outpost::queue {

using sys::Microseconds;

class Totals {
 public:
  explicit Totals(Connection& connection);

  void AddMessages(int64_t count) { pending_.messages += count; }
  void AddDead(int64_t recipients) { pending_.dead += recipients; }
  void AddHistory(int64_t bytes) { pending_.history_bytes += bytes; }

  // The waiting clock (Queue::waiting_clock). Written with what else a batch writes here, and by itself once it is a
  // minute ahead of what is stored.
  Result<void> Load();
  Microseconds clock() const { return clock_; }
  void SetClock(Microseconds reading) { clock_ = reading; }

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
  Microseconds clock_{};
  Microseconds stored_clock_{};
  Statement store_;
  Statement read_;
  Statement read_clock_;
};

}  // namespace outpost::queue
