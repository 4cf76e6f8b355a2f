#include "lib/queue/mending.h"

#include <cerrno>
#include <span>

#include "lib/queue/row_format.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;

constexpr int64_t kLogPages = 2048;
constexpr Microseconds kDoubtPause = std::chrono::minutes(5);
constexpr std::string_view kDead = "state = 'dead', last_status = '5.3.0', last_text = 'damaged in the queue: ";
constexpr std::string_view kFinal = "('sent', 'returned', 'dead')";

uint64_t RandomNumber() {
  uint64_t number = 0;
  sys::FillRandom(std::span(reinterpret_cast<unsigned char*>(&number), sizeof number));
  return number;
}

}  // namespace

Mending::Mending(Connection& connection, Microseconds clock)
    : connection_(connection),
      totals_(connection),
      history_(connection, totals_),
      users_(connection, history_, totals_),
      batch_(connection, totals_, users_),
      quarantine_(connection, batch_, totals_),
      contents_(connection),
      due_(connection, quarantine_),
      ledger_(connection, contents_, history_, quarantine_, totals_, users_),
      clock_(clock),
      now_(sys::WallClock()) {}

Result<void> Mending::Run(bool is_behind, Salvaged& report) {
  if (is_behind) {
    if (auto trusted = TrustEvents(); !trusted) return trusted;
  }
  if (auto adopted = AdoptOrphans(); !adopted) return adopted;
  if (auto compared = CompareWithHistory(); !compared) return compared;
  if (auto checked = CheckRows(); !checked) return checked;
  if (auto removed = RemoveFinished(); !removed) return removed;
  if (auto counted = CountAgain(); !counted) return counted;
  return Report(report);
}

Result<void> Mending::Execute(const std::string& sql) {
  auto done = connection_.Execute(sql.c_str(), "mend");
  if (done && !connection_.in_batch() && connection_.log_pages() >= kLogPages) return connection_.Checkpoint();
  return done;
}

// A recipient that an event calls sent is not sent again, whatever its own row says; others that wait may have been.
Result<void> Mending::TrustEvents() {
  auto sent = Execute(
      "UPDATE recipient SET state = 'sent' WHERE state IN ('queued', 'in doubt', 'dispatched', 'held') AND EXISTS("
      "SELECT 1 FROM message JOIN event ON event.id = message.id WHERE message.key = recipient.message AND "
      "event.number = recipient.number AND event.kind = 'sent')");
  if (!sent) return sent;
  return Execute(
      Cat("UPDATE recipient SET state = 'in doubt', last_status = '4.4.2', last_text = "
          "'in doubt: the queue was damaged, and does not tell whether this was sent', next_attempt = ",
          (now_ + kDoubtPause).count(), " WHERE state = 'queued'"));
}

Result<std::optional<MessageKey>> Mending::FindOne(Statement& find, MessageKey after) {
  Rows rows(find, after);
  const auto found = rows.Next();
  if (!found) return found.error();
  if (!*found) return std::optional<MessageKey>();
  return std::optional<MessageKey>(rows.Integer(0));
}

// Recipients and content whose message could not be read. What the history says of it, by its key, is all that is left
// of its envelope.
Result<void> Mending::AdoptOrphans() {
  if (auto made = Execute("CREATE INDEX history_message ON history(message)"); !made) return made;
  Statement of_recipients(connection_, "mend",
                          "SELECT message FROM recipient WHERE message > ? AND NOT EXISTS("
                          "SELECT 1 FROM message WHERE key = recipient.message) ORDER BY message LIMIT 1");
  Statement of_content(connection_, "mend",
                       "SELECT key >> 20 FROM content WHERE key >= (? + 1) << 20 AND NOT EXISTS("
                       "SELECT 1 FROM message WHERE message.key = content.key >> 20) ORDER BY key LIMIT 1");
  for (Statement* find : {&of_recipients, &of_content}) {
    MessageKey after = 0;
    while (true) {
      const auto orphan = FindOne(*find, after);
      if (!orphan) return orphan.error();
      if (!*orphan) break;
      if (auto adopted = Adopt(**orphan); !adopted) return adopted;
      after = **orphan;
    }
  }
  return Execute("DROP INDEX history_message");
}

