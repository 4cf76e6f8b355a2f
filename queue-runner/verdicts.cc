#include "queue-runner/verdicts.h"

#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "queue-runner/log_lines.h"
#include "queue-runner/refusal_notice.h"

namespace outpost::queue_runner {
namespace {

using queue::Outcome;
using queue::RecipientState;
using sys::Cat;

constexpr Microseconds kCommitRetry = std::chrono::seconds(5);
constexpr std::string_view kInDoubtStatus = "4.4.2";
constexpr std::string_view kInDoubtText =
    "in doubt: the connection ended before the reply to the content, which may have been taken";

// In doubt it stays until a reply says more: a later refusal at RCPT says nothing of the copy that may have gone.
RecipientState WaitingState(const queue::QueuedRecipient& recipient) {
  return recipient.state == RecipientState::kInDoubt ? RecipientState::kInDoubt : RecipientState::kQueued;
}

}  // namespace

Verdicts::Pending& Verdicts::PendingOf(const ActivePointer& message) {
  Pending& pending = pending_[message->facts.key];
  pending.message = message;
  return pending;
}

// What is known to have failed for good waits for the rest of its message, within bounds.
void Verdicts::Fail(const ActivePointer& message, RecipientReport failed) {
  message->failed.push_back(std::move(failed));
  if (message->failed.size() >= kToldTogether) SettleSoon(message);
}

// The relay has taken it, and does not tell the sender, who wants to be told: NOTIFY=SUCCESS, or after a warning.
void Verdicts::NoteRelayed(const ActivePointer& message, const queue::QueuedRecipient& recipient,
                           const mail::Delivered& delivered, std::string_view relay) {
  const mail::Recipient& whom = recipient.recipient;
  const bool asked = !delivered.relay_reports && WantsReport(whom, queue::ReportKind::kRelayed);
  const bool cleared = context_.policy.notices.confirm_delay_cleared &&
                       message->facts.warning == queue::Warning::kSent &&
                       WantsReport(whom, queue::ReportKind::kDelayed);
  if ((!asked && !cleared) || !reports_.HasSender(message->facts)) return;
  message->relayed.push_back(
      {recipient.key, whom, delivered.status.ToString(), delivered.reply, std::string(relay), false});
  if (message->relayed.size() >= kToldTogether) SettleSoon(message);
}

void Verdicts::SettleSoon(const ActivePointer& message) {
  Pending& pending = PendingOf(message);
  const auto move = [](auto from, auto& to) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  move(std::exchange(message->failed, {}), pending.failed);
  move(std::exchange(message->relayed, {}), pending.relayed);
}

void Verdicts::KeepWaiting(Unit& unit, size_t index, Microseconds next_attempt, bool attempted,
                           std::string_view status, std::string_view text, std::string_view relay) {
  const auto& recipient = unit.recipients[index];
  Pending& pending = PendingOf(unit.message);
  pending.outcomes.push_back({recipient.key, WaitingState(recipient), next_attempt, attempted, std::string(status),
                              std::string(text), std::string(relay)});
  if (next_attempt > sys::WallClock()) {
    pending.due_later.push_back(next_attempt);
  } else {
    pending.due_now.push_back(recipient.route);
  }
}

// Not of notices: the notice of a notice could have the same fate.
void Verdicts::TellOfRefusal(const ActiveMessage& message, const ipc::Verdicts& refused) const {
  if (message.facts.origin == queue::Origin::kBounce) return;
  std::optional<AdministratorNotice> notice;
  if (const auto* deferred = std::get_if<mail::Deferred>(&refused.verdict)) {
    notice = RefusalNotice(deferred->status, deferred->why, refused.relay, refused.transcript);
  } else if (const auto* returned = std::get_if<mail::Returned>(&refused.verdict)) {
    notice = RefusalNotice(returned->status, returned->why, refused.relay, refused.transcript);
  }
  if (notice && context_.policy.notices.Wants(notice->notice_class)) {
    context_.tell_administrator(std::move(*notice));
  }
}

bool Verdicts::OnVerdict(Unit& unit, size_t index, const mail::Verdict& verdict, std::string_view relay) {
  const auto& recipient = unit.recipients[index];
  unit.answered[index] = true;
  const Decision decision = Decide(verdict, AttemptOn(unit, context_.queue), context_.policy.schedule);
  const auto* deferred = std::get_if<mail::Deferred>(&verdict);
  switch (decision.next) {
    case Next::kSent: {
      const auto& delivered = std::get<mail::Delivered>(verdict);
      PendingOf(unit.message)
          .outcomes.push_back({recipient.key,
                               RecipientState::kSent,
                               {},
                               true,
                               delivered.status.ToString(),
                               delivered.reply,
                               std::string(relay)});
      NoteRelayed(unit.message, recipient, delivered, relay);
      return false;
    }
    case Next::kRetry:
    case Next::kWaitForCircuit:
      KeepWaiting(unit, index, decision.next_attempt, true, deferred->status.ToString(), deferred->why, relay);
      return decision.next == Next::kWaitForCircuit;
    case Next::kExpire:
      Fail(unit.message, {recipient.key, recipient.recipient, deferred->status.ToString(), deferred->why,
                          std::string(relay), true});
      return false;
    case Next::kReturn: {
      const auto& returned = std::get<mail::Returned>(verdict);
      Fail(unit.message, {recipient.key, recipient.recipient, returned.status.ToString(), returned.why,
                          std::string(relay), false});
      return false;
    }
  }
  return false;
}

void Verdicts::OnSilence(Unit& unit, size_t index) {
  const auto& recipient = unit.recipients[index];
  const Attempt attempt = AttemptOn(unit, context_.queue);
  const Microseconds now = attempt.now;
  unit.answered[index] = true;
  Pending& pending = PendingOf(unit.message);
  pending.lines.push_back(
      RecipientLine(*unit.message, recipient.recipient, now, kInDoubtStatus, "deferred", kInDoubtText));
  // A relay that takes every content and answers none would otherwise be given it for ever.
  if (HasExpired(attempt, context_.policy.schedule)) {
    return Fail(unit.message, {recipient.key, recipient.recipient, std::string(kInDoubtStatus),
                               std::string(kInDoubtText), "", true});
  }
  const Microseconds next = NextAttempt(attempt, context_.policy.schedule);
  pending.outcomes.push_back({recipient.key, RecipientState::kInDoubt, next, true, std::string(kInDoubtStatus),
                              std::string(kInDoubtText), ""});
  pending.due_later.push_back(next);
}

void Verdicts::OnNotAttempted(Unit& unit, size_t index, const mail::Deferred* why, bool counts) {
  const Attempt attempt = AttemptOn(unit, context_.queue);
  const Microseconds now = attempt.now;
  const auto& recipient = unit.recipients[index];
  unit.answered[index] = true;
  if (why == nullptr) return KeepWaiting(unit, index, now, false, "", "", "");
  const std::string status = why->status.ToString();
  if (counts && why->fault != mail::Fault::kAccount && HasExpired(attempt, context_.policy.schedule)) {
    return Fail(unit.message, {recipient.key, recipient.recipient, status, why->why, "", true});
  }
  KeepWaiting(unit, index, now, counts, status, why->why, "");
  PendingOf(unit.message)
      .lines.push_back(RecipientLine(*unit.message, recipient.recipient, now, status, "deferred", why->why));
}

void Verdicts::OnUnitEnd(Unit& unit) {
  if (--unit.message->units_in_flight == 0) SettleSoon(unit.message);
}

void Verdicts::Return(const ActivePointer& message, const queue::QueuedRecipient& recipient,
                      std::string_view status, std::string_view text, bool expired) {
  Pending& pending = PendingOf(message);
  pending.failed.push_back(
      {recipient.key, recipient.recipient, std::string(status), std::string(text), "", expired});
  if (expired) return;  // its line is the message's
  pending.lines.push_back(RecipientLine(*message, recipient.recipient, sys::WallClock(), status, "bounced", text));
}

void Verdicts::Discard(const ActivePointer& message, const queue::QueuedRecipient& recipient,
                       std::string_view text) {
  Pending& pending = PendingOf(message);
  pending.outcomes.push_back({recipient.key, RecipientState::kSent, {}, true, "2.0.0", std::string(text), ""});
  pending.lines.push_back(RecipientLine(*message, recipient.recipient, sys::WallClock(), "2.0.0", "sent", text));
}

void Verdicts::Defer(const ActivePointer& message, const queue::QueuedRecipient& recipient, std::string_view status,
                     std::string_view text, Microseconds next_attempt) {
  Pending& pending = PendingOf(message);
  pending.outcomes.push_back(
      {recipient.key, WaitingState(recipient), next_attempt, true, std::string(status), std::string(text), ""});
  pending.due_later.push_back(next_attempt);
  pending.lines.push_back(RecipientLine(*message, recipient.recipient, sys::WallClock(), status, "deferred", text));
}

bool Verdicts::HasFailedToCommit(queue::MessageKey message) const {
  const auto it = pending_.find(message);
  return it != pending_.end() && it->second.not_before > Microseconds::zero();
}

void Verdicts::Contribute() {
  if (pending_.empty()) return;
  const Microseconds now = sys::MonotonicClock();
  for (auto it = pending_.begin(); it != pending_.end();) {
    if (it->second.not_before > now) {
      ++it;
      continue;
    }
    auto pending = std::make_shared<Pending>(std::move(it->second));
    it = pending_.erase(it);
    auto settled = std::make_shared<Settled>();
    Batch::Change change;
    change.apply = [this, pending, settled] {
      *settled = {};
      return Apply(*pending, *settled);
    };
    change.committed = [this, pending, settled] { OnCommitted(*pending, *settled); };
    change.failed = [this, pending](const sys::Error&) { KeepForLater(std::move(*pending)); };
    context_.batch.Add(std::move(change));
  }
}

sys::Result<void> Verdicts::Apply(const Pending& pending, Settled& settled) {
  const Microseconds now = sys::WallClock();
  const queue::MessageKey key = pending.message->facts.key;
  std::vector<Outcome> outcomes = pending.outcomes;
  if (!pending.failed.empty()) {
    if (auto done = SettleFailed(pending, outcomes, settled); !done) return done;
  }
  auto told = reports_.Tell(pending.message->facts, queue::ReportKind::kRelayed, pending.relayed, settled.told);
  if (!told) return told;
  if (!outcomes.empty()) {
    if (auto recorded = context_.queue.Record(key, outcomes, now); !recorded) return recorded;
  }
  if (pending.message->units_in_flight > 0) return {};
  auto unfinished = context_.queue.Unfinished(key);
  if (!unfinished) return unfinished.error();
  if (*unfinished > 0) return {};
  settled.removed = true;
  return context_.queue.Remove(key, now);
}

sys::Result<void> Verdicts::SettleFailed(const Pending& pending, std::vector<Outcome>& outcomes, Settled& settled) {
  const queue::QueuedMessage& message = pending.message->facts;
  bool has_end = reports_.HasSender(message);
  if (has_end) {
    auto done = reports_.Tell(message, queue::ReportKind::kFailed, pending.failed, settled.told);
    if (!done) return done;
  } else {
    const auto told = reports_.TellDoubleBounce(message, pending.failed, settled.told);
    if (!told) return told.error();
    has_end = *told;
  }
  const RecipientState state = has_end ? RecipientState::kReturned : RecipientState::kDead;
  for (const auto& one : pending.failed) {
    outcomes.push_back({one.key, state, {}, true, one.status, one.text, one.relay});
  }
  if (!has_end) settled.dead += pending.failed.size();
  return {};
}

void Verdicts::OnCommitted(const Pending& pending, const Settled& settled) {
  const ActiveMessage& message = *pending.message;
  const std::string& id = message.facts.id.text();
  for (const auto& line : pending.lines) context_.log.Info(line);
  bool expired = false;
  for (const auto& one : pending.failed) expired = expired || one.expired;
  if (expired) context_.log.Info(ExpiredLine(message));
  for (const auto& line : settled.told.lines) context_.log.WriteAs("bounce", sys::LogLevel::kInfo, line);
  for (const auto& route : settled.told.routes) listener_.due_now(route);
  if (settled.dead > 0) {
    context_.log.WriteAs("bounce", sys::LogLevel::kWarning,
                         Cat(id, ": undeliverable, and no sender to tell: kept as a dead letter"));
  }
  if (settled.removed) context_.log.Info(Cat(id, ": removed"));
  for (const auto& route : pending.due_now) listener_.due_now(route);
  for (const Microseconds time : pending.due_later) listener_.due_later(time);
}

void Verdicts::KeepForLater(Pending kept) {
  Pending& pending = PendingOf(kept.message);
  const auto append = [](auto& to, auto& from) {
    to.insert(to.begin(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(pending.outcomes, kept.outcomes);
  append(pending.failed, kept.failed);
  append(pending.relayed, kept.relayed);
  append(pending.lines, kept.lines);
  append(pending.due_now, kept.due_now);
  append(pending.due_later, kept.due_later);
  pending.not_before = sys::MonotonicClock() + kCommitRetry;
  context_.loop.After(kCommitRetry, [] {});  // a round, which contributes it again
}

}  // namespace outpost::queue_runner
