#include "lib/queue/ledger.h"

#include <cerrno>

#include "lib/queue/row_format.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;
using sys::Error;
using sys::Printable;

// What one step of deleting takes at most.
constexpr int64_t kEraseMessages = 64;
constexpr int64_t kEraseRecipients = 1000;  // numbers of one message

// The history's word for what an outcome did.
std::string_view Kind(const Outcome& outcome) {
  switch (outcome.state) {
    case RecipientState::kQueued:
      return outcome.attempted ? "deferred" : "queued";
    case RecipientState::kDispatched:
    case RecipientState::kInDoubt:
    case RecipientState::kHeld:
    case RecipientState::kSent:
    case RecipientState::kReturned:
    case RecipientState::kDead:
      return ToString(outcome.state);
  }
  __builtin_trap();
}

// What is put back without an attempt and without a word tells nothing.
bool IsWorthAnEvent(const Outcome& outcome) {
  return outcome.state != RecipientState::kQueued || outcome.attempted || !outcome.text.empty();
}

}  // namespace

Ledger::Ledger(Connection& connection, Contents& contents, History& history, Quarantine& quarantine, Totals& totals,
               Users& users)
    : contents_(contents),
      history_(history),
      quarantine_(quarantine),
      totals_(totals),
      users_(users),
      message_(connection, "read a message from",
               Cat("SELECT ", kMessageColumns, " FROM message WHERE key = ? AND state = 'queued'")),
      brief_(connection, "read a message from",
             "SELECT id, uid, origin = 'submission', surplus FROM message WHERE key = ? AND state = 'queued'"),
      mark_dispatched_(
          connection, "mark as dispatched in",
          Cat("UPDATE recipient SET state = 'dispatched', since = ? WHERE message = ? AND number = ? AND ",
              kWaiting)),
      find_recipient_(connection, "read a recipient from",
                      "SELECT state, address FROM recipient WHERE message = ? AND number = ?"),
      set_outcome_(connection, "record an outcome in",
                   "UPDATE recipient SET state = ?, since = ?, next_attempt = ?, attempts = attempts + ?, "
                   "last_status = ?, last_text = ? WHERE message = ? AND number = ?"),
      unfinished_(connection, "count recipients in",
                  Cat("SELECT count(*) FROM recipient WHERE message = ? AND ", kUnfinished)),
      count_dead_(connection, "count recipients in",
                  "SELECT count(*) FROM recipient WHERE message = ? AND state = 'dead'"),
      hide_(connection, "remove a message from", "UPDATE message SET state = 'gone' WHERE key = ?"),
      hidden_(connection, "look for removed messages in",
              "SELECT key, size FROM message WHERE state <> 'queued' AND state = 'gone' LIMIT ?"),
      erase_unfinished_(connection, "remove recipients from",
                        Cat("DELETE FROM recipient WHERE message = ? AND ", kUnfinished)),
      erase_recipients_(connection, "remove recipients from",
                        "DELETE FROM recipient WHERE message = ?1 AND number < "
                        "(SELECT min(number) FROM recipient WHERE message = ?1) + ?2"),
      has_recipients_(connection, "look for recipients in", "SELECT 1 FROM recipient WHERE message = ? LIMIT 1"),
      erase_message_(connection, "remove a message from", "DELETE FROM message WHERE key = ?") {}

Result<std::optional<QueuedMessage>> Ledger::Message(MessageKey key) {
  MessageRow read;
  bool is_there = false;
  std::string stored_id;
  {
    Rows rows(message_, key);
    const auto found = rows.Next();
    if (!found) return found.error();
    is_there = *found;
    if (is_there) read = ReadMessage(rows);
    if (read.fault != nullptr) stored_id = rows.Text(1);
  }
  if (!is_there) {
    if (auto set = quarantine_.SetAsideOrphans(key); !set) return set.error();
    return std::optional<QueuedMessage>();
  }
  if (read.fault == nullptr) return std::optional<QueuedMessage>(std::move(read.message));
  if (auto set = quarantine_.SetAside(key, stored_id, read.fault); !set) return set.error();
  return std::optional<QueuedMessage>();
}

Result<void> Ledger::MarkDispatched(std::span<const RecipientKey> recipients, Microseconds now) {
  for (const RecipientKey key : recipients) {
    if (auto marked = mark_dispatched_.Run(now, MessageOf(key), NumberOf(key)); !marked) return marked;
    if (mark_dispatched_.rows_changed() != 1) {
      return Error(
          Cat("mark as dispatched: recipient ", NumberOf(key), " of message ", MessageOf(key), " does not wait"),
          ENOENT);
    }
  }
  return {};
}

Result<std::optional<Ledger::Brief>> Ledger::FindBrief(MessageKey message) {
  Rows rows(brief_, message);
  const auto found = rows.Next();
  if (!found) return found.error();
  if (!*found) return std::optional<Brief>();
  return std::optional<Brief>({std::string(rows.Text(0)), static_cast<uint32_t>(rows.Integer(1)),
                               rows.Integer(2) != 0, rows.Integer(3) != 0});
}