// Finished, and on its way out: it goes. Else a dead letter under its id, or under a new one. Messages before it may have
// had its number: the history of those says nothing of it.
Result<void> Mending::Adopt(MessageKey message) {
  const std::string content = Cat("key BETWEEN ", message, " << 20 AND (", message, " << 20) + 1048575");
  const std::string recipients = Cat("EXISTS(SELECT 1 FROM recipient WHERE message = ", message);
  const std::string history = Cat("EXISTS(SELECT 1 FROM history WHERE message = ", message);
  const auto finished =
      connection_.ReadNumber(Cat("SELECT NOT ", history, " AND removed IS NULL) AND NOT ", recipients, " AND ",
                                 kUnfinished, ") AND (", history, ") OR ", recipients, "))")
                                 .c_str(),
                             "mend");
  if (!finished) return finished.error();
  if (*finished != 0) {
    return Execute(Cat("DELETE FROM recipient WHERE message = ", message, "; DELETE FROM content WHERE ", content));
  }
  const std::string new_id = mail::QueueId::Make(now_, RandomNumber()).text();
  const std::string size = Cat("(SELECT ifnull(sum(length(bytes)), 0) FROM content WHERE ", content, ")");
  return Execute(Cat(
      "INSERT INTO message(key, id, state, origin, sender, arrival, waiting_since, size, header_size, uid, envid, "
      "ret, is_8bit, smtputf8) SELECT ",
      message, ", ifnull(h.id, '", new_id, "'), 'queued', 'submission', ifnull(h.sender, ''), ifnull(h.arrival, ",
      now_.count(), "), ", clock_.count(), ", ", size, ", 0, ifnull(h.uid, 0), '', '', 0, 0 ",
      "FROM (SELECT 1) LEFT JOIN history AS h ON h.message = ", message, " AND h.removed IS NULL LIMIT 1;",
      "UPDATE recipient SET ", kDead, "its envelope is lost' WHERE message = ", message, " AND state NOT IN ",
      kFinal));
}

// The history knows how many recipients a message had; and a message that it does not know would not be found by its id.
Result<void> Mending::CompareWithHistory() {
  constexpr const char* kKnowMessages =
      "INSERT OR IGNORE INTO history(id, message, arrival, uid, sender, size, recipients, message_id) "
      "SELECT id, key, arrival, uid, sender, size, (SELECT count(*) FROM recipient WHERE message = key), '' "
      "FROM message WHERE state = 'queued'";
  const std::string steps[] = {
      kKnowMessages,
      Cat("INSERT INTO recipient(message, number, address, original, notify, orcpt, state, since, generation, "
          "transport, next_hop, next_attempt, attempts, last_status, last_text, uid) "
          "SELECT key, (SELECT min(free) FROM (SELECT 0 AS free UNION ALL SELECT number + 1 FROM recipient "
          "WHERE message = key) WHERE NOT EXISTS(SELECT 1 FROM recipient WHERE message = key AND number = free)), "
          "'', '', '', '', 'dead', ",
          now_.count(),
          ", 0, 'error', 'damaged', 0, 0, '5.3.0', 'damaged in the queue: ' || (expected - found) || "
          "' of its recipients are lost', uid FROM (SELECT message.key AS key, message.uid AS uid, "
          "max(history.recipients, 1) AS expected, "
          "(SELECT count(*) FROM recipient WHERE message = message.key) AS found FROM message JOIN history ON "
          "history.id = message.id WHERE message.state = 'queued') WHERE found < expected"),
      Cat("INSERT OR IGNORE INTO event(id, number, sequence, first, last, count, kind, recipient, status, text, "
          "relay) SELECT id, -1, 0, ",
          now_.count(), ", ", now_.count(),
          ", 1, 'lost', '', '5.3.0', 'the queue database was damaged, and nothing of this message could be read', "
          "'' "
          "FROM history WHERE removed IS NULL AND NOT EXISTS("
          "SELECT 1 FROM message WHERE key = history.message AND id = history.id)"),
      Cat("UPDATE history SET removed = ", now_.count(),
          " WHERE removed IS NULL AND NOT EXISTS("
          "SELECT 1 FROM message WHERE key = history.message AND id = history.id)"),
      "DELETE FROM event WHERE NOT EXISTS(SELECT 1 FROM history WHERE history.id = event.id)",
  };
  for (const auto& step : steps) {
    if (auto done = Execute(step); !done) return done;
  }
  return {};
}

