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

constexpr size_t kPage = 128;        // recipients read from the queue at once
constexpr size_t kExpiredPage = 50;  // recipients returned at once
constexpr uint64_t kContentInMemory = 16 * 1024 * 1024;
constexpr uint64_t kSmallContent = 64 * 1024;  // what is handed on from its intake, without being counted
constexpr mail::EnhancedStatus kLocalTrouble{4, 3, 0};
constexpr std::string_view kOpen = "open";  // of a circuit, as the queue remembers it
constexpr std::string_view kClosed = "closed";

int64_t Seconds(Microseconds time) { return std::chrono::duration_cast<std::chrono::seconds>(time).count(); }

}  // namespace

Destination::Destination(Context& context, Verdicts& verdicts, Pool& pool, queue::Route route)
    : context_(context),
      verdicts_(verdicts),
      pool_(pool),
      route_(std::move(route)),
      concurrency_(context.policy.concurrency),
      workers_(context, pool, route_.next_hop, *this, *this) {}

Destination::~Destination() { context_.loop.Cancel(probe_timer_); }

// --- choosing

void Destination::TakeFresh(const FreshMessage& fresh, std::vector<queue::QueuedRecipient> recipients,
                            std::vector<Chosen>& chosen) {
  const bool in_turn = !stopping_ && !HasWork() && !concurrency_.is_open();
  const bool small =
      recipients.size() <= context_.policy.recipients_a_delivery && fresh.facts.content_bytes <= kSmallContent;
  Connection* connection = nullptr;
  if (in_turn && small && IsProgramReady())
    connection = workers_.FindRoom(concurrency_.Allowed(sys::MonotonicClock()), 0);
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
  workers_.Sweep();
  has_unrecorded_ = std::exchange(took_fresh_, false);
  const Microseconds now = sys::MonotonicClock();
  const size_t allowed = concurrency_.Allowed(now);
  if (stopping_ || !HasWork()) return;
  if (allowed == 0) return ArmProbe();
  if (ready_.empty()) ReadQueue();
  if (ready_.empty() || !IsProgramReady()) return;
  if (concurrency_.is_open()) {  // one connection, one message
    if (workers_.HasUsable()) return;
    if (auto unit = NextUnit()) {
      if (Connection* connection = workers_.Open()) {
        concurrency_.OnProbe();
        Choose(*connection, std::move(unit), chosen);
      }
    }
    return;
  }
  while (Connection* connection = workers_.FindRoom(allowed, ready_.size())) {
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
  // This destination may be forgotten before the commit; what is captured outlives it.
  context_.batch.Add({[&context = context_, key = recipient.key, route] {
                        return context.queue.SetRoute(key, route, context.policy.generation);
                      },
                      [&verdicts = verdicts_, route] { verdicts.NoteDue(route); }, [](const sys::Error&) {}});
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

// --- programs and connections

bool Destination::IsProgramReady() {
  auto ready = workers_.MakeReady();
  if (ready) return *ready;
  Fail({kLocalTrouble, ready.error().text(), mail::Fault::kPath}, 0);
  return false;
}

void Destination::OnPrepared(Agent&) { workers_.OnPrepared(); }

void Destination::OnAgentFailed(Agent& agent, const mail::Deferred& why) {
  if (!workers_.IsCurrent(agent)) return;  // one that had been retired
  const bool was_prepared = agent.is_prepared();
  workers_.Retire();
  if (!was_prepared) Fail(why, 0);
}

void Destination::OnConnectionEnded(uint64_t number) { workers_.Drop(number); }

void Destination::OnConnected(Connection&, const ipc::Connected&) {
  if (!concurrency_.is_open()) return;
  concurrency_.OnConnected();
  context_.log.Info(Cat(route_.next_hop, ": takes mail again"));
  Remember();
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
  workers_.OnIdle();
}

void Destination::OnClosed(Connection& connection, std::deque<UnitPointer> left,
                           const std::optional<mail::Deferred>& why) {
  const bool account = why && why->fault == mail::Fault::kAccount;
  // A connection that did its work and then ended (a relay's limit, its time-out) says nothing of the destination.
  const bool worked = connection.has_delivered() && !account;
  const mail::Deferred silent{kLocalTrouble, "outpost-smtp ended without a word", mail::Fault::kPath};
  const bool failed = !abandoning_ && !worked && (why || !left.empty());
  // Lost after the session stood, amid a message: that one is suspected first.
  const bool cut = failed && connection.is_connected() && !account && !left.empty();
  const bool was_open = concurrency_.is_open();
  if (cut) {
    if (concurrency_.OnCut(why ? *why : silent, sys::MonotonicClock())) OnStopped(was_open);
  } else if (failed) {
    Fail(why ? *why : silent, workers_.CountStanding(&connection));
  }
  const bool stopped = failed && concurrency_.is_open();
  for (size_t i = 0; i < left.size(); ++i) {
    Unit& unit = *left[i];
    if (i == 0 && (cut || (!why && !abandoning_)) && !unit.begun) {
      Suspect(unit, why ? *why : silent);
    } else {
      GiveBack(unit, stopped && why ? &*why : nullptr, i == 0);
    }
  }
  context_.ask_for_round();
}

// It may be what the connection was lost by, or the program died of: it does not go again at once.
void Destination::Suspect(Unit& unit, const mail::Deferred& why) {
  for (size_t i = 0; i < unit.answered.size(); ++i) {
    if (unit.answered[i]) continue;
    verdicts_.OnVerdict(unit, i, mail::Deferred{why.status, why.why, mail::Fault::kMessage}, "");
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
  if (concurrency_.OnFailure(why, standing, sys::MonotonicClock())) OnStopped(was_open);
}

// The circuit is open, anew or still.
void Destination::OnStopped(bool was_open) {
  const mail::Deferred& why = concurrency_.reason();
  ready_.clear();
  may_have_due_ = true;
  has_expired_ = why.fault != mail::Fault::kAccount;
  // The next try prepares afresh: what is mended in the tables by then is seen.
  if (why.fault == mail::Fault::kAccount) workers_.Retire();
  ArmProbe();
  if (was_open) return;
  const int64_t wait = Seconds(concurrency_.next_probe() - sys::MonotonicClock() + std::chrono::milliseconds(500));
  context_.log.Warning(Cat(route_.next_hop, ": ", why.why, "; its mail waits, next try in ", wait, " s"));
  Remember();
}

// A restart must not begin with a window of logins that were refused before it.
void Destination::Remember() {
  queue::Destination remembered;
  remembered.next_hop = route_.next_hop;
  remembered.circuit = concurrency_.is_open() ? kOpen : kClosed;
  remembered.since = sys::WallClock();
  if (concurrency_.is_open()) {
    remembered.last_error = Cat(concurrency_.reason().status.ToString(), " ", concurrency_.reason().why);
  }
  context_.batch.Add(
      {[this, remembered] { return context_.queue.SaveDestination(remembered); }, [] {}, [](const sys::Error&) {}});
}

void Destination::Resume(const queue::Destination& remembered) {
  if (remembered.circuit != kOpen) return;
  const std::string_view error = remembered.last_error;
  const size_t blank = std::min(error.find(' '), error.size());
  mail::Deferred why{kLocalTrouble, std::string(error.substr(std::min(blank + 1, error.size()))),
                     mail::Fault::kAccount};
  if (const auto status = mail::EnhancedStatus::Parse(error.substr(0, blank))) why.status = *status;
  const Microseconds now = sys::MonotonicClock();
  concurrency_.Resume(why, now - (sys::WallClock() - remembered.since), now);
}

// --- time

void Destination::ArmProbe() {
  if (!concurrency_.is_open() || stopping_) return;
  context_.loop.Cancel(probe_timer_);
  const Microseconds delay = concurrency_.next_probe() - sys::MonotonicClock();
  probe_timer_ = context_.loop.After(delay, [] {});  // a round, which selects
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
  workers_.Retire();
  ready_.clear();
  may_have_due_ = true;
}

void Destination::Stop() {
  stopping_ = true;
  workers_.FinishIdle();
}

void Destination::Abandon() {
  abandoning_ = true;
  workers_.DropAll();
  workers_.Retire();
}

bool Destination::IsQuiet() const {
  if (has_in_flight()) return false;
  return !HasWork() || concurrency_.Allowed(sys::MonotonicClock()) == 0;
}

bool Destination::IsForgettable() const { return workers_.empty() && !HasWork() && !concurrency_.is_open(); }

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
