#include "lib/queue/batch.h"

namespace outpost::queue {

Result<void> Batch::Commit() {
  if (auto stored = totals_.Store(); !stored) {
    Rollback();
    return stored;
  }
  auto committed = connection_.Commit();
  if (!committed) Rollback();
  return committed;
}

void Batch::Rollback() {
  connection_.Rollback();
  totals_.Forget();
  users_.Forget();
}

}  // namespace outpost::queue
