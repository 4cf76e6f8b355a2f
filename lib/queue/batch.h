// Begin, Commit, Rollback: SQLite's transaction and the numbers that go with it.
#pragma once

#include "lib/queue/connection.h"
#include "lib/queue/totals.h"
#include "lib/queue/users.h"

namespace outpost::queue {

class Batch {
 public:
  Batch(Connection& connection, Totals& totals, Users& users)
      : connection_(connection), totals_(totals), users_(users) {}

  Result<void> Begin() { return connection_.Begin(); }
  Result<void> Commit();
  void Rollback();
  bool is_open() const { return connection_.in_batch(); }

  // Runs `change` (a function that returns Result<void>) in the open batch, or in one of its own.
  template <typename Change>
  Result<void> Within(Change change) {
    if (is_open()) return change();
    if (auto begun = Begin(); !begun) return begun;
    if (auto changed = change(); !changed) {
      Rollback();
      return changed;
    }
    return Commit();
  }

 private:
  Connection& connection_;
  Totals& totals_;
  Users& users_;
};

}  // namespace outpost::queue
