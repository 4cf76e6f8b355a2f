#include "lib/queue/due.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;
using sys::Error;

constexpr int64_t kMakeDueSlice = 1000;  // recipients a call
constexpr size_t kWalkStep = 1000;       // recipients or messages a call, waiting or not
constexpr size_t kOldSlice = 100;        // recipients a call
constexpr int kDueStep = 500;            // groups a call

int BulkOf(Lane lane) { return lane == Lane::kBulk ? 1 : 0; }

// Recipients of one message together, messages in the order of their first recipient.
void GroupByMessage(std::vector<QueuedRecipient>& recipients) {
  std::unordered_map<MessageKey, size_t> places;
  for (const auto& recipient : recipients) places.try_emplace(recipient.message, places.size());
  std::ranges::stable_sort(recipients, [&](const QueuedRecipient& a, const QueuedRecipient& b) {
    const size_t place_a = places[a.message];
    const size_t place_b = places[b.message];
    return place_a != place_b ? place_a < place_b : a.number < b.number;
  });
}

}  // namespace

DueIndex::DueIndex(Connection& connection, Quarantine& quarantine)
    : quarantine_(quarantine),
      groups_(connection),
      due_(connection, "read what is due from",
           Cat("SELECT ", kRecipientColumns,
               " FROM recipient INDEXED BY recipient_waiting WHERE generation = ? AND transport = ? AND "
               "next_hop = ? AND bulk = ? AND uid = ? AND next_attempt <= ? AND ",
               kWaiting, " ORDER BY next_attempt, recipient.message, number LIMIT ? OFFSET ?")),
      as_old_messages_(connection, "read what waits from",
                       "SELECT waiting_since, key FROM message INDEXED BY message_age WHERE (sender = '') = ? AND "
                       "waiting_since = ? AND key >= ? ORDER BY key LIMIT ?"),
      younger_messages_(connection, "read what waits from",
                        "SELECT waiting_since, key FROM message INDEXED BY message_age WHERE (sender = '') = ? AND "
                        "waiting_since > ? AND waiting_since < ? ORDER BY waiting_since, key LIMIT ?"),
      old_recipients_(connection, "read what waits from",
                      Cat("SELECT ", kRecipientColumns, " FROM recipient WHERE message = ? AND number > ? AND ",
                          kWaiting, " ORDER BY number LIMIT ?")),
      routed_below_(
          connection, "read what waits from",
          Cat("SELECT ", kRecipientColumns,
              " FROM recipient INDEXED BY recipient_waiting WHERE generation < ? AND ", kWaiting, " LIMIT ?")),
      routed_above_(
          connection, "read what waits from",
          Cat("SELECT ", kRecipientColumns,
              " FROM recipient INDEXED BY recipient_waiting WHERE generation > ? AND ", kWaiting, " LIMIT ?")),
      undecided_(connection, "read what was dispatched from",
                 Cat("SELECT ", kRecipientColumns,
                     " FROM recipient INDEXED BY recipient_dispatched WHERE state = 'dispatched' "
                     "ORDER BY recipient.message, number LIMIT ?")),
      set_route_(connection, "route a recipient in",
                 Cat("UPDATE recipient SET generation = ?, transport = ?, next_hop = ? "
                     "WHERE message = ? AND number = ? AND ",
                     kWaiting)),
      make_group_due_(
          connection, "make recipients due in",
          Cat("UPDATE recipient SET next_attempt = ?1 WHERE (message, number) IN "
              "(SELECT message, number FROM recipient INDEXED BY recipient_waiting WHERE generation = ?2 AND "
              "transport = ?3 AND next_hop = ?4 AND bulk = ?5 AND uid = ?6 AND next_attempt > ?1 AND ",
              kWaiting, " ORDER BY next_attempt LIMIT ?7)")),
      put_off_(
          connection, "put off recipients in",
          Cat("UPDATE recipient SET next_attempt = ?1, last_status = ?2, last_text = ?3 WHERE (message, number) "
              "IN (SELECT message, number FROM recipient INDEXED BY recipient_waiting WHERE generation = ?4 AND "
              "transport = ?5 AND next_hop = ?6 AND bulk = ?7 AND uid = ?8 AND next_attempt <= ?9 AND ",
              kWaiting, " ORDER BY next_attempt LIMIT ?10)")),
      walk_(connection, "walk over what waits in",
            Cat("SELECT ", kRecipientColumns, ", ", kWaiting,
                " FROM recipient WHERE (message, number) > (?, ?) AND message <= ? ORDER BY message, number LIMIT "
                "?")),
      make_due_(connection, "make a recipient due in",
                Cat("UPDATE recipient SET generation = ?, transport = ?, next_hop = ?, "
                    "next_attempt = min(next_attempt, ?) WHERE message = ? AND number = ? AND ",
                    kWaiting)) {}

