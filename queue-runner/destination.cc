#include "queue-runner/destination.h"

#include <algorithm>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "queue-runner/unanswered.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

constexpr mail::EnhancedStatus kLocalTrouble{4, 3, 0};
constexpr Microseconds kLongFull = std::chrono::seconds(5);  // shorter is no news

// "host[address]:port" -> the address.
std::optional<IpAddress> AddressIn(const std::string& relay) {
  const size_t begin = relay.find('[') + 1;
  const size_t end = relay.find(']', begin);
  if (begin == 0 || end == std::string::npos) return std::nullopt;
  return IpAddress::Parse(relay.substr(begin, end - begin));
}

}  // namespace

Destination::Destination(Context& context, Verdicts& verdicts, Pool& pool, queue::Route route)
    : context_(context),
      verdicts_(verdicts),
      pool_(pool),
      backlog_(context, verdicts, pool, std::move(route)),
      window_(context.policy.window),
      circuit_(context.policy.circuit),
      standing_(context, backlog_.route()),
      workers_(context, pool, backlog_.route().next_hop, *this, *this) {
  LookForWay();
}

Destination::~Destination() { context_.loop.Cancel(wake_up_); }

// --- choosing

void Destination::TakeFresh(const FreshMessage& fresh, std::vector<queue::QueuedRecipient> recipients,
                            std::vector<Chosen>& chosen) {
  const queue::Lane lane = queue::LaneOf(fresh.recipients.size(), fresh.facts.content_bytes);
  if (stopping_ || circuit_.is_open() || backlog_.WaitsForFlush()) return backlog_.NoteDue();
  const size_t allowed = Allowed();
  const bool held = standing_.Holds(fresh.facts.envelope.sender);
  const bool in_one = !held && recipients.size() <= context_.policy.recipients_a_delivery;
  Connection* connection = nullptr;
  if (allowed > 0 && !backlog_.HasWork(lane) && in_one && IsProgramReady()) {
    connection = workers_.FindRoom({lane, 0, allowed});
  }
  if (connection == nullptr && lane == queue::Lane::kLight) return backlog_.NoteNewest(std::move(recipients));
  if (connection == nullptr) return backlog_.NoteDue();
  auto unit = std::make_shared<Unit>();
  unit->lane = lane;
  unit->message = context_.active.FindOrAdd(fresh.facts);
  if (!unit->message->content) unit->message->content = fresh.content;
  unit->recipients = std::move(recipients);
  Choose(connection, std::move(unit), chosen);
}

// The window; one where each delivery is followed by a pause, and none while there is one; of an open circuit one for a
// probe, or none.
size_t Destination::Allowed() const {
  if (IsStopped() || sys::MonotonicClock() < PausedUntil()) return 0;
  const bool alone = context_.policy.destination_rate_delay.count() > 0;
  if (alone && workers_.HasLoad()) return 0;
  if (alone || circuit_.is_open()) return 1;
  return std::min(window_.width(), context_.policy.connections_in_all);
}

bool Destination::IsStopped() const { return circuit_.is_open() && !circuit_.MayProbe(sys::MonotonicClock()); }

Microseconds Destination::PausedUntil() const { return std::max(paused_until_, pool_.paused_until); }

void Destination::Select(std::vector<Chosen>& chosen) {
  workers_.Sweep();
  if (!stopping_ && backlog_.HasWork()) {
    SelectNow(chosen);
  } else {
    full_since_ = {};
  }
  backlog_.EndRound();
}

void Destination::SelectNow(std::vector<Chosen>& chosen) {
  if (Allowed() == 0) return ArmWakeUp();
  if (backlog_.Look(queue::Lane::kLight) + backlog_.Look(queue::Lane::kBulk) == 0 || !IsProgramReady()) return;
  if (circuit_.is_open()) return Probe(chosen);
  std::array<bool, 2> may = {true, true};  // by lane
  for (size_t allowed = Allowed(); allowed > 0; allowed = Allowed()) {
    const auto lane = NextLane(allowed, may);
    if (!lane) return NoteFull();
    const Workers::Demand demand = DemandOf(*lane, allowed);
    auto unit = backlog_.Next(*lane);
    if (!unit) {
      may.at(static_cast<size_t>(*lane)) = false;
      continue;
    }
    if (HoldSender(*unit)) continue;
    bulk_was_last_ = *lane == queue::Lane::kBulk;
    if (!Choose(workers_.FindRoom(demand), std::move(unit), chosen)) return;
  }
  if (backlog_.HasWork()) ArmWakeUp();
}

