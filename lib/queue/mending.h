// What has been salvaged, row by row, made into a queue again: what hangs together by keys is compared, what is not whole
// becomes a dead letter, and what cannot be known is said so. docs/queue.md, Damage.
#pragma once

#include "lib/queue/content.h"
#include "lib/queue/due.h"
#include "lib/queue/history.h"
#include "lib/queue/ledger.h"
#include "lib/queue/quarantine.h"
#include "lib/queue/queue.h"
#include "lib/queue/users.h"

namespace outpost::queue {

class Mending {
 public:
  // `clock`: the waiting clock, as far as it could be read.
  Mending(Connection& connection, Microseconds clock);

  // `is_behind`: some rows may be older than the last commit. Adds to `report`.
  Result<void> Run(bool is_behind, Salvaged& report);

 private:
  Result<void> Execute(const std::string& sql);
  Result<void> TrustEvents();
  Result<void> AdoptOrphans();
  Result<void> Adopt(MessageKey message);
  Result<std::optional<MessageKey>> FindOne(Statement& find, MessageKey after);
  Result<void> CompareWithHistory();
  Result<void> CheckRows();
  Result<void> CheckMessages(const WaitingStep& step);
  Result<void> RemoveFinished();
  Result<void> CountAgain();
  Result<void> Report(Salvaged& report);
  Result<uint64_t> List(Statement& find, std::vector<std::string>& out);

  Connection& connection_;
  Totals totals_;
  History history_;
  Users users_;
  Batch batch_;
  Quarantine quarantine_;
  Contents contents_;
  DueIndex due_;
  Ledger ledger_;
  Microseconds clock_;
  Microseconds now_;
};

}  // namespace outpost::queue
