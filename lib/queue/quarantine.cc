#include "lib/queue/quarantine.h"

#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Cat;

constexpr size_t kMaxRemembered = 100;  // the runner logs them; more of the same tell nothing new
constexpr std::string_view kStatus = "5.3.0";

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
      set_route_(connection, "set aside recipients in",
                 Cat("UPDATE recipient SET state = 'dead', last_status = ?, last_text = ? "
                     "WHERE generation = ? AND transport = ? AND next_hop = ? AND ",
                     kWaiting)) {}

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

void Quarantine::Remember(MessageKey message, std::string text) {
  if (found_.size() < kMaxRemembered) found_.push_back({message, std::move(text)});
}

}  // namespace outpost::queue
