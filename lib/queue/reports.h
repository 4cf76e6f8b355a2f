// What senders are told of: which messages they have been warned of, and what waits to be told of several at once.
#pragma once

#include "lib/queue/quarantine.h"
#include "lib/queue/queue.h"
#include "lib/queue/statement.h"

namespace outpost::queue {

class Reports {
 public:
  Reports(Connection& connection, Quarantine& quarantine);

  // As in Queue.
  Result<std::vector<QueuedMessage>> WaitingLonger(const AgePlace& after, Microseconds before, size_t limit);
  Result<std::vector<QueuedRecipient>> Unsettled(MessageKey message, size_t limit);
  Result<void> MarkWarned(MessageKey message, Warning warning);
  Result<void> KeepUntold(const Untold& untold);
  Result<std::vector<UntoldSummary>> SummarizeUntold(size_t limit);
  Result<std::vector<Untold>> ReadUntold(const std::string& reader, ReportKind kind, size_t limit);
  Result<void> EraseUntold(const std::string& reader, ReportKind kind, int64_t up_to);

 private:
  Quarantine& quarantine_;
  Statement as_old_;
  Statement younger_;
  Statement unsettled_;
  Statement mark_warned_;
  Statement keep_untold_;
  Statement summarize_untold_;
  Statement read_untold_;
  Statement erase_untold_;
};

}  // namespace outpost::queue
