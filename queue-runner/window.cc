#include "queue-runner/window.h"

#include <algorithm>
#include <cmath>

#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

constexpr double kRounding = 1e-6;

double Of(const Feedback& feedback, size_t window) {
  switch (feedback.per) {
    case Feedback::Per::kEvent:
      return feedback.amount;
    case Feedback::Per::kConcurrency:
      return feedback.amount / static_cast<double>(window);
    case Feedback::Per::kRootOfConcurrency:
      return feedback.amount / std::sqrt(static_cast<double>(window));
  }
  __builtin_unreachable();
}

// Two places.
std::string Rounded(double number) {
  const auto hundredths = std::lround(std::max(number, 0.0) * 100);
  const long rest = hundredths % 100;
  return sys::Cat(hundredths / 100, rest < 10 ? ".0" : ".", rest);
}

}  // namespace

Window::Window(const WindowRules& rules) : rules_(rules) {
  rules_.limit = std::max<size_t>(rules_.limit, 1);
  rules_.initial = std::clamp<size_t>(rules_.initial, 1, rules_.limit);
  width_ = rules_.initial;
}

void Window::OnDelivery(size_t busy, Microseconds now) {
  failed_cohorts_ = 0;
  if (width_ >= rules_.limit || width_ >= busy + rules_.initial || now < no_growth_before_) return;
  gained_ += Of(rules_.positive, width_);
  if (gained_ + kRounding < 1) return;
  gained_ -= 1;
  lost_ = 0;
  ++width_;
}

bool Window::OnFailure(size_t standing, Microseconds now) {
  failed_cohorts_ += 1.0 / static_cast<double>(standing + 1);
  const auto limit = static_cast<double>(rules_.failed_cohort_limit);
  if (rules_.failed_cohort_limit > 0 && failed_cohorts_ + kRounding >= limit) return true;
  if (standing > 0) {
    width_ = std::min(width_, standing + 1);
    no_growth_before_ = now + rules_.growth_pause;
  }
  lost_ -= Of(rules_.negative, width_);
  if (lost_ > -kRounding) return false;
  lost_ += 1;
  gained_ = 0;
  width_ = std::max<size_t>(width_ - 1, 1);
  return false;
}

std::string Window::Describe() const {
  return sys::Cat("concurrency ", width_, ", success ", Rounded(gained_), ", failure ", Rounded(lost_),
                  ", failed cohorts ", Rounded(failed_cohorts_));
}

void Window::Reset() {
  const Microseconds pause = no_growth_before_;
  *this = Window(rules_);
  no_growth_before_ = pause;
}

}  // namespace outpost::queue_runner
