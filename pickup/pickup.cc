#include "pickup/pickup.h"

#include <utility>

#include "lib/sys/clock.h"

namespace outpost::pickup {

Pickup::Pickup(const confine::Confined& confined, const conf::PickupSettings& settings, const sys::Log& log,
               sys::EventLoop& loop, Descriptors descriptors)
    : settings_(settings),
      loop_(loop),
      descriptors_(std::move(descriptors)),
      work_(loop),
      link_(loop, log, std::move(descriptors_.runner)),
      reception_(confined, settings, log, descriptors_.temporary, work_, link_),
      server_(loop, settings, log, descriptors_.temporary, reception_, std::move(descriptors_.listener)),
      maildrop_({descriptors_.maildrop, descriptors_.corrupt, descriptors_.temporary}, log, work_, reception_,
                link_) {}

Pickup::~Pickup() {
  loop_.Cancel(idle_timer_);
  loop_.OnRound({});
}

sys::Result<void> Pickup::Start() {
  auto listening = link_.Start({.on_accepted = [this](const auto& accepted) { reception_.OnAccepted(accepted); },
                                .on_refused = [this](const auto& refused) { reception_.OnRefused(refused); },
                                .on_scan = [this] { maildrop_.Scan(); },
                                .on_closed = [this] { loop_.Stop(); }});
  if (!listening) return listening;
  if (auto accepting = server_.Start(); !accepting) return accepting;
  loop_.OnRound([this] { AfterRound(); });
  last_work_ = sys::MonotonicClock();
  EndWhenIdle();
  if (auto listed = maildrop_.Start(); !listed) return listed;
  AfterRound();
  return {};
}

void Pickup::AfterRound() {
  maildrop_.AfterRound();
  if (!Idle()) last_work_ = sys::MonotonicClock();
}

bool Pickup::Idle() const {
  return server_.connections() == 0 && reception_.waiting() == 0 && work_.empty() && maildrop_.idle() &&
         link_.drained();
}

// A process without work ends; the runner, which holds the listener too, starts another when there is some.
void Pickup::EndWhenIdle() {
  const sys::Microseconds end = last_work_ + settings_.max_idle;
  const sys::Microseconds now = sys::MonotonicClock();
  if (Idle() && now >= end) return loop_.Stop();
  constexpr sys::Microseconds kSoon = std::chrono::milliseconds(100);
  idle_timer_ = loop_.After(std::max(end - now, kSoon), [this] { EndWhenIdle(); });
}

}  // namespace outpost::pickup
