#include "queue-runner/workers.h"

#include <algorithm>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "queue-runner/shares.h"

namespace outpost::queue_runner {
namespace {

constexpr size_t kBulkAhead = 2;  // messages that a connection is given at once
constexpr Microseconds kConnectionIdle = std::chrono::seconds(2);
constexpr Microseconds kQuitTimeout = std::chrono::minutes(6);

}  // namespace

Workers::Workers(Context& context, Pool& pool, std::string next_hop, AgentOwner& agent_owner,
                 ConnectionOwner& connection_owner)
    : context_(context),
      pool_(pool),
      next_hop_(std::move(next_hop)),
      agent_owner_(agent_owner),
      connection_owner_(connection_owner) {}

Workers::~Workers() {
  context_.loop.Cancel(check_timer_);
  pool_.connections -= connections_.size();
  if (agent_) --pool_.agents;
}

sys::Result<bool> Workers::MakeReady(bool verified_elsewhere) {
  if (agent_) return agent_->is_prepared();
  if (pool_.agents >= context_.policy.connections_in_all) return false;
  auto agent = std::make_shared<Agent>(context_, agent_owner_, next_hop_, verified_elsewhere);
  if (auto started = agent->Start(); !started) return started.error();
  agent_ = std::move(agent);
  ++pool_.agents;
  return false;
}

// One more of the connections may carry bulk.
bool Workers::MayBecomeBulk(size_t allowed) const {
  return CountBulk() < MostBulk(allowed) && pool_.bulk_connections < MostBulk(context_.policy.connections_in_all);
}

// Light mail goes where no bulk is before it, unless there is but one connection.
bool Workers::MayCarry(const Connection& connection, const Demand& demand) const {
  if (demand.lane == queue::Lane::kLight) return connection.bulk_load() == 0 || demand.allowed < 2;
  return connection.bulk_load() > 0 || MayBecomeBulk(demand.allowed);
}

// An idle connection; else another one, while those that stand are given all they take; else the least loaded.
Workers::Room Workers::LookForRoom(const Demand& demand) const {
  const bool is_bulk = demand.lane == queue::Lane::kBulk;
  Connection* least = nullptr;
  size_t load = 0;
  size_t enough = 0;
  for (const auto& connection : connections_) {
    if (connection->is_finishing() || connection->is_closed() || !MayCarry(*connection, demand)) continue;
    load += connection->load();
    enough += is_bulk ? kBulkAhead : connection->ahead();
    if (least == nullptr || connection->load() < least->load()) least = connection.get();
  }
  if (least != nullptr && least->load() == 0) return {least, false};
  const bool may_open = load + demand.waiting >= enough && connections_.size() < demand.allowed &&
                        pool_.connections < context_.policy.connections_in_all &&
                        (!is_bulk || MayBecomeBulk(demand.allowed));
  if (least != nullptr && least->load() >= (is_bulk ? kBulkAhead : least->ahead())) least = nullptr;
  return {least, may_open};
}

bool Workers::HasRoom(const Demand& demand) const {
  const Room room = LookForRoom(demand);
  return room.standing != nullptr || room.may_open;
}

Connection* Workers::FindRoom(const Demand& demand) {
  const Room room = LookForRoom(demand);
  Connection* opened = room.may_open ? Open() : nullptr;
  return opened != nullptr ? opened : room.standing;
}

Connection* Workers::Open() {
  const uint64_t number = pool_.next_connection++;
  auto channel = agent_->Connect(number);
  if (!channel) return nullptr;  // the program is gone, as its channel will say
  auto connection = std::make_unique<Connection>(context_, connection_owner_, number, std::move(*channel));
  if (!connection->Watch()) return nullptr;
  ++pool_.connections;
  connections_.push_back(std::move(connection));
  ArmCheck(context_.policy.daemon_timeout);
  return connections_.back().get();
}

void Workers::Retire() {
  if (!agent_) return;
  --pool_.agents;
  // Its process ends when its channel closes, and it must not be destroyed by its own call.
  ended_agents_.push_back(std::exchange(agent_, nullptr));
  for (const auto& connection : connections_) connection->Finish();
  context_.ask_for_round();
}

void Workers::OnPrepared() {
  idle_since_ = sys::MonotonicClock();
  ArmCheck(context_.policy.max_idle);
}

void Workers::OnIdle() { ArmCheck(kConnectionIdle); }

void Workers::Drop(uint64_t number) {
  const auto it = std::ranges::find_if(connections_, [&](const auto& one) { return one->number() == number; });
  if (it != connections_.end()) (*it)->Drop();
}

void Workers::FinishIdle() {
  for (const auto& connection : connections_) {
    if (connection->load() == 0) connection->Finish();
  }
}

void Workers::DropAll() {
  for (const auto& connection : connections_) connection->Drop();
}

void Workers::Sweep() {
  ended_agents_.clear();
  const size_t before = connections_.size();
  std::erase_if(connections_, [](const auto& one) { return one->is_closed(); });
  pool_.connections -= before - connections_.size();
  if (!connections_.empty() || before == 0) return;
  idle_since_ = sys::MonotonicClock();
  if (agent_) ArmCheck(context_.policy.max_idle);
}

size_t Workers::CountStanding(const Connection* but) const {
  return static_cast<size_t>(std::ranges::count_if(connections_, [but](const auto& one) {
    return one.get() != but && one->is_connected() && !one->is_closed() && !one->is_finishing();
  }));
}

size_t Workers::CountBusy() const {
  return static_cast<size_t>(std::ranges::count_if(connections_, [](const auto& one) { return one->load() > 0; }));
}

size_t Workers::CountBulk() const {
  return static_cast<size_t>(
      std::ranges::count_if(connections_, [](const auto& one) { return one->bulk_load() > 0; }));
}

bool Workers::HasUsable() const {
  return std::ranges::any_of(connections_,
                             [](const auto& one) { return !one->is_finishing() && !one->is_closed(); });
}

bool Workers::HasLoad() const {
  return std::ranges::any_of(connections_, [](const auto& one) { return one->load() > 0; });
}

bool Workers::AreFed() const {
  size_t enough = 0;
  size_t load = 0;
  for (const auto& connection : connections_) {
    if (connection->is_finishing() || connection->is_closed()) continue;
    enough += connection->ahead();
    load += connection->load();
  }
  return enough > 0 && load >= enough / 2;
}

// --- time

void Workers::ArmCheck(Microseconds delay) {
  const Microseconds when = sys::MonotonicClock() + delay;
  if (check_timer_ != 0 && check_at_ <= when) return;
  context_.loop.Cancel(check_timer_);
  check_at_ = when;
  check_timer_ = context_.loop.After(delay, [this] {
    check_timer_ = 0;
    Check();
  });
}

// Ends connections without work, those that hang, and a program that nobody has needed for long.
void Workers::Check() {
  const Microseconds now = sys::MonotonicClock();
  for (const auto& connection : connections_) {
    if (!connection->is_closed()) CheckConnection(*connection, now);
  }
  if (!agent_ || !connections_.empty() || !agent_->is_prepared()) return;
  const Microseconds left = idle_since_ + context_.policy.max_idle - now;
  if (left > Microseconds::zero()) return ArmCheck(left);
  Retire();
}

void Workers::CheckConnection(Connection& connection, Microseconds now) {
  const bool idle = connection.load() == 0;
  Microseconds limit = context_.policy.daemon_timeout;
  if (idle) limit = connection.is_finishing() ? kQuitTimeout : kConnectionIdle;
  const Microseconds left = connection.last_heard() + limit - now;
  if (left > Microseconds::zero()) return ArmCheck(left);
  if (idle && !connection.is_finishing()) {
    connection.Finish();
    return ArmCheck(kQuitTimeout);
  }
  if (!idle) context_.log.Warning(sys::Cat(next_hop_, ": a connection that hangs is given up"));
  connection.Drop();
  // It may be that the program forks for nobody any more (it is stopped): then the next connection would hang as well.
  if (!idle && !connection.is_connected()) Retire();
}

}  // namespace outpost::queue_runner