Result<void> Ledger::Record(MessageKey message, std::span<const Outcome> outcomes, Microseconds now) {
  const auto brief = FindBrief(message);
  if (!brief) return brief.error();
  if (!brief.value()) return {};
  for (const auto& outcome : outcomes) {
    if (MessageOf(outcome.recipient) != message) return Error("record an outcome: of another message", EINVAL);
    if (auto recorded = RecordOne(brief.value()->id, message, outcome, now); !recorded) return recorded;
  }
  return {};
}

Result<void> Ledger::RecordOne(std::string_view id, MessageKey message, const Outcome& outcome, Microseconds now) {
  const uint32_t number = NumberOf(outcome.recipient);
  bool was_dead = false;
  std::string address;
  {
    Rows rows(find_recipient_, message, number);
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return {};
    was_dead = rows.Text(0) == ToString(RecipientState::kDead);
    address = Printable(rows.Text(1), mail::kMaxAddress);
  }
  const bool is_dead = outcome.state == RecipientState::kDead;
  totals_.AddDead((is_dead ? 1 : 0) - (was_dead ? 1 : 0));
  auto set =
      set_outcome_.Run(ToString(outcome.state), now, outcome.next_attempt, outcome.attempted ? 1 : 0,
                       Printable(outcome.status, kMaxText), Printable(outcome.text, kMaxText), message, number);
  if (!set || !IsWorthAnEvent(outcome)) return set;
  return AddEvent(id, number, address, outcome, now);
}

Result<void> Ledger::AddEvent(std::string_view id, uint32_t number, const std::string& address,
                              const Outcome& outcome, Microseconds now) {
  Event event;
  event.first = event.last = now;
  event.kind = Kind(outcome);
  event.recipient = address;
  event.status = Printable(outcome.status, kMaxText);
  event.text = Printable(outcome.text, kMaxText);
  event.relay = Printable(outcome.relay, kMaxText);
  return history_.AddEvent(id, number, event);
}

Result<uint64_t> Ledger::Unfinished(MessageKey message) {
  Rows rows(unfinished_, message);
  if (const auto found = rows.Next(); !found) return found.error();
  return static_cast<uint64_t>(rows.Integer(0));
}

Result<int64_t> Ledger::CountDead(MessageKey message) {
  Rows rows(count_dead_, message);
  if (const auto found = rows.Next(); !found) return found.error();
  return rows.Integer(0);
}

Result<void> Ledger::Remove(MessageKey message, Microseconds now) {
  const auto brief = FindBrief(message);
  if (!brief) return brief.error();
  if (!brief.value()) return {};
  const auto dead = CountDead(message);
  if (!dead) return dead.error();
  totals_.AddDead(-*dead);
  totals_.AddMessages(-1);
  if (brief.value()->is_submission) users_.Add(brief.value()->uid, brief.value()->is_surplus, -1);
  if (auto marked = history_.MarkRemoved(brief.value()->id, now); !marked) return marked;
  // What waits must not be found any more. All else is deleted later, many messages in one commit: the pages of
  // content are the larger part of what a removal writes.
  if (auto erased = erase_unfinished_.Run(message); !erased) return erased;
  return hide_.Run(message);
}

Result<std::vector<Ledger::Hidden>> Ledger::FindHidden(int64_t limit) {
  std::vector<Hidden> found;
  Rows rows(hidden_, limit);
  while (true) {
    const auto next = rows.Next();
    if (!next) return next.error();
    if (!*next) return found;
    found.push_back({rows.Integer(0), rows.Integer(1)});
  }
}

Result<bool> Ledger::HasHidden() {
  const auto hidden = FindHidden(1);
  if (!hidden) return hidden.error();
  return !hidden->empty();
}

Result<void> Ledger::EraseStep() {
  const auto hidden = FindHidden(kEraseMessages);
  if (!hidden) return hidden.error();
  int64_t bytes = 0;
  for (const auto& one : *hidden) {
    if (auto erased = EraseHidden(one); !erased) return erased;
    bytes += one.size;
    if (bytes >= int64_t{kContentChunk}) break;
  }
  return {};
}

Result<void> Ledger::EraseHidden(const Hidden& hidden) {
  if (auto erased = erase_recipients_.Run(hidden.key, kEraseRecipients); !erased) return erased;
  const auto has_more = Rows(has_recipients_, hidden.key).Next();
  if (!has_more) return has_more.error();
  if (*has_more) return {};
  if (hidden.size > int64_t{kContentChunk}) {
    const auto erased = contents_.EraseChunk(hidden.key);
    if (!erased) return erased.error();
    if (*erased) return {};
  } else if (auto erased = contents_.Erase(hidden.key); !erased) {
    return erased;
  }
  return erase_message_.Run(hidden.key);
}

}  // namespace outpost::queue
