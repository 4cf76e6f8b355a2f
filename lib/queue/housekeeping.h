// Work that can wait, in steps that are short: the log's checkpoint, content of removed messages, free pages.
#pragma once

#include "lib/queue/batch.h"
#include "lib/queue/connection.h"
#include "lib/queue/ledger.h"

namespace outpost::queue {

class Housekeeping {
 public:
  Housekeeping(Connection& connection, Batch& batch, Ledger& ledger);

  // One step; true when there is more to do. Outside a batch.
  Result<bool> Tidy();
  void GiveBackMemory();
  // After a commit: keeps the log bounded when nobody finds time for Tidy. The commit stands whatever becomes of
  // this; Tidy meets the same failure and tells.
  void BoundLog();

 private:
  Result<bool> EraseHidden();
  Result<bool> GiveBackPages();

  Connection& connection_;
  Batch& batch_;
  Ledger& ledger_;
  bool changed_since_last_ = true;
};

}  // namespace outpost::queue