Workers::Demand Destination::DemandOf(queue::Lane lane, size_t allowed) {
  return {lane, backlog_.Look(lane), allowed};
}

std::optional<queue::Lane> Destination::NextLane(size_t allowed, const std::array<bool, 2>& may) {
  const auto is_possible = [&](queue::Lane lane) {
    const Workers::Demand demand = DemandOf(lane, allowed);
    return may.at(static_cast<size_t>(lane)) && demand.waiting > 0 && workers_.HasRoom(demand);
  };
  LaneChoice choice;
  choice.light_may = is_possible(queue::Lane::kLight);
  choice.bulk_may = is_possible(queue::Lane::kBulk);
  choice.width = allowed;
  choice.bulk_connections = workers_.CountBulk();
  choice.bulk_was_last = bulk_was_last_;
  return ChooseLane(choice);
}

// One connection, one message.
void Destination::Probe(std::vector<Chosen>& chosen) {
  if (workers_.HasUsable()) return;
  auto unit = backlog_.Next(queue::Lane::kLight);
  if (!unit) unit = backlog_.Next(queue::Lane::kBulk);
  if (unit && Choose(workers_.Open(), std::move(unit), chosen)) circuit_.OnProbe();
}

// True: it waits with all mail of its sender.
bool Destination::HoldSender(const Unit& unit) {
  if (!standing_.HoldsSenders()) return false;
  const auto hold = standing_.HoldOf(unit.message->facts.envelope.sender);
  if (!hold) return false;
  for (const auto& recipient : unit.recipients) {
    verdicts_.Defer(unit.message, recipient, hold->why.status.ToString(), hold->why.why, hold->until);
  }
  backlog_.NoteUnrecorded(unit.lane);
  context_.ask_for_round();
  return true;
}

// False, and the unit waits, where no connection could be had after all.
bool Destination::Choose(Connection* connection, UnitPointer unit, std::vector<Chosen>& chosen) {
  if (connection == nullptr) {
    backlog_.PutBack(*unit);
    return false;
  }
  backlog_.NoteUnrecorded(unit->lane);
  unit->answered.assign(unit->recipients.size(), false);
  unit->ageless = standing_.IsAgeless(unit->message->facts);
  ++unit->message->units_in_flight;
  if (context_.policy.transport_rate_delay.count() > 0) {
    pool_.paused_until = sys::MonotonicClock() + context_.policy.transport_rate_delay;
  }
  connection->Reserve(unit);
  chosen.push_back({connection, std::move(unit)});
  return true;
}

void Destination::TakeBack(const Chosen& chosen) {
  chosen.connection->Withdraw(chosen.unit);
  --chosen.unit->message->units_in_flight;
  circuit_.OnProbeDropped();
  backlog_.Reset();
}

// --- programs and connections

bool Destination::IsProgramReady() {
  auto ready = workers_.MakeReady(standing_.IsVerifiedElsewhere());
  if (ready) return *ready;
  Fail({kLocalTrouble, ready.error().text(), mail::Fault::kPath}, 0, Trouble::kOurs);
  return false;
}

void Destination::OnPrepared(Agent&) { workers_.OnPrepared(); }

void Destination::OnAgentFailed(Agent& agent, const mail::Deferred& why) {
  if (!workers_.IsCurrent(agent)) return;  // one that had been retired
  const bool was_prepared = agent.is_prepared();
  workers_.Retire();
  if (!was_prepared) Fail(why, 0, why.status == kLocalTrouble ? Trouble::kOurs : Trouble::kTheirs);
}

