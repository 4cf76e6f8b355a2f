#include "lib/queue/history.h"

#include <algorithm>

#include "lib/queue/row_format.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;
using sys::Printable;

// A repeat is looked for among this many of a recipient's last events: a relay that answers by turns in a few ways
// still folds.
constexpr int64_t kFoldDepth = 8;
constexpr int kTrimSlice = 200;  // messages a call

// What a row takes apart from its texts, roughly, its index entries included.
constexpr int64_t kMessageRowBytes = 120;
constexpr int64_t kEventRowBytes = 60;

int64_t Weight(const Event& event) {
  return kEventRowBytes + static_cast<int64_t>(event.kind.size() + event.recipient.size() + event.status.size() +
                                               event.text.size() + event.relay.size());
}

Event Submitted(const Rows& row) {
  Event event;
  event.kind = "submitted";
  event.first = event.last = row.Time(2);
  event.text = Cat("uid=", row.Integer(3), ", from=<", Printable(row.Text(4), kMaxText), ">, size=", row.Integer(5),
                   ", nrcpt=", row.Integer(6));
  if (!row.Text(7).empty()) event.text += Cat(", message-id=", Printable(row.Text(7), kMaxText));
  return event;
}

Event ReadEvent(const Rows& row) {
  Event event;
  event.first = row.Time(0);
  event.last = row.Time(1);
  event.count = static_cast<uint64_t>(std::max<int64_t>(row.Integer(2), 1));
  event.kind = Printable(row.Text(3), kMaxText);
  event.recipient = Printable(row.Text(4), mail::kMaxAddress);
  event.status = Printable(row.Text(5), kMaxText);
  event.text = Printable(row.Text(6), kMaxText);
  event.relay = Printable(row.Text(7), kMaxText);
  return event;
}

}  // namespace

History::History(Connection& connection, Totals& totals)
    : totals_(totals),
      add_(connection, "add to the history in",
           "INSERT INTO history(id, message, arrival, uid, sender, size, recipients, message_id) "
           "VALUES(?, ?, ?, ?, ?, ?, ?, ?)"),
      erase_(connection, "remove from the history in", "DELETE FROM history WHERE id = ?"),
      mark_removed_(connection, "add to the history in", "UPDATE history SET removed = ? WHERE id = ?"),
      find_(
          connection, "find in the history in",
          "SELECT message, removed, arrival, uid, sender, size, recipients, message_id FROM history WHERE id = ?"),
      last_events_(connection, "read events from",
                   "SELECT sequence, kind, recipient, status, text, relay FROM event WHERE id = ? AND number = ? "
                   "ORDER BY sequence DESC LIMIT ?"),
      add_event_(
          connection, "add an event to",
          "INSERT INTO event(id, number, sequence, first, last, count, kind, recipient, status, text, relay) "
          "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      repeat_event_(connection, "add an event to",
                    "UPDATE event SET last = max(last, ?), count = count + ? "
                    "WHERE id = ? AND number = ? AND sequence = ?"),
      events_(connection, "read events from",
              "SELECT first, last, count, kind, recipient, status, text, relay FROM event WHERE id = ? "
              "ORDER BY first, number, sequence LIMIT ?"),
      weigh_(connection, "read events from",
             "SELECT count(*), sum(length(CAST(kind || recipient || status || text || relay AS BLOB))), "
             "(SELECT length(CAST(sender || message_id AS BLOB)) FROM history WHERE id = ?1) "
             "FROM event WHERE id = ?1"),
      weigh_all_(connection, "weigh the history in",
                 "SELECT (SELECT count(*) FROM history), "
                 "(SELECT ifnull(sum(length(CAST(sender || message_id AS BLOB))), 0) FROM history), "
                 "(SELECT count(*) FROM event), (SELECT ifnull(sum(length(CAST("
                 "kind || recipient || status || text || relay AS BLOB))), 0) FROM event)"),
      erase_events_(connection, "remove events from", "DELETE FROM event WHERE id = ?"),
      oldest_removed_(
          connection, "read the history in",
          "SELECT id FROM history INDEXED BY history_removed WHERE removed < ? ORDER BY removed LIMIT 1") {}

Result<void> History::Add(MessageKey key, const NewMessage& message, uint64_t content_bytes) {
  const std::string message_id = Printable(message.message_id, kMaxText);
  const std::string& sender = message.envelope.sender;
  totals_.AddHistory(kMessageRowBytes + static_cast<int64_t>(sender.size() + message_id.size()));
  return add_.Run(message.id.text(), key, message.arrival, message.uid, sender, content_bytes,
                  message.envelope.recipients.size(), message_id);
}