Result<void> DueIndex::LookInto(const Group& group, Microseconds now, DueStep& step) {
  auto first = groups_.FirstAttempt(group, Microseconds::min());
  if (!first) return first.error();
  if (first.value() && **first <= now) {
    if (step.routes.empty() || step.routes.back() != group.route) step.routes.push_back(group.route);
    first = groups_.FirstAttempt(group, now);
    if (!first) return first.error();
  }
  if (!first.value()) return {};
  if (!step.next_attempt || **first < *step.next_attempt) step.next_attempt = **first;
  const auto last = groups_.LastAttempt(group);
  if (!last) return last.error();
  if (*last && (!step.last_attempt || **last > *step.last_attempt)) step.last_attempt = **last;
  return {};
}

Result<DueStep> DueIndex::WalkDue(const DuePlace& after, Microseconds now) {
  DueStep step;
  step.next = after;
  for (int seen = 0; seen < kDueStep; ++seen) {
    auto next = groups_.Next(*step.next);
    if (!next) return next.error();
    step.next = std::move(*next);
    if (!step.next) break;
    if (const char* fault = Fault(step.next->route)) {
      if (auto set = quarantine_.SetAside(step.next->generation, step.next->route, fault); !set) return set.error();
      continue;
    }
    if (auto looked = LookInto(*step.next, now, step); !looked) return looked.error();
  }
  return step;
}

Result<void> DueIndex::Append(Rows rows, std::vector<RecipientRow>& out) {
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return {};
    out.push_back(ReadRecipient(rows));
  }
}

Result<std::vector<QueuedRecipient>> DueIndex::Collect(std::vector<RecipientRow> rows) {
  std::vector<QueuedRecipient> recipients;
  recipients.reserve(rows.size());
  for (auto& row : rows) {
    if (row.fault == nullptr) {
      recipients.push_back(std::move(row.recipient));
    } else if (auto set = quarantine_.SetAside(row); !set) {
      return set.error();
    }
  }
  GroupByMessage(recipients);
  return recipients;
}

Result<std::vector<DueIndex::Line>> DueIndex::FindLines(const Route& route, Lane lane) {
  std::vector<Line> lines;
  for (int64_t at_least = INT64_MIN;;) {
    const auto generation = groups_.NextGeneration(at_least);
    if (!generation) return generation.error();
    if (!generation.value()) break;
    for (int64_t uid = INT64_MIN;; lines.push_back({**generation, uid, 0})) {
      auto next = groups_.NextUser({**generation, route, BulkOf(lane), uid});
      if (!next) return next.error();
      if (!next.value()) break;
      uid = next.value()->uid;
    }
    if (**generation == INT64_MAX) break;
    at_least = **generation + 1;
  }
  const int64_t last = turns_[static_cast<size_t>(lane)];
  std::ranges::stable_sort(lines, {}, [last](const Line& line) { return std::pair(line.uid <= last, line.uid); });
  return lines;
}

Result<bool> DueIndex::TakeDue(const Route& route, Lane lane, Line& line, Microseconds now, size_t limit,
                               std::vector<RecipientRow>& out) {
  const size_t before = out.size();
  auto appended = Append(
      Rows(due_, line.generation, route.transport, route.next_hop, BulkOf(lane), line.uid, now, limit, line.taken),
      out);
  if (!appended) return appended.error();
  line.taken += out.size() - before;
  return out.size() - before == limit;
}

// Each user's line gives an equal part; what one has not is the others'.
Result<std::vector<QueuedRecipient>> DueIndex::Due(const Route& route, Lane lane, Microseconds now, size_t limit) {
  auto lines = FindLines(route, lane);
  if (!lines) return lines.error();
  std::vector<RecipientRow> rows;
  while (rows.size() < limit && !lines->empty()) {
    const size_t part = std::max<size_t>((limit - rows.size()) / lines->size(), 1);
    std::vector<Line> longer;
    for (Line& line : *lines) {
      if (rows.size() >= limit) break;
      const auto more = TakeDue(route, lane, line, now, std::min(part, limit - rows.size()), rows);
      if (!more) return more.error();
      turns_[static_cast<size_t>(lane)] = line.uid;
      if (*more) longer.push_back(line);
    }
    *lines = std::move(longer);
  }
  return Collect(std::move(rows));
}

// Two searches instead of one comparison of (waiting_since, key), by which SQLite would walk over all messages of the
// same age.
Result<std::vector<OldPlace>> DueIndex::OldMessages(bool null_sender, Microseconds before, const OldPlace& from) {
  std::vector<OldPlace> messages;
  const auto append = [&messages](Rows rows) -> Result<void> {
    while (true) {
      const auto found = rows.Next();
      if (!found) return found.error();
      if (!*found) return {};
      messages.push_back({rows.Time(0), rows.Integer(1), INT64_MIN});
    }
  };
  if (from.since < before) {
    auto read = append(Rows(as_old_messages_, null_sender, from.since, from.message, kWalkStep));
    if (!read) return read.error();
  }
  auto read = append(Rows(younger_messages_, null_sender, from.since, before, kWalkStep - messages.size()));
  if (!read) return read.error();
  return messages;
}