void Destination::OnConnectionEnded(uint64_t number) { workers_.Drop(number); }

void Destination::OnConnected(Connection&, const ipc::Connected& facts) {
  last_seen_ = AddressIn(facts.relay);
  const bool was_open = circuit_.is_open();
  circuit_.OnConnected();
  window_.OnConnected();
  if (was_open) OnMaybeClosed();
  if (!circuit_.is_open()) standing_.OnConnected(facts);
}

void Destination::OnMaybeClosed() {
  if (!circuit_.is_open()) window_.Reset();
}

void Destination::OnVerdict(Connection&, Unit& unit, const std::vector<size_t>& indices,
                            const ipc::Verdicts& verdicts) {
  const auto* deferred = std::get_if<mail::Deferred>(&verdicts.verdict);
  if (deferred != nullptr && deferred->fault == mail::Fault::kPath) unit.cut = *deferred;
  if (deferred != nullptr && deferred->fault == mail::Fault::kSender)
    standing_.OnSenderRefused(unit.message->facts, *deferred);
  if (std::holds_alternative<mail::Delivered>(verdicts.verdict) && standing_.HoldsSenders())
    standing_.OnSenderTaken(unit.message->facts.envelope.sender);
  verdicts_.TellOfRefusal(*unit.message, verdicts);
  bool stopped = false;
  for (const size_t index : indices) {
    stopped = verdicts_.OnVerdict(unit, index, verdicts.verdict, verdicts.relay) || stopped;
  }
  if (!stopped) return;
  unit.stopped = true;
  Fail(std::get<mail::Deferred>(verdicts.verdict), 0, Trouble::kToldToMail, verdicts.transcript);
}

void Destination::OnUnitDone(Connection& connection, Unit& unit) {
  // `last` came without a word on some.
  EndWithoutWord(verdicts_, unit, {kLocalTrouble, "no word from outpost-smtp"});
  if (context_.policy.destination_rate_delay.count() > 0) {
    paused_until_ = sys::MonotonicClock() + context_.policy.destination_rate_delay;
  }
  const bool was_open = circuit_.is_open();
  if (!unit.cut && !unit.stopped) {
    circuit_.OnDelivery();
    window_.OnDelivery(workers_.CountBusy(), sys::MonotonicClock());
    TellFeedback();
    if (was_open) OnMaybeClosed();
    if (!circuit_.is_open()) standing_.OnDelivery();
  } else if (unit.cut && circuit_.OnCut(*unit.cut, sys::MonotonicClock())) {
    OnStopped(was_open, true, {});
  }
  if (connection.load() > 0) return;
  if (stopping_) return connection.Finish();
  workers_.OnIdle();
}

void Destination::OnClosed(Connection& connection, std::deque<UnitPointer> left,
                           const std::optional<ipc::ConnectionFailed>& said) {
  const ipc::ConnectionFailed silence{{kLocalTrouble, "outpost-smtp ended without a word", mail::Fault::kPath}, ""};
  const auto& [why, relay, session] = said ? *said : silence;
  const bool account = why.fault == mail::Fault::kAccount;
  // A connection that did its work and then ended (a relay's limit, its time-out) says nothing of the destination;
  // nor does one that stood and was given none.
  const bool idle = connection.is_connected() && left.empty();
  const bool worked = (connection.has_delivered() || idle) && !account;
  const bool failed = !abandoning_ && !worked && (said || !left.empty());
  // Lost after the session stood, amid a message: that one is suspected first.
  const bool cut = failed && connection.is_connected() && !account && !left.empty();
  const bool was_open = circuit_.is_open();
  if (cut) {
    if (circuit_.OnCut(why, sys::MonotonicClock())) OnStopped(was_open, true, session);
  } else if (failed) {
    Fail(why, workers_.CountStanding(&connection), said ? Trouble::kTheirs : Trouble::kOurs, session);
  }
  const bool stopped = failed && circuit_.is_open();
  // It would be tried again on a new connection at once: by the administrator's wish the destination is not dead yet.
  const bool again = failed && !stopped && window_.width() > workers_.CountStanding(&connection);
  for (size_t i = 0; i < left.size(); ++i) {
    Unit& unit = *left[i];
    // The first may be what the connection was lost by, or the program died of: it does not go again at once.
    if (i == 0 && (cut || again || (!said && !abandoning_)) && !unit.begun) {
      EndWithoutWord(verdicts_, unit, why);
    } else {
      EndUnattempted(verdicts_, unit, stopped && said ? &why : nullptr, i == 0);
    }
  }
  context_.ask_for_round();
}

