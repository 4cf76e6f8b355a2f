#include "queue-runner/delay_warnings.h"

#include <algorithm>
#include <memory>

#include "lib/sys/clock.h"

namespace outpost::queue_runner {
namespace {

constexpr size_t kPage = 64;         // messages a round
constexpr size_t kRecipients = 500;  // of a message that are named
constexpr std::string_view kStatus = "4.4.7";
constexpr Microseconds kRetry = std::chrono::seconds(5);
constexpr Microseconds kShortest = std::chrono::milliseconds(50);
constexpr Microseconds kLongest = std::chrono::hours(1);

}  // namespace

void DelayWarnings::Reload() {
  place_ = {};
  next_look_ = {};
}

void DelayWarnings::Contribute(bool clock_runs) {
  const Microseconds delay = context_.policy.notices.delay_warning_time;
  const Microseconds now = sys::MonotonicClock();
  if (delay.count() == 0 || !clock_runs || context_.batch.in_trouble() || now < next_look_) return;
  const Microseconds before = context_.queue.waiting_clock() - delay;
  auto waiting = context_.queue.WaitingLonger(place_, before, kPage);
  if (!waiting) {
    next_look_ = now + kRetry;
    return context_.log.Error(waiting.error().text());
  }
  for (const auto& message : *waiting) {
    place_ = {message.waiting_since, message.key};
    if (message.warning == queue::Warning::kNotYet) Warn(message);
  }
  if (waiting->size() == kPage) return context_.ask_for_round();
  LookForNext();
}

// One timer for the oldest message that has not been looked at; none while nothing waits.
void DelayWarnings::LookForNext() {
  const Microseconds delay = context_.policy.notices.delay_warning_time;
  context_.loop.Cancel(timer_);
  const auto next = context_.queue.WaitingLonger(place_, Microseconds::max(), 1);
  if (!next || next->empty()) return;
  const Microseconds left = next->front().waiting_since + delay - context_.queue.waiting_clock();
  const Microseconds wait = std::clamp(left + std::chrono::milliseconds(1), kShortest, kLongest);
  next_look_ = sys::MonotonicClock() + wait;
  timer_ = context_.loop.After(wait, [] {});  // a round
}

void DelayWarnings::Warn(const queue::QueuedMessage& message) {
  const auto told = std::make_shared<Reports::Told>();
  const auto warning = std::make_shared<queue::Warning>();
  Batch::Change change;
  change.apply = [this, message, told, warning]() -> sys::Result<void> {
    *told = {};
    auto applied = Apply(message, *told);
    if (!applied) return applied.error();
    *warning = *applied;
    return context_.queue.MarkWarned(message.key, *warning);
  };
  change.committed = [this, key = message.key, told, warning] {
    if (const auto active = context_.active.Find(key)) active->facts.warning = *warning;
    for (const auto& line : told->lines) context_.log.WriteAs("bounce", sys::LogLevel::kInfo, line);
    for (const auto& route : told->routes) due_now_(route);
  };
  change.failed = [this](const sys::Error&) {
    place_ = {};
    next_look_ = sys::MonotonicClock() + kRetry;
    timer_ = context_.loop.After(kRetry, [] {});
  };
  context_.batch.Add(std::move(change));
}

sys::Result<queue::Warning> DelayWarnings::Apply(const queue::QueuedMessage& message, Reports::Told& told) {
  if (!reports_.HasSender(message)) return queue::Warning::kNotWanted;
  const auto unsettled = context_.queue.Unsettled(message.key, kRecipients);
  if (!unsettled) return unsettled.error();
  std::vector<RecipientReport> reports;
  for (const auto& one : *unsettled) {
    if (!WantsReport(one.recipient, queue::ReportKind::kDelayed)) continue;
    RecipientReport report{one.key, one.recipient, one.last_status, one.last_text, "", false};
    if (report.text.empty()) report.text = why_waiting_(one.route);
    if (report.text.empty()) report.text = "the next mail server has not taken it yet";
    if (report.status.empty()) report.status = kStatus;
    reports.push_back(std::move(report));
  }
  if (reports.empty()) return queue::Warning::kNotWanted;
  auto done = reports_.Tell(message, queue::ReportKind::kDelayed, reports, told);
  if (!done) return done.error();
  return queue::Warning::kSent;
}

}  // namespace outpost::queue_runner
