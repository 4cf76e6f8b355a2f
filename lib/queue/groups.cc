#include "lib/queue/groups.h"

#include <string>

#include "lib/queue/row_format.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

constexpr const char* kLooking = "look for what is due in";

std::string Select(std::string_view columns, std::string_view where, std::string_view order) {
  return sys::Cat("SELECT ", columns, " FROM recipient INDEXED BY recipient_waiting WHERE ", where, " AND ",
                  kWaiting, " ORDER BY ", order, " LIMIT 1");
}

std::string SelectGroup(std::string_view where, std::string_view order) {
  return Select("generation, transport, next_hop, bulk, uid", where, order);
}

Result<std::optional<Group>> ReadGroup(Rows rows) {
  const auto found = rows.Next();
  if (!found) return found.error();
  if (!*found) return std::optional<Group>();
  return std::optional<Group>(
      {rows.Integer(0), {std::string(rows.Text(1)), std::string(rows.Text(2))}, rows.Integer(3), rows.Integer(4)});
}

Result<std::optional<Microseconds>> ReadAttempt(Rows rows) {
  const auto found = rows.Next();
  if (!found) return found.error();
  if (!*found) return std::optional<Microseconds>();
  return std::optional<Microseconds>(rows.Time(0));
}

}  // namespace

Groups::Groups(Connection& connection)
    : next_user_(connection, kLooking,
                 SelectGroup("generation = ? AND transport = ? AND next_hop = ? AND bulk = ? AND uid > ?", "uid")),
      next_lane_(connection, kLooking,
                 SelectGroup("generation = ? AND transport = ? AND next_hop = ? AND bulk > ?", "bulk, uid")),
      next_hop_(connection, kLooking,
                SelectGroup("generation = ? AND transport = ? AND next_hop > ?", "next_hop, bulk, uid")),
      next_transport_(connection, kLooking,
                      SelectGroup("generation = ? AND transport > ?", "transport, next_hop, bulk, uid")),
      next_generation_group_(connection, kLooking,
                             SelectGroup("generation > ?", "generation, transport, next_hop, bulk, uid")),
      next_generation_(connection, kLooking, Select("generation", "generation >= ?", "generation")),
      first_attempt_(connection, kLooking,
                     Select("next_attempt",
                            "generation = ? AND transport = ? AND next_hop = ? AND bulk = ? AND uid = ? AND "
                            "next_attempt > ?",
                            "next_attempt")),
      last_attempt_(
          connection, kLooking,
          Select("next_attempt", "generation = ? AND transport = ? AND next_hop = ? AND bulk = ? AND uid = ?",
                 "next_attempt DESC")) {}

// Five seeks instead of one comparison of (generation, transport, next_hop, bulk, uid): SQLite would walk over all entries
// that are equal to the group, which may be the whole queue.
Result<std::optional<Group>> Groups::Next(const Group& group) {
  const auto& [transport, next_hop] = group.route;
  auto next = NextUser(group);
  if (!next || next.value()) return next;
  next = ReadGroup(Rows(next_lane_, group.generation, transport, next_hop, group.bulk));
  if (!next || next.value()) return next;
  next = ReadGroup(Rows(next_hop_, group.generation, transport, next_hop));
  if (!next || next.value()) return next;
  next = ReadGroup(Rows(next_transport_, group.generation, transport));
  if (!next || next.value()) return next;
  return ReadGroup(Rows(next_generation_group_, group.generation));
}

Result<std::optional<Group>> Groups::NextUser(const Group& group) {
  return ReadGroup(
      Rows(next_user_, group.generation, group.route.transport, group.route.next_hop, group.bulk, group.uid));
}

Result<std::optional<int64_t>> Groups::NextGeneration(int64_t at_least) {
  Rows rows(next_generation_, at_least);
  const auto found = rows.Next();
  if (!found) return found.error();
  if (!*found) return std::optional<int64_t>();
  return std::optional<int64_t>(rows.Integer(0));
}

Result<std::optional<Microseconds>> Groups::FirstAttempt(const Group& group, Microseconds after) {
  return ReadAttempt(Rows(first_attempt_, group.generation, group.route.transport, group.route.next_hop, group.bulk,
                          group.uid, after));
}

Result<std::optional<Microseconds>> Groups::LastAttempt(const Group& group) {
  return ReadAttempt(
      Rows(last_attempt_, group.generation, group.route.transport, group.route.next_hop, group.bulk, group.uid));
}

}  // namespace outpost::queue
