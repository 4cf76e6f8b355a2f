#include "queue-runner/expiry.h"

#include <utility>

namespace outpost::queue_runner {

Expiry::Expiry(Context& context, Verdicts& verdicts, Listener listener)
    : context_(context), verdicts_(verdicts), listener_(std::move(listener)) {}

Expiry::~Expiry() { context_.loop.Cancel(timer_); }

bool Expiry::Begin() {
  if (!asked_) return false;
  if (const Microseconds wait = pace_.Wait(); wait > Microseconds::zero()) {
    context_.loop.Cancel(timer_);
    timer_ = context_.loop.After(wait, [] {});  // a round
    return false;
  }
  asked_ = notices_ = false;
  place_ = queue::OldPlace{};
  return true;
}

void Expiry::Step() {
  if (!place_ && !Begin()) return;
  const ScheduleRules& rules = context_.policy.schedule;
  const Microseconds lifetime = notices_ ? rules.bounce_queue_lifetime : rules.maximal_queue_lifetime;
  pace_.BeginStep();
  const auto step = context_.queue.WalkOld(notices_, context_.queue.waiting_clock() - lifetime, *place_);
  pace_.EndStep();
  if (!step) {
    place_.reset();
    pace_.EndWalk();
    return context_.log.Error(step.error().text());
  }
  Return(step->recipients);
  place_ = step->next;
  if (!place_ && !std::exchange(notices_, true)) place_ = queue::OldPlace{};
  if (!place_) pace_.EndWalk();
  context_.ask_for_round();
}

void Expiry::Return(const std::vector<queue::QueuedRecipient>& recipients) {
  for (const auto& recipient : recipients) {
    const mail::Deferred* why = listener_.reason(recipient.route);
    if (why == nullptr || verdicts_.HasFailedToCommit(recipient.message)) continue;
    const auto message = context_.active.FindOrRead(context_.queue, recipient.message);
    if (!message) return context_.log.Error(message.error().text());
    if (*message == nullptr) continue;
    verdicts_.Return(*message, recipient, why->status.ToString(), why->why, true);
    listener_.returned(recipient.route);
  }
}

}  // namespace outpost::queue_runner
