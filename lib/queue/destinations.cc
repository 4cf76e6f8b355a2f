#include "lib/queue/destinations.h"

#include <cmath>

#include "lib/queue/row_format.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::Printable;

std::optional<Destination> ReadDestination(const Rows& row) {
  const double window = row.Real(2);
  const int64_t depth = row.Integer(5);
  if (!std::isfinite(window) || window < 0 || depth < 0 || depth > UINT32_MAX) return std::nullopt;
  if (!IsTime(row.Integer(4))) return std::nullopt;
  Destination destination;
  destination.next_hop = row.Text(0);
  destination.account = row.Text(1);
  destination.window = window;
  destination.circuit = row.Text(3);
  destination.since = row.Time(4);
  destination.depth = static_cast<uint32_t>(depth);
  destination.certificate = row.Text(6);
  destination.last_error = Printable(row.Text(7), kMaxText);
  for (const std::string* text :
       {&destination.next_hop, &destination.account, &destination.circuit, &destination.certificate}) {
    if (!sys::IsCleanText(*text)) return std::nullopt;
  }
  return destination;
}

}  // namespace

Destinations::Destinations(Connection& connection)
    : find_(connection, "look for a destination in",
            "SELECT next_hop, account, window, circuit, since, depth, certificate, last_error FROM destination "
            "WHERE next_hop = ? AND account = ?"),
      save_(connection, "save a destination in",
            "INSERT OR REPLACE INTO destination(next_hop, account, window, circuit, since, depth, certificate, "
            "last_error) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"),
      forget_(connection, "forget a destination in", "DELETE FROM destination WHERE next_hop = ? AND account = ?"),
      forget_before_(connection, "forget destinations in",
                     "DELETE FROM destination WHERE since < ? AND circuit NOT LIKE '% told' AND "
                     "circuit NOT LIKE 'open account%'") {}

Result<std::optional<Destination>> Destinations::Find(std::string_view next_hop, std::string_view account) {
  Rows rows(find_, next_hop, account);
  const auto found = rows.Next();
  if (!found) return found.error();
  return *found ? ReadDestination(rows) : std::optional<Destination>();
}

Result<void> Destinations::Save(const Destination& destination) {
  return save_.Run(destination.next_hop, destination.account, destination.window, destination.circuit,
                   destination.since, destination.depth, destination.certificate,
                   Printable(destination.last_error, kMaxText));
}

Result<void> Destinations::Forget(std::string_view next_hop, std::string_view account) {
  return forget_.Run(next_hop, account);
}

Result<void> Destinations::ForgetBefore(Microseconds before) { return forget_before_.Run(before); }

}  // namespace outpost::queue
