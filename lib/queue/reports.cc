#include "lib/queue/reports.h"

#include <array>

#include "lib/queue/row_format.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;
using sys::Printable;

constexpr std::array kKinds = {ReportKind::kFailed, ReportKind::kDelayed, ReportKind::kRelayed,
                               ReportKind::kFailedCopy, ReportKind::kDelayedCopy};

std::optional<ReportKind> ParseKind(std::string_view word) {
  for (const auto kind : kKinds) {
    if (ToString(kind) == word) return kind;
  }
  return std::nullopt;
}

// Whatever stands there is told: the row has no other use.
Untold ReadRow(const Rows& row, const std::string& reader, ReportKind kind) {
  Untold untold;
  untold.key = row.Integer(0);
  untold.reader = reader;
  untold.kind = kind;
  untold.since = row.Time(1);
  untold.id = Printable(row.Text(2), kMaxText);
  untold.sender = Printable(row.Text(3), mail::kMaxAddress);
  untold.arrival = row.Time(4);
  untold.envelope_id = Printable(row.Text(5), mail::kMaxEnvelopeId);
  untold.recipient.address = Printable(row.Text(6), mail::kMaxAddress);
  untold.recipient.original = Printable(row.Text(7), mail::kMaxAddress);
  untold.recipient.orcpt = Printable(row.Text(8), mail::kMaxOriginalRecipient);
  untold.status = Printable(row.Text(9), kMaxText);
  untold.text = Printable(row.Text(10), kMaxText);
  untold.relay = Printable(row.Text(11), kMaxText);
  untold.expired = row.Integer(12) != 0;
  return untold;
}

}  // namespace

std::string_view ToString(ReportKind kind) {
  switch (kind) {
    case ReportKind::kFailed:
      return "failed";
    case ReportKind::kDelayed:
      return "delayed";
    case ReportKind::kRelayed:
      return "relayed";
    case ReportKind::kFailedCopy:
      return "copy of failed";
    case ReportKind::kDelayedCopy:
      return "copy of delayed";
  }
  __builtin_trap();
}

Reports::Reports(Connection& connection, Quarantine& quarantine)
    : quarantine_(quarantine),
      as_old_(
          connection, "read what waits from",
          Cat("SELECT ", kMessageColumns,
              " FROM message INDEXED BY message_age WHERE (sender = '') = 0 AND waiting_since = ? AND key > ? AND "
              "state = 'queued' ORDER BY key LIMIT ?")),
      younger_(connection, "read what waits from",
               Cat("SELECT ", kMessageColumns,
                   " FROM message INDEXED BY message_age WHERE (sender = '') = 0 AND waiting_since > ? AND "
                   "waiting_since < ? AND state = 'queued' ORDER BY waiting_since, key LIMIT ?")),
      unsettled_(connection, "read recipients from",
                 Cat("SELECT ", kRecipientColumns, " FROM recipient WHERE message = ? AND (", kWaiting,
                     " OR state = 'dispatched') ORDER BY number LIMIT ?")),
      mark_warned_(connection, "mark as warned of in", "UPDATE message SET warned = ? WHERE key = ?"),
      keep_untold_(connection, "keep a report in",
                   "INSERT INTO untold(reader, kind, since, id, sender, arrival, envid, address, original, orcpt, "
                   "status, text, relay, expired) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      summarize_untold_(connection, "read reports from",
                        "SELECT reader, kind, count(*), min(since) FROM untold GROUP BY reader, kind LIMIT ?"),
      read_untold_(connection, "read reports from",
                   "SELECT key, since, id, sender, arrival, envid, address, original, orcpt, status, text, relay, "
                   "expired FROM untold WHERE reader = ? AND kind = ? ORDER BY key LIMIT ?"),
      erase_untold_(connection, "remove reports from",
                    "DELETE FROM untold WHERE reader = ? AND kind = ? AND key <= ?") {}

// Two searches, as DueIndex::OldMessages makes.
Result<std::vector<QueuedMessage>> Reports::WaitingLonger(const AgePlace& after, Microseconds before,
                                                          size_t limit) {
  std::vector<QueuedMessage> messages;
  const auto append = [&messages](Rows rows) -> Result<void> {
    while (true) {
      const auto found = rows.Next();
      if (!found) return found.error();
      if (!*found) return {};
      // Whoever sends a damaged one sets it aside; here it is a step of the walk.
      messages.push_back(ReadMessage(rows).message);
    }
  };
  if (after.waiting_since < before) {
    if (auto read = append(Rows(as_old_, after.waiting_since, after.message, limit)); !read) return read.error();
  }
  auto read = append(Rows(younger_, after.waiting_since, before, limit - messages.size()));
  if (!read) return read.error();
  return messages;
}

Result<std::vector<QueuedRecipient>> Reports::Unsettled(MessageKey message, size_t limit) {
  std::vector<RecipientRow> read;
  {
    Rows rows(unsettled_, message, limit);
    while (true) {
      const auto found = rows.Next();
      if (!found) return found.error();
      if (!*found) break;
      read.push_back(ReadRecipient(rows));
    }
  }
  std::vector<QueuedRecipient> recipients;
  for (auto& row : read) {
    if (row.fault == nullptr) {
      recipients.push_back(std::move(row.recipient));
    } else if (auto set = quarantine_.SetAside(row); !set) {
      return set.error();
    }
  }
  return recipients;
}

Result<void> Reports::MarkWarned(MessageKey message, Warning warning) {
  return mark_warned_.Run(static_cast<int64_t>(warning), message);
}

Result<void> Reports::KeepUntold(const Untold& untold) {
  const mail::Recipient& recipient = untold.recipient;
  return keep_untold_.Run(untold.reader, ToString(untold.kind), untold.since, untold.id, untold.sender,
                          untold.arrival, untold.envelope_id, recipient.address, recipient.original,
                          recipient.orcpt, Printable(untold.status, kMaxText), Printable(untold.text, kMaxText),
                          Printable(untold.relay, kMaxText), untold.expired ? 1 : 0);
}

Result<std::vector<UntoldSummary>> Reports::SummarizeUntold(size_t limit) {
  std::vector<UntoldSummary> all;
  Rows rows(summarize_untold_, limit);
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return all;
    const auto kind = ParseKind(rows.Text(1));
    if (!kind || !sys::IsCleanText(rows.Text(0))) continue;
    all.push_back({std::string(rows.Text(0)), *kind, static_cast<uint64_t>(rows.Integer(2)), rows.Time(3)});
  }
}

Result<std::vector<Untold>> Reports::ReadUntold(const std::string& reader, ReportKind kind, size_t limit) {
  std::vector<Untold> all;
  Rows rows(read_untold_, reader, ToString(kind), limit);
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return all;
    all.push_back(ReadRow(rows, reader, kind));
  }
}

Result<void> Reports::EraseUntold(const std::string& reader, ReportKind kind, int64_t up_to) {
  return erase_untold_.Run(reader, ToString(kind), up_to);
}

}  // namespace outpost::queue
