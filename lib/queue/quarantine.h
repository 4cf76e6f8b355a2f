// Rows that cannot be true: what hangs on them is set aside (state `dead`, kept, shown), never acted on, and what
// was found is remembered until the runner asks.
#pragma once

#include <vector>

#include "lib/queue/batch.h"
#include "lib/queue/queue.h"
#include "lib/queue/row_format.h"

namespace outpost::queue {

class Quarantine {
 public:
  Quarantine(Connection& connection, Batch& batch, Totals& totals);

  // One recipient; in the open batch or in one of its own.
  Result<void> SetAside(const RecipientRow& row);
  // All unfinished recipients of a message.
  Result<void> SetAside(MessageKey message, const std::string& id, std::string_view fault);
  // What waits, or was dispatched, of a message that is not there; most often nothing.
  Result<void> SetAsideOrphans(MessageKey message);
  // All that wait for a route that is none.
  Result<void> SetAside(int64_t generation, const Route& route, std::string_view fault);

  // All recipients and messages in a state that is none: no search for work would find them.
  Result<void> SetAsideUnknown();

  std::vector<Damaged> Take() { return std::exchange(found_, {}); }

 private:
  Result<void> SetAsideUnknownMessages();
  void Remember(MessageKey message, std::string text);

  Batch& batch_;
  Totals& totals_;
  Statement set_recipient_;
  Statement set_message_;
  Statement set_orphans_;
  Statement set_route_;
  Statement find_unknown_;
  Statement find_unknown_message_;
  Statement show_message_;
  std::vector<Damaged> found_;
};

}  // namespace outpost::queue
