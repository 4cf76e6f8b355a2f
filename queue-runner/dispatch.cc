#include "queue-runner/dispatch.h"

#include <algorithm>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "queue-runner/log_lines.h"

namespace outpost::queue_runner {
namespace {

using queue::Route;

constexpr size_t kLocalPage = 256;
constexpr size_t kRoutingPage = 256;
constexpr size_t kRememberedDestinations = 64;
constexpr size_t kMostDestinations = 2000;
constexpr size_t kPutOffAtOnce = 10;

// "5.1.3 bad address syntax" -> its code and its words.
std::pair<std::string, std::string> SplitReason(const std::string& reason) {
  const size_t blank = std::min(reason.find(' '), reason.size());
  return {reason.substr(0, blank), reason.substr(std::min(blank + 1, reason.size()))};
}

}  // namespace

Dispatch::Dispatch(Context& context, Reports& reports, bool once)
    : context_(context),
      once_(once),
      verdicts_(
          context, reports,
          {[this](const Route& route) { NoteDue(route); }, [this](Microseconds time) { due_watch_.NoteAt(time); }}),
      due_watch_(context, once,
                 {[this](const Route& route) { NoteDue(route); },
                  [this] { return order_.size() < kMostDestinations; }, [this] { flushing_ = sys::WallClock(); }}),
      expiry_(context, verdicts_,
              {[this](const Route& route) { return ReasonToReturn(route); },
               [this](const Route& route) { ReadAgain(route); }}) {}

void Dispatch::Start() {
  started_ = true;
  routing_again_ = true;
  if (once_) {
    BeginFlush();
  } else {
    due_watch_.LookAgain();
  }
  context_.ask_for_round();
}

Destination& Dispatch::DestinationOf(const Route& route) {
  auto& slot = destinations_[route];
  if (!slot) {
    slot = std::make_unique<Destination>(context_, verdicts_, pool_, route);
    order_.push_back(slot.get());
    if (stopping_) slot->Stop();
    auto remembered = context_.queue.FindDestination(route.next_hop, "");
    if (!remembered) context_.log.Error(remembered.error().text());
    if (remembered && *remembered) slot->Resume(**remembered);
  }
  return *slot;
}

bool Dispatch::HasPlaceFor(const Route& route) const {
  return order_.size() < kMostDestinations || destinations_.contains(route);
}

// --- what is due

void Dispatch::NoteDue(const Route& route) {
  if (!HasPlaceFor(route)) return due_watch_.LookAgain();
  if (route.transport == kSmtpTransport) {
    DestinationOf(route).NoteDue();
  } else if (std::ranges::count(local_due_, route) == 0) {
    local_due_.push_back(route);
  }
  context_.ask_for_round();
}

void Dispatch::LookAgain() {
  if (started_ && !stopping_) due_watch_.LookAgain();
}

// --- before the commit: what is decided here

void Dispatch::Settle() {
  if (!started_ || stopping_ || context_.batch.in_trouble()) return;
  if (flushing_) MakeAllDue();
  if (routing_again_) RouteAgain();
  due_watch_.Step();
  for (const Route& route : std::exchange(local_due_, {})) SettleLocally(route);
  if (std::exchange(pool_.has_failed, false)) expiry_.Ask();
  expiry_.Step();
}

const mail::Deferred* Dispatch::ReasonToReturn(const Route& route) const {
  const auto it = destinations_.find(route);
  return it == destinations_.end() ? nullptr : it->second->ReasonToReturn();
}

void Dispatch::SettleLocally(const Route& route) {
  for (const queue::Lane lane : queue::kLanes) {
    auto due = context_.queue.Due(route, lane, sys::WallClock(), kLocalPage);
    if (!due) return context_.log.Error(due.error().text());
    for (const auto& recipient : *due) SettleOne(route, recipient);
    if (due->size() >= kLocalPage) NoteDue(route);
  }
}

void Dispatch::SettleOne(const Route& route, const queue::QueuedRecipient& recipient) {
  const Route today = ResolveAgain(recipient, context_.policy.routing);
  if (today != route) {
    context_.batch.Add({[this, key = recipient.key, today] {
                          return context_.queue.SetRoute(key, today, context_.policy.generation);
                        },
                        [this, today] { NoteDue(today); }, [](const sys::Error&) {}});
    return;
  }
  if (verdicts_.HasFailedToCommit(recipient.message)) return;
  const auto read = context_.active.FindOrRead(context_.queue, recipient.message);
  if (!read) return context_.log.Error(read.error().text());
  const ActivePointer& message = *read;
  if (message == nullptr) return;
  auto [status, text] = SplitReason(route.next_hop);
  if (context_.policy.notices.soft_bounce && status.starts_with('5')) status.front() = '4';
  const Attempt attempt = AttemptOn(*message, context_.queue);
  if (route.transport == kDiscardTransport) {
    verdicts_.Discard(message, recipient, "mail to double_bounce_sender is discarded");
  } else if (route.transport != kRetryTransport && !context_.policy.notices.soft_bounce) {
    verdicts_.Return(message, recipient, status, text, false);
  } else if (HasExpired(attempt, context_.policy.schedule)) {
    verdicts_.Return(message, recipient, status, text, true);
  } else {
    verdicts_.Defer(message, recipient, status, text, NextAttempt(attempt, context_.policy.schedule));
  }
}

void Dispatch::RouteAgain() {
  auto others = context_.queue.RoutedByOther(context_.policy.generation, kRoutingPage);
  if (!others) return context_.log.Error(others.error().text());
  routing_again_ = others->size() >= kRoutingPage;
  if (others->empty()) return;
  auto recipients = std::make_shared<std::vector<queue::QueuedRecipient>>(std::move(*others));
  Batch::Change change;
  change.apply = [this, recipients]() -> sys::Result<void> {
    for (auto& one : *recipients) {
      one.route = ResolveAgain(one, context_.policy.routing);
      if (auto set = context_.queue.SetRoute(one.key, one.route, context_.policy.generation); !set) return set;
    }
    return {};
  };
  change.committed = [this, recipients] {
    const Microseconds now = sys::WallClock();
    for (const auto& one : *recipients) {
      if (one.next_attempt <= now) NoteDue(one.route);
    }
    context_.ask_for_round();
  };
  change.failed = [this](const sys::Error&) { routing_again_ = true; };
  context_.batch.Add(std::move(change));
}

void Dispatch::MakeAllDue() {
  auto more = std::make_shared<bool>(false);
  Batch::Change change;
  change.apply = [this, more]() -> sys::Result<void> {
    auto made = context_.queue.MakeAllDue(*flushing_);
    if (!made) return made.error();
    *more = *made;
    return {};
  };
  change.committed = [this, more] {
    context_.ask_for_round();
    if (*more) return;
    flushing_.reset();
    due_watch_.LookAgain();
  };
  change.failed = [](const sys::Error&) {};
  context_.batch.Add(std::move(change));
}

// --- in the commit: what leaves

void Dispatch::Select(const std::vector<FreshMessage>& fresh) {
  std::vector<Chosen> chosen;
  if (!started_) return;  // then all is found in the queue
  if (stopping_) {        // left to the next runner; connections that have ended are still let go
    for (Destination* destination : order_) destination->Select(chosen);
    return;
  }
  for (const auto& message : fresh) TakeFresh(message, chosen);
  MakeRoomForPrograms();
  const size_t count = order_.size();
  pool_.bulk_connections = 0;
  for (const Destination* destination : order_) pool_.bulk_connections += destination->bulk_connections();
  for (size_t i = 0; i < count; ++i) order_[(turn_ + i) % count]->Select(chosen);
  if (count > 0) turn_ = (turn_ + 1) % count;
  if (!chosen.empty()) Record(std::move(chosen));
  if (order_.size() > kRememberedDestinations) Forget();
}

void Dispatch::TakeFresh(const FreshMessage& fresh, std::vector<Chosen>& chosen) {
  std::unordered_map<Route, std::vector<queue::QueuedRecipient>, RouteHash> by_route;
  for (const auto& recipient : fresh.recipients) by_route[recipient.route].push_back(recipient);
  for (auto& [route, recipients] : by_route) {
    if (route.transport == kSmtpTransport && HasPlaceFor(route)) {
      DestinationOf(route).TakeFresh(fresh, std::move(recipients), chosen);
    } else {
      NoteDue(route);
    }
  }
}

void Dispatch::Record(std::vector<Chosen> chosen) {
  auto units = std::make_shared<std::vector<Chosen>>(std::move(chosen));
  Batch::Change change;
  change.alone_if_needed = false;
  change.apply = [this, units] {
    std::vector<queue::RecipientKey> keys;
    for (const auto& one : *units) {
      for (const auto& recipient : one.unit->recipients) keys.push_back(recipient.key);
    }
    return context_.queue.MarkDispatched(keys, sys::WallClock());
  };
  change.committed = [this, units] {
    for (const auto& one : *units) {
      ActiveMessage& message = *one.unit->message;
      if (!std::exchange(message.announced, true)) {
        context_.log.Info(ActiveLine(message, one.unit->recipients.size()));
      }
      one.connection->SendUnit(one.unit);
    }
  };
  change.failed = [this, units](const sys::Error&) {
    for (const auto& one : *units) DestinationOf(one.unit->recipients.front().route).TakeBack(one);
  };
  context_.batch.Add(std::move(change));
}

// Where mail goes to very many next hops: programs without work give way.
void Dispatch::MakeRoomForPrograms() {
  if (pool_.agents < context_.policy.connections_in_all) return;
  for (Destination* destination : order_) {
    if (!destination->has_in_flight() && destination->IsQuiet()) destination->RetireProgram();
  }
}

void Dispatch::Forget() {
  std::erase_if(order_, [this](Destination* destination) {
    if (!destination->IsForgettable()) return false;
    destinations_.erase(Route(destination->route()));
    return true;
  });
  turn_ = 0;
  if (order_.size() >= kMostDestinations) return MakeRoomForDestinations();
  if (due_watch_.is_walking()) context_.ask_for_round();
}

// Those that cannot be reached for now: what is known of them, and until when their mail waits, is in the queue.
void Dispatch::MakeRoomForDestinations() {
  if (!due_watch_.is_looking() || expiry_.is_under_way()) return;
  size_t count = 0;
  for (const Destination* destination : order_) {
    if (count >= kPutOffAtOnce) return;
    if (!destination->MayBePutOff()) continue;
    PutOff(*destination);
    ++count;
  }
}

void Dispatch::PutOff(const Destination& destination) {
  auto more = std::make_shared<bool>(false);
  const Microseconds until = destination.NextProbe();
  Batch::Change change;
  change.apply = [this, more, route = destination.route(), until,
                  why = destination.reason()]() -> sys::Result<void> {
    auto put =
        context_.queue.PutOff(route, sys::WallClock(), until, why.status.ToString(), sys::Printable(why.why));
    if (!put) return put.error();
    *more = *put;
    return {};
  };
  change.committed = [this, more, route = destination.route(), until] {
    due_watch_.NoteAt(until);
    context_.ask_for_round();
    const auto it = destinations_.find(route);
    if (*more || it == destinations_.end() || !it->second->MayBePutOff()) return;
    std::erase(order_, it->second.get());
    destinations_.erase(it);
    turn_ = 0;
  };
  change.failed = [](const sys::Error&) {};
  context_.batch.Add(std::move(change));
}

// --- orders

void Dispatch::Flush() {
  for (Destination* destination : order_) destination->Reset();
  BeginFlush();
  context_.ask_for_round();
}

void Dispatch::BeginFlush() {
  flushing_ = sys::WallClock();
  pool_.flushed_at = *flushing_;
}

void Dispatch::TryNow(const Route& route) {
  if (route.transport == kSmtpTransport) DestinationOf(route).TryNow();
  NoteDue(route);
}

void Dispatch::ReadAgain(const Route& route) {
  if (const auto it = destinations_.find(route); it != destinations_.end()) it->second->ReadAgain();
}

void Dispatch::Reload() {
  for (Destination* destination : order_) destination->Reset();
  routing_again_ = true;
  context_.ask_for_round();
}

void Dispatch::OnNetworkChange() {
  for (Destination* destination : order_) destination->OnNetworkChange();
  context_.ask_for_round();
}

void Dispatch::Stop() {
  stopping_ = true;
  for (Destination* destination : order_) destination->Stop();
}

void Dispatch::Abandon() {
  for (Destination* destination : order_) destination->Abandon();
}

void Dispatch::GiveUp() {
  Abandon();
  for (Destination* destination : order_) destination->ReadAgain();
  local_due_.clear();
  started_ = false;
}

bool Dispatch::IsOffline() const {
  return std::ranges::any_of(order_, [](const Destination* one) { return one->is_offline(); });
}

bool Dispatch::IsFed() const {
  return std::ranges::all_of(order_, [](const Destination* one) { return !one->has_in_flight() || one->IsFed(); });
}

bool Dispatch::has_in_flight() const {
  return std::ranges::any_of(order_, [](const Destination* one) { return one->has_in_flight(); });
}

bool Dispatch::IsQuiet() const {
  const bool is_looking = due_watch_.is_looking() && order_.size() < kMostDestinations;
  return started_ && !flushing_ && !routing_again_ && !is_looking && local_due_.empty() && verdicts_.empty() &&
         std::ranges::all_of(order_, [](const Destination* one) { return one->IsQuiet(); });
}

std::vector<std::string> Dispatch::StatusLines(size_t limit) const {
  std::vector<std::string> lines;
  for (const Destination* destination : order_) {
    if (lines.size() >= limit) break;
    if (auto line = destination->StatusLine(); !line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

Waiting Dispatch::WhyWaiting(const Route& route) const {
  const auto it = destinations_.find(route);
  return it == destinations_.end() ? Waiting{} : it->second->WhyWaiting();
}

}  // namespace outpost::queue_runner
