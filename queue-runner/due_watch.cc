#include "queue-runner/due_watch.h"

#include <algorithm>
#include <utility>

#include "lib/sys/clock.h"
#include "queue-runner/schedule.h"

namespace outpost::queue_runner {
namespace {

// The wall clock may be set while we wait by the monotonic one: look again after so long.
constexpr Microseconds kLongestWait = std::chrono::minutes(15);

}  // namespace

DueWatch::DueWatch(Context& context, bool once, Listener listener)
    : context_(context), once_(once), listener_(std::move(listener)) {}

DueWatch::~DueWatch() { context_.loop.Cancel(timer_); }

void DueWatch::LookAgain() {
  asked_ = true;
  context_.ask_for_round();
}

void DueWatch::NoteAt(Microseconds time) {
  if (once_ || (next_due_ && *next_due_ <= time)) return;
  next_due_ = time;
  Arm();
}

void DueWatch::Arm() {
  context_.loop.Cancel(timer_);
  if (!asked_ && !next_due_) return;
  const Microseconds wait = asked_ ? Microseconds::zero() : std::min(*next_due_ - sys::WallClock(), kLongestWait);
  timer_ = context_.loop.After(std::max(wait, pace_.Wait()), [this] {
    if (!asked_ && next_due_ && *next_due_ > sys::WallClock()) return Arm();
    LookAgain();
  });
}

bool DueWatch::Begin() {
  if (!asked_) return false;
  if (pace_.Wait() > Microseconds::zero()) {
    Arm();
    return false;
  }
  asked_ = false;
  next_due_.reset();
  last_due_ = {};
  walk_began_ = sys::WallClock();
  place_ = queue::DuePlace{};
  return true;
}

void DueWatch::Step() {
  if (!place_ && !Begin()) return;
  if (!listener_.has_place()) return;
  pace_.BeginStep();
  auto step = context_.queue.WalkDue(*place_, walk_began_);
  pace_.EndStep();
  if (!step) {
    context_.log.Error(step.error().text());
    place_.reset();
    pace_.EndWalk();
    return NoteAt(walk_began_ + kLongestWait);
  }
  for (const queue::Route& route : step->routes) listener_.due(route);
  if (step->next_attempt) NoteAt(*step->next_attempt);
  if (step->last_attempt) last_due_ = std::max(last_due_, *step->last_attempt);
  place_ = std::move(step->next);
  if (!place_) End();
  context_.ask_for_round();
}

void DueWatch::End() {
  pace_.EndWalk();
  Arm();
  const Microseconds latest = LongestBackoff(context_.policy.schedule) + kLongestWait;
  if (!once_ && last_due_ > walk_began_ + latest) listener_.clock_was_ahead();
}

}  // namespace outpost::queue_runner