void Destination::Fail(const mail::Deferred& why, size_t standing, Trouble whose,
                       const std::vector<std::string>& session) {
  const Microseconds now = sys::MonotonicClock();
  const bool was_open = circuit_.is_open();
  const bool dead = was_open || why.fault == mail::Fault::kAccount || window_.OnFailure(standing, now);
  TellFeedback();
  if (!dead) return;
  switch (whose) {
    case Trouble::kTheirs:
      circuit_.OnFailure(why, now);
      break;
    case Trouble::kToldToMail:
      circuit_.OnFailureAmidMail(why, now);
      break;
    case Trouble::kOurs:
      circuit_.OnOwnTrouble(why, now);
      break;
  }
  OnStopped(was_open, whose == Trouble::kToldToMail, session);
}

// The circuit is open, anew or still.
void Destination::OnStopped(bool was_open, bool amid_mail, const std::vector<std::string>& session) {
  const mail::Deferred& why = circuit_.reason();
  backlog_.Reset();
  standing_.OnStopped(why, circuit_.is_offline(), amid_mail, session);
  has_failed_ = pool_.has_failed = true;
  // The next try prepares afresh: what is mended in the tables by then is seen.
  if (why.fault == mail::Fault::kAccount) workers_.Retire();
  ArmWakeUp();
  if (was_open) return;
  context_.log.Warning(StoppedLine(route().next_hop, StoppedBy(circuit_, sys::MonotonicClock(), sys::WallClock())));
}

// A restart must not begin with a window of logins that were refused before it.
void Destination::Resume(const queue::Destination& remembered) {
  standing_.Resume(remembered);
  const Outage& outage = standing_.outage();
  if (!outage.is_on() || circuit_.is_open()) return;
  const Microseconds now = sys::MonotonicClock();
  circuit_.Resume(outage.reason(), now - (sys::WallClock() - outage.since()), now);
}

// --- time

// A round, which selects, when a probe or the end of a pause is due. What waits for a delivery to end is woken by it.
void Destination::ArmWakeUp() {
  const Microseconds now = sys::MonotonicClock();
  if (circuit_.is_offline() || stopping_) return;
  const Microseconds when = std::max(circuit_.is_open() ? circuit_.next_probe() : now, PausedUntil());
  if (when <= now) {
    // Its time came since somebody looked at the clock.
    if (!workers_.HasLoad()) context_.ask_for_round();
    return;
  }
  context_.loop.Cancel(wake_up_);
  wake_up_ = context_.loop.After(when - now, [] {});
  if (!circuit_.is_open()) TellOfWaiting(PausedFor(when - now));
}

// Something waits, and every connection that it may have is at work.
void Destination::NoteFull() {
  const Microseconds now = sys::MonotonicClock();
  if (backlog_.Look(queue::Lane::kLight) + backlog_.Look(queue::Lane::kBulk) == 0) {
    full_since_ = {};
    return;
  }
  if (full_since_.count() == 0) full_since_ = now;
  if (now - full_since_ >= kLongFull) TellOfWaiting(FullWith(workers_.CountBusy()));
}

void Destination::TellOfWaiting(const Holdup& slow) {
  const Microseconds interval = context_.policy.tell_of_waiting_interval;
  const Microseconds now = sys::MonotonicClock();
  const bool told = told_of_waiting_.count() != 0 && now < told_of_waiting_ + interval;
  if (interval.count() == 0 || told) return;
  told_of_waiting_ = now;
  context_.log.Info(Cat(route().next_hop, ": mail waits: ", SlowWords(slow)));
}

