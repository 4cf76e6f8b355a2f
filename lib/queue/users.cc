#include "lib/queue/users.h"

#include <utility>
#include <vector>

#include "lib/queue/row_format.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;

constexpr int64_t kOfTheMessage = -1;  // an event of no single recipient
// The words of the index message_user.
constexpr std::string_view kSubmitted = "message.state = 'queued' AND origin = 'submission'";

}  // namespace

Users::Users(Connection& connection, History& history, Totals& totals)
    : history_(history),
      totals_(totals),
      count_in_line_(connection, "count messages in",
                     Cat("SELECT uid, count(*) FROM message INDEXED BY message_user WHERE surplus = 0 AND ",
                         kSubmitted, " GROUP BY uid")),
      count_surplus_(connection, "count messages in",
                     Cat("SELECT uid, count(*) FROM message INDEXED BY message_user WHERE surplus = 1 AND ",
                         kSubmitted, " GROUP BY uid")),
      oldest_surplus_(connection, "look for held messages in",
                      Cat("SELECT key, id FROM message INDEXED BY message_user WHERE surplus = 1 AND uid = ? AND ",
                          kSubmitted, " ORDER BY key LIMIT ?")),
      release_message_(connection, "release a message in",
                       "UPDATE message SET surplus = 0, waiting_since = ?, warned = 0 WHERE key = ?"),
      release_recipients_(connection, "release recipients in",
                          "UPDATE recipient SET state = 'queued', since = ?1, next_attempt = ?1, last_text = '' "
                          "WHERE message = ?2 AND state = 'held'") {}

Result<void> Users::Count(Statement& statement, std::optional<Counts>& counts) {
  if (counts) return {};
  Counts counted;
  Rows rows(statement);
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) break;
    counted[static_cast<uint32_t>(rows.Integer(0))] += rows.Integer(1);
  }
  counts = std::move(counted);
  return {};
}

Result<uint64_t> Users::CountInLine(uint32_t uid) {
  if (auto counted = Count(count_in_line_, in_line_); !counted) return counted.error();
  const auto it = in_line_->find(uid);
  return it == in_line_->end() || it->second < 0 ? 0 : static_cast<uint64_t>(it->second);
}

Result<std::map<uint32_t, uint64_t>> Users::Surplus() {
  if (auto counted = Count(count_surplus_, surplus_); !counted) return counted.error();
  std::map<uint32_t, uint64_t> surplus;
  for (const auto& [uid, messages] : *surplus_) {
    if (messages > 0) surplus.emplace(uid, static_cast<uint64_t>(messages));
  }
  return surplus;
}

void Users::Add(uint32_t uid, bool is_surplus, int64_t count) {
  std::optional<Counts>& counts = is_surplus ? surplus_ : in_line_;
  if (!counts) return;
  const auto it = counts->try_emplace(uid, 0).first;
  it->second += count;
  if (it->second == 0) counts->erase(it);
}

void Users::Forget() {
  in_line_.reset();
  surplus_.reset();
}

Result<void> Users::AddEvent(std::string_view id, std::string_view kind, std::string_view why, Microseconds now) {
  Event event;
  event.first = event.last = now;
  event.kind = kind;
  event.text = sys::Printable(why, kMaxText);
  return history_.AddEvent(id, kOfTheMessage, event);
}

Result<void> Users::NoteHeld(std::string_view id, std::string_view why, Microseconds now) {
  return AddEvent(id, "held", why, now);
}

// It was not mail that could not leave: its age begins now.
Result<void> Users::ReleaseOne(MessageKey message, std::string_view id, Microseconds now) {
  if (auto released = release_message_.Run(totals_.clock(), message); !released) return released;
  if (auto released = release_recipients_.Run(now, message); !released) return released;
  return AddEvent(id, "released", "within the limits of its user", now);
}

Result<size_t> Users::ReleaseSurplus(uint32_t uid, size_t limit, Microseconds now) {
  std::vector<std::pair<MessageKey, std::string>> oldest;
  for (Rows rows(oldest_surplus_, uid, limit);;) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) break;
    oldest.emplace_back(rows.Integer(0), rows.Text(1));
  }
  for (const auto& [message, id] : oldest) {
    if (auto released = ReleaseOne(message, id, now); !released) return released.error();
    Add(uid, true, -1);
    Add(uid, false, 1);
  }
  return oldest.size();
}

}  // namespace outpost::queue
