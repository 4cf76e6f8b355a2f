#include "queue-runner/destination.h"

#include <algorithm>
#include <utility>

#include "lib/mail/date.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "queue-runner/log_lines.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

constexpr size_t kAhead = 4;         // messages that a connection is given at once
constexpr size_t kPage = 128;        // recipients read from the queue at once
constexpr size_t kExpiredPage = 50;  // recipients returned at once
constexpr uint64_t kContentInMemory = 16 * 1024 * 1024;
constexpr uint64_t kSmallContent = 64 * 1024;  // what is handed on from its intake, without being counted
constexpr Microseconds kConnectionIdle = std::chrono::seconds(2);
constexpr Microseconds kQuitTimeout = std::chrono::minutes(6);
constexpr mail::EnhancedStatus kLocalTrouble{4, 3, 0};

int64_t Seconds(Microseconds time) { return std::chrono::duration_cast<std::chrono::seconds>(time).count(); }

}  // namespace

Destination::Destination(Context& context, Verdicts& verdicts, Pool& pool, queue::Route route)
    : context_(context),
      verdicts_(verdicts),
      pool_(pool),
      route_(std::move(route)),
      concurrency_(context.policy.concurrency) {}

Destination::~Destination() {
  context_.loop.Cancel(probe_timer_);
  context_.loop.Cancel(check_timer_);
  pool_.connections -= connections_.size();
  if (agent_) --pool_.agents;
}

// --- choosing

void Destination::TakeFresh(const FreshMessage& fresh, std::vector<queue::QueuedRecipient> recipients,
                            std::vector<Chosen>& chosen) {
  const bool in_turn = !stopping_ && !HasWork() && !concurrency_.is_open();
  const bool small =
      recipients.size() <= context_.policy.recipients_a_delivery && fresh.facts.content_bytes <= kSmallContent;
  Connection* connection = nullptr;
  if (in_turn && small && IsProgramReady()) connection = FindRoom(concurrency_.Allowed(sys::MonotonicClock()));
  if (connection == nullptr) {
    may_have_due_ = true;
    return;
  }
  bool added = false;
  auto unit = std::make_shared<Unit>();
  unit->message = context_.active.FindOrAdd(fresh.facts, sys::WallClock(), added);
  if (!unit->message->content) unit->message->content = fresh.content;
  unit->recipients = std::move(recipients);
  took_fresh_ = true;
  Choose(*connection, std::move(unit), chosen);
}

void Destination::Select(std::vector<Chosen>& chosen) {
  Sweep();
  has_unrecorded_ = std::exchange(took_fresh_, false);
  const Microseconds now = sys::MonotonicClock();
  const size_t allowed = concurrency_.Allowed(now);
  if (stopping_ || !HasWork()) return;
  if (allowed == 0) return ArmProbe();
  if (ready_.empty()) ReadQueue();
  if (ready_.empty() || !IsProgramReady()) return;
  if (concurrency_.is_open()) {  // one connection, one message
    const bool probing = std::ranges::any_of(connections_, [](const auto& one) { return !one->is_finishing(); });
    if (probing) return;
    if (auto unit = NextUnit()) {
      if (Connection* connection = OpenConnection()) {
        concurrency_.OnProbe();
        Choose(*connection, std::move(unit), chosen);
      }
    }
    return;
  }
  while (Connection* connection = FindRoom(allowed)) {
    auto unit = NextUnit();
    if (!unit) break;
    Choose(*connection, std::move(unit), chosen);
  }
}

void Destination::Choose(Connection& connection, UnitPointer unit, std::vector<Chosen>& chosen) {
  has_unrecorded_ = true;
  unit->answered.assign(unit->recipients.size(), false);
  ++unit->message->units_in_flight;
  connection.Reserve(unit);
  chosen.push_back({&connection, std::move(unit)});
}

void Destination::TakeBack(const Chosen& chosen) {
  chosen.connection->Withdraw(chosen.unit);
  --chosen.unit->message->units_in_flight;
  concurrency_.OnProbeDropped();
  ready_.clear();
  may_have_due_ = true;
}

