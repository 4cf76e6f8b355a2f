// How many messages each user has in the queue, and what of them is held as surplus of a limit: known by one index, and
// counted only where somebody asks.
#pragma once

#include <map>
#include <string_view>
#include <unordered_map>

#include "lib/queue/history.h"
#include "lib/queue/queue.h"
#include "lib/queue/statement.h"
#include "lib/queue/totals.h"

namespace outpost::queue {

class Users {
 public:
  Users(Connection& connection, History& history, Totals& totals);

  // As in Queue.
  Result<uint64_t> CountInLine(uint32_t uid);
  Result<std::map<uint32_t, uint64_t>> Surplus();
  Result<size_t> ReleaseSurplus(uint32_t uid, size_t limit, Microseconds now);

  // A submission of `uid` has become visible, in line or as surplus (`count` 1), or is gone (-1).
  void Add(uint32_t uid, bool is_surplus, int64_t count);
  // The history's word for it.
  Result<void> NoteHeld(std::string_view id, std::string_view why, Microseconds now);
  // A batch was rolled back: what was counted with it is counted anew.
  void Forget();

 private:
  using Counts = std::unordered_map<uint32_t, int64_t>;
  Result<void> Count(Statement& statement, std::optional<Counts>& counts);
  Result<void> ReleaseOne(MessageKey message, std::string_view id, Microseconds now);
  Result<void> AddEvent(std::string_view id, std::string_view kind, std::string_view why, Microseconds now);

  History& history_;
  Totals& totals_;
  std::optional<Counts> in_line_;  // nothing: not counted yet
  std::optional<Counts> surplus_;
  Statement count_in_line_;
  Statement count_surplus_;
  Statement oldest_surplus_;
  Statement release_message_;
  Statement release_recipients_;
};

}  // namespace outpost::queue