Result<void> History::Erase(const mail::QueueId& id) { return EraseWithEvents(id.text()); }

Result<void> History::MarkRemoved(std::string_view id, Microseconds now) { return mark_removed_.Run(now, id); }

Result<bool> History::Knows(const mail::QueueId& id) { return Rows(find_, id.text()).Next(); }

Result<std::optional<MessageKey>> History::Find(const mail::QueueId& id) {
  Rows rows(find_, id.text());
  const auto found = rows.Next();
  if (!found) return found.error();
  if (!*found || !rows.IsNull(1)) return std::optional<MessageKey>();
  return std::optional<MessageKey>(rows.Integer(0));
}

Result<std::optional<uint32_t>> History::Submitter(const mail::QueueId& id) {
  Rows rows(find_, id.text());
  const auto found = rows.Next();
  if (!found) return found.error();
  const int64_t uid = *found ? rows.Integer(3) : -1;
  if (uid < 0 || uid > UINT32_MAX) return std::optional<uint32_t>();
  return std::optional<uint32_t>(static_cast<uint32_t>(uid));
}

Result<std::optional<int64_t>> History::FindRepeat(std::string_view id, int64_t number, const Event& event,
                                                   int64_t& next_sequence) {
  Rows rows(last_events_, id, number, kFoldDepth);
  next_sequence = 0;
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return std::optional<int64_t>();
    next_sequence = std::max(next_sequence, rows.Integer(0) + 1);
    if (rows.Text(1) == event.kind && rows.Text(2) == event.recipient && rows.Text(3) == event.status &&
        rows.Text(4) == event.text && rows.Text(5) == event.relay) {
      return std::optional<int64_t>(rows.Integer(0));
    }
  }
}

Result<void> History::AddEvent(std::string_view id, int64_t number, const Event& event) {
  int64_t next_sequence = 0;
  const auto repeated = FindRepeat(id, number, event, next_sequence);
  if (!repeated) return repeated.error();
  if (*repeated) return repeat_event_.Run(event.last, event.count, id, number, **repeated);
  totals_.AddHistory(Weight(event));
  return add_event_.Run(id, number, next_sequence, event.first, event.last, event.count, event.kind,
                        event.recipient, event.status, event.text, event.relay);
}

Result<std::vector<Event>> History::Trace(const mail::QueueId& id) {
  std::vector<Event> trace;
  Microseconds removed{};
  {
    Rows rows(find_, id.text());
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return trace;
    trace.push_back(Submitted(rows));
    removed = rows.Time(1);
  }
  {
    Rows rows(events_, id.text(), kMaxTrace - 2);
    while (true) {
      const auto found = rows.Next();
      if (!found) return found.error();
      if (!*found) break;
      trace.push_back(ReadEvent(rows));
    }
  }
  if (removed.count() != 0) {
    Event event;
    event.kind = "removed";
    event.first = event.last = removed;
    trace.push_back(std::move(event));
  }
  return trace;
}

Result<std::optional<std::string>> History::OldestRemoved(Microseconds before) {
  Rows rows(oldest_removed_, before);
  const auto found = rows.Next();
  if (!found) return found.error();
  if (!*found) return std::optional<std::string>();
  return std::optional<std::string>(rows.Text(0));
}

Result<void> History::EraseWithEvents(const std::string& id) {
  {
    Rows rows(weigh_, id);
    if (const auto found = rows.Next(); !found) return found.error();
    totals_.AddHistory(-(rows.Integer(0) * kEventRowBytes + rows.Integer(1) + kMessageRowBytes + rows.Integer(2)));
  }
  if (auto erased = erase_events_.Run(id); !erased) return erased;
  return erase_.Run(id);
}

Result<int64_t> History::Weigh() {
  Rows rows(weigh_all_);
  if (const auto found = rows.Next(); !found) return found.error();
  return rows.Integer(0) * kMessageRowBytes + rows.Integer(1) + rows.Integer(2) * kEventRowBytes + rows.Integer(3);
}

Result<bool> History::Trim(Microseconds older_than, uint64_t size_limit_bytes) {
  for (int trimmed = 0; trimmed < kTrimSlice; ++trimmed) {
    const auto totals = totals_.Read();
    if (!totals) return totals.error();
    const bool too_large = static_cast<uint64_t>(totals->history_bytes) > size_limit_bytes;
    const auto oldest = OldestRemoved(too_large ? Microseconds::max() : older_than);
    if (!oldest) return oldest.error();
    if (!*oldest) return false;
    if (auto erased = EraseWithEvents(**oldest); !erased) return erased.error();
  }
  return true;
}

}  // namespace outpost::queue