void Destination::ReadQueue() {
  if (has_unrecorded_) {
    context_.ask_for_round();  // what has been chosen must be recorded first, or it is read again
    return;
  }
  has_unrecorded_ = true;
  auto due = context_.queue.Due(route_, sys::WallClock(), kPage);
  if (!due) {
    context_.log.Error(due.error().text());
    return;
  }
  may_have_due_ = due->size() >= kPage;
  for (auto& recipient : *due) {
    if (IsRoutedHere(recipient)) ready_.push_back(std::move(recipient));
  }
}

// Settings may have changed since its route was decided: then it is sent on its way.
bool Destination::IsRoutedHere(const queue::QueuedRecipient& recipient) {
  const queue::Route route = ResolveAgain(recipient, context_.policy.routing);
  if (route == route_) return true;
  context_.batch.Add({[this, key = recipient.key, route] {
                        return context_.queue.SetRoute(key, route, context_.policy.generation);
                      },
                      [this, route] { verdicts_.NoteDue(route); }, [](const sys::Error&) {}});
  return false;
}

// The next recipients of one message.
UnitPointer Destination::NextUnit() {
  if (pool_.content_in_memory > kContentInMemory) return nullptr;
  if (ready_.empty() && may_have_due_) ReadQueue();
  while (!ready_.empty()) {
    const queue::MessageKey key = ready_.front().message;
    auto message = context_.active.Find(key);
    if (!message) {
      auto facts = context_.queue.Message(key);
      if (facts && facts->has_value()) {
        bool added = false;
        message = context_.active.FindOrAdd(std::move(**facts), sys::WallClock(), added);
      }
    }
    auto unit = std::make_shared<Unit>();
    unit->message = message;
    while (!ready_.empty() && ready_.front().message == key &&
           unit->recipients.size() < context_.policy.recipients_a_delivery) {
      // Where the commit of what became of it failed, the queue says "due" of what may be sent already.
      const bool usable = message && !verdicts_.HasFailedToCommit(key);
      if (usable) unit->recipients.push_back(std::move(ready_.front()));
      ready_.pop_front();
    }
    if (unit->recipients.empty()) continue;
    if (LoadContent(message)) return unit;
    const Microseconds later = sys::WallClock() + context_.policy.schedule.minimal_backoff_time;
    for (const auto& one : unit->recipients)
      verdicts_.Defer(message, one, "4.3.0", "cannot read the content", later);
  }
  return nullptr;
}

bool Destination::LoadContent(const ActivePointer& message) {
  if (message->content) return true;
  auto content = context_.queue.Content(message->facts.key, context_.scratch_directory);
  if (!content) {
    context_.log.Error(Cat(message->facts.id.text(), ": ", content.error().text()));
    return false;
  }
  const uint64_t bytes = content->size() <= sys::Scratch::kMemoryBytes ? content->size() : 0;
  pool_.content_in_memory += bytes;
  message->content = std::shared_ptr<const sys::ReadOnlyFd>(new sys::ReadOnlyFd(std::move(*content)),
                                                            [this_pool = &pool_, bytes](const sys::ReadOnlyFd* fd) {
                                                              this_pool->content_in_memory -= bytes;
                                                              delete fd;
                                                            });
  return true;
}

// An idle connection; else another one, while those that stand are given all they take; else the least loaded.
Connection* Destination::FindRoom(size_t allowed) {
  Connection* least = nullptr;
  size_t usable = 0;
  size_t load = 0;
  for (const auto& connection : connections_) {
    load += connection->load();
    if (connection->is_finishing() || connection->is_closed()) continue;
    ++usable;
    if (least == nullptr || connection->load() < least->load()) least = connection.get();
  }
  if (least != nullptr && least->load() == 0) return least;
  const bool enough = load + ready_.size() < usable * kAhead;
  if (!enough && connections_.size() < allowed && pool_.connections < context_.policy.connections_in_all) {
    if (Connection* opened = OpenConnection()) return opened;
  }
  return least != nullptr && least->load() < kAhead ? least : nullptr;
}

