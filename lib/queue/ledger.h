// What becomes of recipients and messages once they are in the queue.
#pragma once

#include "lib/queue/content.h"
#include "lib/queue/history.h"
#include "lib/queue/quarantine.h"
#include "lib/queue/queue.h"
#include "lib/queue/statement.h"
#include "lib/queue/totals.h"
#include "lib/queue/users.h"

namespace outpost::queue {

class Ledger {
 public:
  Ledger(Connection& connection, Contents& contents, History& history, Quarantine& quarantine, Totals& totals,
         Users& users);

  // As in Queue.
  Result<std::optional<QueuedMessage>> Message(MessageKey key);
  Result<void> MarkDispatched(std::span<const RecipientKey> recipients, Microseconds now);
  Result<void> Record(MessageKey message, std::span<const Outcome> outcomes, Microseconds now);
  Result<uint64_t> Unfinished(MessageKey message);
  Result<void> Remove(MessageKey message, Microseconds now);

  // Whether there is something that Remove or Intake has hidden for deletion; a step of deleting it.
  Result<bool> HasHidden();
  Result<void> EraseStep();

 private:
  struct Brief {
    std::string id;
    uint32_t uid = 0;
    bool is_submission = false;
    bool is_surplus = false;
  };
  Result<std::optional<Brief>> FindBrief(MessageKey message);
  Result<void> RecordOne(std::string_view id, MessageKey message, const Outcome& outcome, Microseconds now);
  Result<void> AddEvent(std::string_view id, uint32_t number, const std::string& address, const Outcome& outcome,
                        Microseconds now);
  struct Hidden {
    MessageKey key = 0;
    int64_t size = 0;
  };
  Result<std::vector<Hidden>> FindHidden(int64_t limit);
  // One message of at most a chunk, or a piece of a larger one.
  Result<void> EraseHidden(const Hidden& hidden);
  Result<int64_t> CountDead(MessageKey message);

  Contents& contents_;
  History& history_;
  Quarantine& quarantine_;
  Totals& totals_;
  Users& users_;
  Statement message_;
  Statement brief_;
  Statement mark_dispatched_;
  Statement find_recipient_;
  Statement set_outcome_;
  Statement unfinished_;
  Statement count_dead_;
  Statement hide_;
  Statement hidden_;
  Statement erase_unfinished_;
  Statement erase_recipients_;
  Statement has_recipients_;
  Statement erase_message_;
};

}  // namespace outpost::queue