// Sets aside what is not what was stored, as it would be when it is due.
Result<void> Mending::CheckRows() {
  auto set = quarantine_.SetAsideUnknown();
  if (!set) return set;
  std::optional<WalkPlace> place = WalkPlace();
  while (place) {
    if (auto begun = batch_.Begin(); !begun) return begun;
    const auto step = due_.WalkWaiting(*place, INT64_MAX);
    if (!step) return step.error();
    if (auto checked = CheckMessages(*step); !checked) return checked;
    if (auto committed = batch_.Commit(); !committed) return committed;
    place = step->next;
  }
  return {};
}

Result<void> Mending::CheckMessages(const WaitingStep& step) {
  MessageKey last = 0;
  for (const auto& recipient : step.recipients) {
    if (std::exchange(last, recipient.message) == recipient.message) continue;
    const auto message = ledger_.Message(recipient.message);
    if (!message) return message.error();
    if (!*message) continue;
    const auto verified = contents_.Verify(recipient.message, (*message)->content_bytes);
    if (verified) continue;
    if (verified.error().code() != EBADMSG) return verified.error();
    auto set = quarantine_.SetAside(recipient.message, (*message)->id.text(), verified.error().text());
    if (!set) return set;
  }
  return {};
}

// Of which an event has told that the last recipient was sent.
Result<void> Mending::RemoveFinished() {
  Statement find(connection_, "mend",
                 Cat("SELECT key FROM message WHERE key > ? AND state = 'queued' AND NOT EXISTS("
                     "SELECT 1 FROM recipient WHERE message = message.key AND ",
                     kUnfinished, ") ORDER BY key LIMIT 1"));
  MessageKey after = 0;
  while (true) {
    const auto finished = FindOne(find, after);
    if (!finished) return finished.error();
    if (!*finished) return {};
    auto removed = batch_.Within([&] { return ledger_.Remove(**finished, sys::WallClock()); });
    if (!removed) return removed;
    after = **finished;
  }
}

// What messages say of the time is believed only where nothing else tells it: the clock that one of them sets ahead makes
// all others too old.
Result<void> Mending::CountAgain() {
  Microseconds clock = clock_;
  if (clock.count() == 0) {
    const auto latest = connection_.ReadNumber("SELECT ifnull(max(waiting_since), 0) FROM message", "mend");
    if (!latest) return latest.error();
    clock = Microseconds(*latest);
  }
  const auto weight = history_.Weigh();
  if (!weight) return weight.error();
  return Execute(
      Cat("UPDATE total SET messages = (SELECT count(*) FROM message WHERE state = 'queued'), "
          "dead = (SELECT count(*) FROM recipient WHERE state = 'dead'), history_bytes = ",
          *weight, ", clock = ", clock.count()));
}

Result<uint64_t> Mending::List(Statement& find, std::vector<std::string>& out) {
  uint64_t count = 0;
  for (Rows rows(find);; ++count) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return count;
    if (out.size() >= Salvaged::kNamed) continue;
    out.push_back(Cat(sys::Printable(rows.Text(0), mail::QueueId::kLength), rows.Text(1).empty() ? "" : ": ",
                      sys::Printable(rows.Text(1), kMaxText)));
  }
}

Result<void> Mending::Report(Salvaged& report) {
  const auto messages = totals_.Read();
  if (!messages) return messages.error();
  report.messages = static_cast<uint64_t>(messages->messages);
  Statement damaged(
      connection_, "mend",
      "SELECT id, (SELECT last_text FROM recipient WHERE message = key AND state = 'dead' AND last_text "
      "LIKE 'damaged in the queue: %' LIMIT 1) AS why FROM message WHERE state = 'queued' AND why <> ''");
  const auto kept = List(damaged, report.damaged);
  if (!kept) return kept.error();
  report.damaged_count = *kept;
  Statement lost(connection_, "mend", Cat("SELECT id, '' FROM history WHERE removed = ", now_.count()));
  const auto gone = List(lost, report.lost);
  if (!gone) return gone.error();
  report.lost_count = *gone;
  return {};
}

}  // namespace outpost::queue