void Destination::TellFeedback() {
  if (context_.policy.tells_feedback) context_.log.Info(Cat(route().next_hop, ": ", window_.Describe()));
}

const mail::Deferred* Destination::ReasonToReturn() const {
  const bool returns = circuit_.is_open() && has_failed_ && circuit_.reason().fault != mail::Fault::kAccount &&
                       standing_.MayReturnAged();
  return returns ? &circuit_.reason() : nullptr;
}

bool Destination::MayBePutOff() const {
  return circuit_.is_open() && !circuit_.is_offline() && has_failed_ && workers_.empty() &&
         circuit_.next_probe() > sys::MonotonicClock();
}

// Whoever finds it again begins with a probe and knows since when the circuit is open, but not how often it was probed.
Microseconds Destination::NextProbe() const {
  const Microseconds now = sys::MonotonicClock();
  const ScheduleRules& rules = context_.policy.schedule;
  const Microseconds wait =
      std::clamp<Microseconds>(now - circuit_.open_since(), rules.minimal_backoff_time, LongestBackoff(rules));
  return sys::WallClock() + std::max(circuit_.next_probe() - now, wait);
}

// --- the network

bool Destination::LookForWay() {
  if (context_.network == nullptr || context_.network->MayReach(route().next_hop, last_seen_)) return true;
  circuit_.OnOffline(kNoWay, sys::MonotonicClock());
  standing_.OnStopped(kNoWay, true, false, {});
  return false;
}

// What was learned on the way before (addresses, names, connections) is not relied on.
void Destination::OnNetworkChange() {
  if (last_seen_ && last_seen_->IsLoopback()) return;
  if (!LookForWay()) return;
  has_failed_ = false;
  circuit_.OnNewWay(sys::MonotonicClock());
  workers_.Retire();
  backlog_.Reset();
}

// --- orders from above

void Destination::TryNow() {
  circuit_.OnOrder(sys::MonotonicClock());
  standing_.ProbeSenders();
  workers_.Retire();
}

void Destination::Reset() {
  paused_until_ = std::min(paused_until_, sys::MonotonicClock() + context_.policy.destination_rate_delay);
  window_ = Window(context_.policy.window);
  circuit_ = Circuit(context_.policy.circuit);
  standing_.ProbeSenders();
  LookForWay();
  context_.loop.Cancel(std::exchange(wake_up_, 0));
  workers_.Retire();
  backlog_.Reset();
}

void Destination::Stop() {
  stopping_ = true;
  workers_.FinishIdle();
}

void Destination::Abandon() {
  abandoning_ = true;
  workers_.DropAll();
  workers_.Retire();
  abandoning_ = false;
}

bool Destination::IsQuiet() const {
  if (has_in_flight()) return false;
  return !backlog_.HasWork() || IsStopped();
}

bool Destination::IsForgettable() const {
  return workers_.empty() && !backlog_.HasWork() && !circuit_.is_open() && standing_.IsForgettable();
}

// --- what is told of it

Holdup Destination::HoldupNow() const {
  const Microseconds now = sys::MonotonicClock();
  if (circuit_.is_offline() || circuit_.is_open()) return StoppedBy(circuit_, now, sys::WallClock());
  if (backlog_.WaitsForFlush()) return {.kind = Holdup::Kind::kFlush};
  if (now < PausedUntil()) return PausedFor(PausedUntil() - now);
  if (full_since_.count() != 0) return FullWith(workers_.CountBusy());
  return {};
}

Waiting Destination::WhyWaiting() const { return queue_runner::WhyWaiting(HoldupNow(), sys::WallClock()); }

std::string Destination::StatusLine() const {
  const Holdup holdup = HoldupNow();
  if (holdup.is_slow_only() && !backlog_.HasWork()) return "";
  return queue_runner::StatusLine(route().next_hop, holdup);
}

}  // namespace outpost::queue_runner