// Messages whose recipients do not wait (held, removed but not yet erased) are read as well.
Result<OldStep> DueIndex::WalkOld(bool null_sender, Microseconds before, const OldPlace& after) {
  const auto messages = OldMessages(null_sender, before, after);
  if (!messages) return messages.error();
  OldStep step;
  if (messages->size() == kWalkStep) step.next = {messages->back().since, messages->back().message, INT64_MAX};
  std::vector<RecipientRow> rows;
  for (const OldPlace& one : *messages) {
    const int64_t from = one.message == after.message ? after.number : INT64_MIN;
    if (auto read = Append(Rows(old_recipients_, one.message, from, kOldSlice - rows.size()), rows); !read) {
      return read.error();
    }
    if (rows.size() < kOldSlice) continue;
    step.next = {one.since, one.message, rows.back().stored_number};
    break;
  }
  auto collected = Collect(std::move(rows));
  if (!collected) return collected.error();
  step.recipients = std::move(*collected);
  return step;
}

Result<std::vector<QueuedRecipient>> DueIndex::RoutedByOther(int64_t generation, size_t limit) {
  std::vector<RecipientRow> rows;
  if (auto below = Append(Rows(routed_below_, generation, limit), rows); !below) return below.error();
  if (auto above = Append(Rows(routed_above_, generation, limit - rows.size()), rows); !above) return above.error();
  return Collect(std::move(rows));
}

Result<std::vector<QueuedRecipient>> DueIndex::Undecided(size_t limit) {
  std::vector<RecipientRow> rows;
  if (auto appended = Append(Rows(undecided_, limit), rows); !appended) return appended.error();
  return Collect(std::move(rows));
}

Result<void> DueIndex::SetRoute(RecipientKey recipient, const Route& route, int64_t generation) {
  if (const char* fault = Fault(route)) return Error(Cat("route a recipient: ", fault), EINVAL);
  return set_route_.Run(generation, route.transport, route.next_hop, MessageOf(recipient), NumberOf(recipient));
}

Result<bool> DueIndex::MakeGroupDue(const Group& group, Microseconds now, int64_t& left) {
  auto made = make_group_due_.Run(now, group.generation, group.route.transport, group.route.next_hop, group.bulk,
                                  group.uid, left);
  if (!made) return made.error();
  left -= make_group_due_.rows_changed();
  return left <= 0;
}

Result<bool> DueIndex::MakeAllDue(Microseconds now) {
  int64_t left = kMakeDueSlice;
  Group group;
  while (true) {
    auto next = groups_.Next(group);
    if (!next) return next.error();
    if (!next.value()) return false;
    group = std::move(**next);
    auto enough = MakeGroupDue(group, now, left);
    if (!enough || *enough) return enough;
  }
}

Result<bool> DueIndex::PutOff(const Route& route, Microseconds now, Microseconds until, std::string_view status,
                              std::string_view text) {
  int64_t left = kMakeDueSlice;
  for (const Lane lane : kLanes) {
    const auto lines = FindLines(route, lane);
    if (!lines) return lines.error();
    for (const Line& line : *lines) {
      if (left <= 0) return true;
      auto put = put_off_.Run(until, status, text, line.generation, route.transport, route.next_hop, BulkOf(lane),
                              line.uid, now, left);
      if (!put) return put.error();
      left -= put_off_.rows_changed();
    }
  }
  return left <= 0;
}

// Rows that do not wait are read as well: a search for those that do could pass over the whole queue in one call.
Result<WaitingStep> DueIndex::WalkWaiting(const WalkPlace& after, MessageKey last) {
  WaitingStep step;
  std::vector<RecipientRow> waiting;
  size_t seen = 0;
  for (Rows rows(walk_, after.message, after.number, last, kWalkStep);; ++seen) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) break;
    step.next = {rows.Integer(0), rows.Integer(1)};
    if (rows.Integer(kRecipientColumnCount) != 0) waiting.push_back(ReadRecipient(rows));
  }
  if (seen < kWalkStep) step.next.reset();
  auto collected = Collect(std::move(waiting));
  if (!collected) return collected.error();
  step.recipients = std::move(*collected);
  return step;
}

Result<void> DueIndex::MakeDue(RecipientKey recipient, const Route& route, int64_t generation, Microseconds now) {
  if (const char* fault = Fault(route)) return Error(Cat("make a recipient due: ", fault), EINVAL);
  return make_due_.Run(generation, route.transport, route.next_hop, now, MessageOf(recipient), NumberOf(recipient));
}

}  // namespace outpost::queue
