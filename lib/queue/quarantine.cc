#include "lib/queue/quarantine.h"

#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;

constexpr size_t kMaxRemembered = 100;  // the runner logs them; more of the same tell nothing new
constexpr std::string_view kStatus = "5.3.0";
constexpr int kUnknownAtOnce = 100;

std::string Explain(std::string_view fault) { return Cat("damaged in the queue: ", fault); }

}  // namespace

Quarantine::Quarantine(Connection& connection, Batch& batch, Totals& totals)
    : batch_(batch),
      totals_(totals),
      set_recipient_(connection, "set aside a recipient in",
                     "UPDATE recipient SET state = 'dead', last_status = ?, last_text = ? "
                     "WHERE message = ? AND number = ? AND state <> 'dead'"),
      set_message_(connection, "set aside a message in",
                   "UPDATE recipient SET state = 'dead', last_status = ?, last_text = ? "
                   "WHERE message = ? AND state NOT IN ('sent', 'returned', 'dead')"),
      set_orphans_(connection, "set aside recipients in",
                   Cat("UPDATE recipient SET state = 'dead', last_status = ?, last_text = ? "
                       "WHERE message = ? AND (state = 'dispatched' OR ",
                       kWaiting, ")")),
      set_route_(connection, "set aside recipients in",
                 Cat("UPDATE recipient SET state = 'dead', last_status = ?, last_text = ? "
                     "WHERE generation = ? AND transport = ? AND next_hop = ? AND ",
                     kWaiting)),
      find_unknown_(connection, "look for unknown states in",
                    Cat("SELECT ", kRecipientColumns,
                        " FROM recipient INDEXED BY recipient_unknown WHERE state NOT IN ('incoming', 'queued', "
                        "'dispatched', 'in doubt', 'held', 'sent', 'returned', 'dead') LIMIT ?")),
      find_unknown_message_(connection, "look for unknown states in",
                            "SELECT key, id FROM message WHERE state <> 'queued' AND state NOT IN ('gone', "
                            "'incoming') LIMIT 1"),
      show_message_(connection, "set aside a message in", "UPDATE message SET state = 'queued' WHERE key = ?") {}

Result<void> Quarantine::SetAside(const RecipientRow& row) {
  const MessageKey message = row.recipient.message;
  Remember(message, Cat("recipient <", sys::Printable(row.recipient.recipient.address, 200), ">: ", row.fault));
  const std::string text = Explain(row.fault);
  return batch_.Within([&]() -> Result<void> {
    if (auto set = set_recipient_.Run(kStatus, text, message, row.stored_number); !set) return set;
    totals_.AddDead(set_recipient_.rows_changed());
    return {};
  });
}

Result<void> Quarantine::SetAside(MessageKey message, const std::string& id, std::string_view fault) {
  Remember(message, Cat(sys::Printable(id, mail::QueueId::kLength), ": ", fault));
  const std::string text = Explain(fault);
  return batch_.Within([&]() -> Result<void> {
    if (auto set = set_message_.Run(kStatus, text, message); !set) return set;
    totals_.AddDead(set_message_.rows_changed());
    return {};
  });
}

Result<void> Quarantine::SetAsideOrphans(MessageKey message) {
  constexpr std::string_view kFault = "its message is not there";
  const std::string text = Explain(kFault);
  return batch_.Within([&]() -> Result<void> {
    if (auto set = set_orphans_.Run(kStatus, text, message); !set) return set;
    const int64_t count = set_orphans_.rows_changed();
    totals_.AddDead(count);
    if (count > 0) Remember(message, Cat("recipients of message ", message, ": ", kFault));
    return {};
  });
}

Result<void> Quarantine::SetAside(int64_t generation, const Route& route, std::string_view fault) {
  Remember(0, Cat("route ", sys::Printable(route.transport, 100), ":", sys::Printable(route.next_hop, 200), ": ",
                  fault));
  const std::string text = Explain(fault);
  return batch_.Within([&]() -> Result<void> {
    if (auto set = set_route_.Run(kStatus, text, generation, route.transport, route.next_hop); !set) return set;
    totals_.AddDead(set_route_.rows_changed());
    return {};
  });
}

Result<void> Quarantine::SetAsideUnknown() {
  while (true) {
    std::vector<RecipientRow> found;
    for (Rows rows(find_unknown_, kUnknownAtOnce);;) {
      const auto next = rows.Next();
      if (!next) return next.error();
      if (!*next) break;
      found.push_back(ReadRecipient(rows));
    }
    for (auto& row : found) {
      if (row.fault == nullptr) row.fault = "unknown state";
      if (auto set = SetAside(row); !set) return set;
    }
    if (found.empty()) return SetAsideUnknownMessages();
  }
}

Result<void> Quarantine::SetAsideUnknownMessages() {
  while (true) {
    MessageKey key = 0;
    std::string id;
    {
      Rows rows(find_unknown_message_);
      const auto found = rows.Next();
      if (!found) return found.error();
      if (!*found) return {};
      key = rows.Integer(0);
      id = rows.Text(1);
    }
    if (auto set = SetAside(key, id, "unknown state"); !set) return set;
    auto shown = batch_.Within([&]() -> Result<void> {
      totals_.AddMessages(1);
      return show_message_.Run(key);
    });
    if (!shown) return shown;
  }
}

void Quarantine::Remember(MessageKey message, std::string text) {
  if (found_.size() < kMaxRemembered) found_.push_back({message, std::move(text)});
}

}  // namespace outpost::queue