bool Destination::IsFed() const {
  size_t usable = 0;
  size_t load = 0;
  for (const auto& connection : connections_) {
    if (connection->is_finishing() || connection->is_closed()) continue;
    ++usable;
    load += connection->load();
  }
  return usable > 0 && load >= usable * kAhead / 2;
}

// --- programs and connections

bool Destination::IsProgramReady() {
  if (agent_) return agent_->is_prepared();
  if (pool_.agents >= context_.policy.connections_in_all) return false;
  auto agent = std::make_shared<Agent>(context_, static_cast<AgentOwner&>(*this), route_.next_hop);
  if (auto started = agent->Start(); !started) {
    Fail({kLocalTrouble, started.error().text(), mail::Fault::kPath}, 0);
    return false;
  }
  agent_ = std::move(agent);
  ++pool_.agents;
  return false;
}

Connection* Destination::OpenConnection() {
  const uint64_t number = pool_.next_connection++;
  auto channel = agent_->Connect(number);
  if (!channel) return nullptr;  // the program is gone, as its channel will say
  auto connection =
      std::make_unique<Connection>(context_, static_cast<ConnectionOwner&>(*this), number, std::move(*channel));
  if (!connection->Watch()) return nullptr;
  ++pool_.connections;
  connections_.push_back(std::move(connection));
  ArmCheck(context_.policy.daemon_timeout);
  return connections_.back().get();
}

void Destination::OnPrepared(Agent&) {
  idle_since_ = sys::MonotonicClock();
  ArmCheck(context_.policy.max_idle);
}

void Destination::OnAgentFailed(Agent& agent, const mail::Deferred& why) {
  if (agent_.get() != &agent) return;  // one that had been retired
  const bool was_prepared = agent.is_prepared();
  RetireProgram();
  if (!was_prepared) Fail(why, 0);
}

void Destination::OnConnectionEnded(uint64_t number) {
  const auto it = std::ranges::find_if(connections_, [&](const auto& one) { return one->number() == number; });
  if (it != connections_.end()) (*it)->Drop();
}

void Destination::RetireProgram() {
  if (!agent_) return;
  --pool_.agents;
  // Its process ends when its channel closes, and it must not be destroyed by its own call.
  ended_agents_.push_back(std::exchange(agent_, nullptr));
  for (const auto& connection : connections_) connection->Finish();
  context_.ask_for_round();
}

void Destination::OnConnected(Connection&, const ipc::Connected&) {
  if (!concurrency_.is_open()) return;
  concurrency_.OnConnected();
  context_.log.Info(Cat(route_.next_hop, ": takes mail again"));
}

void Destination::OnVerdict(Connection&, Unit& unit, const std::vector<size_t>& indices,
                            const ipc::Verdicts& verdicts) {
  bool stopped = false;
  for (const size_t index : indices) {
    stopped = verdicts_.OnVerdict(unit, index, verdicts.verdict, verdicts.relay) || stopped;
  }
  if (!stopped) return;
  Fail(std::get<mail::Deferred>(verdicts.verdict), 0);
}

void Destination::OnUnitDone(Connection& connection, Unit& unit) {
  // `last` came without a word on some: they were not attempted.
  for (size_t i = 0; i < unit.answered.size(); ++i) {
    if (unit.answered[i]) continue;
    if (unit.begun) {
      verdicts_.OnSilence(unit, i);
    } else {
      verdicts_.OnVerdict(unit, i,
                          mail::Deferred{kLocalTrouble, "no word from outpost-smtp", mail::Fault::kMessage}, "");
    }
  }
  verdicts_.OnUnitEnd(unit);
  concurrency_.OnDelivery(sys::MonotonicClock());
  if (connection.load() > 0) return;
  if (stopping_) return connection.Finish();
  ArmCheck(kConnectionIdle);
}

