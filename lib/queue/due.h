// What waits: selection by destination, user and time, without regard to how deep the queue is.
#pragma once

#include "lib/queue/groups.h"
#include "lib/queue/quarantine.h"
#include "lib/queue/queue.h"
#include "lib/queue/statement.h"

namespace outpost::queue {

class DueIndex {
 public:
  DueIndex(Connection& connection, Quarantine& quarantine);

  // As in Queue.
  Result<DueStep> WalkDue(const DuePlace& after, Microseconds now);
  Result<std::vector<QueuedRecipient>> Due(const Route& route, Lane lane, Microseconds now, size_t limit);
  Result<OldStep> WalkOld(bool null_sender, Microseconds before, const OldPlace& after);
  Result<std::vector<QueuedRecipient>> RoutedByOther(int64_t generation, size_t limit);
  Result<std::vector<QueuedRecipient>> Undecided(size_t limit);
  Result<void> SetRoute(RecipientKey recipient, const Route& route, int64_t generation);
  Result<bool> MakeAllDue(Microseconds now);
  Result<bool> PutOff(const Route& route, Microseconds now, Microseconds until, std::string_view status,
                      std::string_view text);
  Result<WaitingStep> WalkWaiting(const WalkPlace& after, MessageKey last);
  Result<void> MakeDue(RecipientKey recipient, const Route& route, int64_t generation, Microseconds now);

 private:
  // A group of one route and lane, with a place in it.
  struct Line {
    int64_t generation = 0;
    int64_t uid = 0;
    size_t taken = 0;
  };
  // Those of one route and lane, beginning with the user whose turn it is.
  Result<std::vector<Line>> FindLines(const Route& route, Lane lane);
  // The next `limit` of a line's due recipients; false when there are no more.
  Result<bool> TakeDue(const Route& route, Lane lane, Line& line, Microseconds now, size_t limit,
                       std::vector<RecipientRow>& out);
  // Adds what is due of `group`, and what will be.
  Result<void> LookInto(const Group& group, Microseconds now, DueStep& step);
  Result<std::vector<OldPlace>> OldMessages(bool null_sender, Microseconds before, const OldPlace& from);
  Result<bool> MakeGroupDue(const Group& group, Microseconds now, int64_t& left);
  // Reads all rows; those that cannot be true are set aside and left out.
  Result<std::vector<QueuedRecipient>> Collect(std::vector<RecipientRow> rows);
  static Result<void> Append(Rows rows, std::vector<RecipientRow>& out);

  Quarantine& quarantine_;
  int64_t turns_[std::size(kLanes)] = {};  // the users that came last
  Groups groups_;
  Statement due_;
  Statement as_old_messages_;
  Statement younger_messages_;
  Statement old_recipients_;
  Statement routed_below_;
  Statement routed_above_;
  Statement undecided_;
  Statement set_route_;
  Statement make_group_due_;
  Statement put_off_;
  Statement walk_;
  Statement make_due_;
};

}  // namespace outpost::queue
