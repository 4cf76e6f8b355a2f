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
    : load_all_(connection, "load destinations from",
                "SELECT next_hop, account, window, circuit, since, depth, certificate, last_error FROM destination "
                "LIMIT ?"),
      save_(connection, "save a destination in",
            "INSERT OR REPLACE INTO destination(next_hop, account, window, circuit, since, depth, certificate, "
            "last_error) VALUES(?, ?, ?, ?, ?, ?, ?, ?)") {}

Result<std::vector<Destination>> Destinations::LoadAll(size_t limit) {
  std::vector<Destination> destinations;
  Rows rows(load_all_, limit);
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return destinations;
    if (auto destination = ReadDestination(rows)) destinations.push_back(std::move(*destination));
  }
}

Result<void> Destinations::Save(const Destination& destination) {
  return save_.Run(destination.next_hop, destination.account, destination.window, destination.circuit,
                   destination.since, destination.depth, destination.certificate,
                   Printable(destination.last_error, kMaxText));
}

}  // namespace outpost::queue