void Destination::OnClosed(Connection& connection, std::deque<UnitPointer> left,
                           const std::optional<mail::Deferred>& why) {
  const bool account = why && why->fault == mail::Fault::kAccount;
  // A connection that did its work and then ended (a relay's limit, its time-out) says nothing of the destination.
  const bool worked = connection.has_delivered() && !account;
  const mail::Deferred silent{kLocalTrouble, "outpost-smtp ended without a word", mail::Fault::kPath};
  const bool failed = !abandoning_ && !worked && (why || !left.empty());
  if (failed) Fail(why ? *why : silent, CountStanding(&connection));
  const bool stopped = failed && concurrency_.is_open();
  for (size_t i = 0; i < left.size(); ++i) {
    Unit& unit = *left[i];
    if (i == 0 && !why && !abandoning_ && !unit.begun) {
      Suspect(unit, silent);
    } else {
      GiveBack(unit, stopped && why ? &*why : nullptr, i == 0);
    }
  }
  context_.ask_for_round();
}

// It may be what the program died of: it does not go again at once.
void Destination::Suspect(Unit& unit, const mail::Deferred& silent) {
  for (size_t i = 0; i < unit.answered.size(); ++i) {
    if (unit.answered[i]) continue;
    verdicts_.OnVerdict(unit, i, mail::Deferred{silent.status, silent.why, mail::Fault::kMessage}, "");
  }
  verdicts_.OnUnitEnd(unit);
}

void Destination::GiveBack(Unit& unit, const mail::Deferred* why, bool counts) {
  for (size_t i = 0; i < unit.answered.size(); ++i) {
    if (unit.answered[i]) continue;
    if (unit.begun) {
      verdicts_.OnSilence(unit, i);
    } else {
      verdicts_.OnNotAttempted(unit, i, why, counts);
    }
  }
  verdicts_.OnUnitEnd(unit);
}

void Destination::Fail(const mail::Deferred& why, size_t standing) {
  const bool was_open = concurrency_.is_open();
  const Microseconds now = sys::MonotonicClock();
  if (!concurrency_.OnFailure(why, standing, now)) return;
  ready_.clear();
  may_have_due_ = true;
  has_expired_ = why.fault != mail::Fault::kAccount;
  // The next try prepares afresh: what is mended in the tables by then is seen.
  if (why.fault == mail::Fault::kAccount) RetireProgram();
  const std::string next = Cat("; its mail waits, next try in ", Seconds(concurrency_.next_probe() - now), " s");
  if (!was_open) context_.log.Warning(Cat(route_.next_hop, ": ", why.why, next));
  ArmProbe();
}

size_t Destination::CountStanding(const Connection* but) const {
  return static_cast<size_t>(std::ranges::count_if(connections_, [but](const auto& one) {
    return one.get() != but && one->is_connected() && !one->is_closed() && !one->is_finishing();
  }));
}

void Destination::Sweep() {
  ended_agents_.clear();
  const size_t before = connections_.size();
  std::erase_if(connections_, [](const auto& one) { return one->is_closed(); });
  pool_.connections -= before - connections_.size();
  if (connections_.empty() && before > 0) {
    idle_since_ = sys::MonotonicClock();
    if (agent_) ArmCheck(context_.policy.max_idle);
  }
}

// --- time

void Destination::ArmProbe() {
  if (!concurrency_.is_open() || stopping_) return;
  context_.loop.Cancel(probe_timer_);
  const Microseconds delay = concurrency_.next_probe() - sys::MonotonicClock();
  probe_timer_ = context_.loop.After(delay, [] {});  // a round, which selects
}

void Destination::ArmCheck(Microseconds delay) {
  const Microseconds when = sys::MonotonicClock() + delay;
  if (check_timer_ != 0 && check_at_ <= when) return;
  context_.loop.Cancel(check_timer_);
  check_at_ = when;
  check_timer_ = context_.loop.After(delay, [this] {
    check_timer_ = 0;
    CheckConnections();
  });
}

// Ends connections without work, those that hang, and a program that nobody has needed for long.
void Destination::CheckConnections() {
  const Microseconds now = sys::MonotonicClock();
  for (const auto& connection : connections_) {
    if (connection->is_closed()) continue;
    const bool idle = connection->load() == 0;
    const Microseconds limit = connection->is_finishing() ? (idle ? kQuitTimeout : context_.policy.daemon_timeout)
                               : idle                     ? kConnectionIdle
                                                          : Microseconds(context_.policy.daemon_timeout);
    const Microseconds left = connection->last_heard() + limit - now;
    if (left > Microseconds::zero()) {
      ArmCheck(left);
    } else if (idle && !connection->is_finishing()) {
      connection->Finish();
      ArmCheck(kQuitTimeout);
    } else {
      if (!idle) context_.log.Warning(Cat(route_.next_hop, ": a connection that hangs is given up"));
      connection->Drop();
    }
  }
  if (!agent_ || !connections_.empty() || !agent_->is_prepared()) return;
  const Microseconds left = idle_since_ + context_.policy.max_idle - now;
  if (left > Microseconds::zero()) return ArmCheck(left);
  RetireProgram();
}

void Destination::ReturnExpired() {
  if (!std::exchange(has_expired_, false) || !concurrency_.is_open()) return;
  const auto& schedule = context_.policy.schedule;
  const Microseconds now = sys::WallClock();
  const Microseconds longest = std::max(schedule.maximal_queue_lifetime, schedule.bounce_queue_lifetime);
  auto waiting = context_.queue.WaitingSince(route_, now - longest, kExpiredPage);
  if (!waiting) return context_.log.Error(waiting.error().text());
  const mail::Deferred& why = concurrency_.reason();
  for (const auto& recipient : *waiting) {
    auto message = context_.active.Find(recipient.message);
    if (!message) {
      auto facts = context_.queue.Message(recipient.message);
      if (!facts || !facts->has_value()) continue;
      bool added = false;
      message = context_.active.FindOrAdd(std::move(**facts), now, added);
    }
    verdicts_.Return(message, recipient, why.status.ToString(), why.why, true);
  }
  has_expired_ = waiting->size() >= kExpiredPage;
  if (has_expired_) context_.ask_for_round();
}

// --- orders from above

void Destination::Reset() {
  concurrency_ = Concurrency(context_.policy.concurrency);
  context_.loop.Cancel(std::exchange(probe_timer_, 0));
  RetireProgram();
  ready_.clear();
  may_have_due_ = true;
}

void Destination::Stop() {
  stopping_ = true;
  for (const auto& connection : connections_) {
    if (connection->load() == 0) connection->Finish();
  }
}

void Destination::Abandon() {
  abandoning_ = true;
  for (const auto& connection : connections_) connection->Drop();
  RetireProgram();
}

bool Destination::has_in_flight() const {
  return std::ranges::any_of(connections_, [](const auto& one) { return one->load() > 0; });
}

bool Destination::IsQuiet() const {
  if (has_in_flight()) return false;
  return !HasWork() || concurrency_.Allowed(sys::MonotonicClock()) == 0;
}

bool Destination::IsForgettable() const {
  return connections_.empty() && !agent_ && ended_agents_.empty() && !HasWork() && !concurrency_.is_open();
}

Waiting Destination::WhyWaiting() const {
  if (!concurrency_.is_open()) return {};
  const Microseconds left = std::max(concurrency_.next_probe() - sys::MonotonicClock(), Microseconds::zero());
  return {concurrency_.reason().why, sys::WallClock() + left};
}

std::string Destination::StatusLine() const {
  if (!concurrency_.is_open()) return "";
  const Microseconds now = sys::MonotonicClock();
  const Microseconds since = sys::WallClock() - (now - concurrency_.open_since());
  const int64_t wait = std::max<int64_t>(Seconds(concurrency_.next_probe() - now), 0);
  return sys::Printable(Cat(route_.next_hop, ": ", concurrency_.reason().why, "; since ", mail::FormatDate(since),
                            ", next try in ", wait, " s"));
}

}  // namespace outpost::queue_runner
