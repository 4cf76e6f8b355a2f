#include "queue-runner/user_limits.h"

#include <algorithm>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

constexpr uint64_t kReleasedARound = 64;
constexpr Microseconds kLongestWait = std::chrono::minutes(1);
constexpr size_t kMaxTold = 1000;

std::string WhyRate(const RateRules& rules) {
  return Cat("held: its user has submitted more than ", rules.limit, " messages in ",
             std::chrono::duration_cast<std::chrono::seconds>(rules.unit).count(), " s (submit_rate_limit)");
}

std::string WhyShare(uint64_t limit) {
  return Cat("held: its user has ", limit, " messages waiting already (queue_share_limit)");
}

AdministratorNotice NoticeOf(uint32_t uid, const std::string& why) {
  AdministratorNotice notice;
  notice.notice_class = conf::NoticeClass::kResource;
  notice.subject = Cat("mail of uid ", uid, " is held");
  notice.paragraphs = {
      Cat("A program of uid ", uid, " submits more mail than one user may. Each further message is ", why, "."),
      "Nothing is lost and nothing is refused: what is held leaves by itself, oldest first, as far as the limits "
      "allow. "
      "Other users' mail is not affected.",
      "See what it is with `mailq` and `outpost status`. If it is as it should be, raise the limit in main.cf (0: "
      "none) "
      "and call `outpost reload`: what is held leaves then."};
  return notice;
}

}  // namespace

uint64_t UserLimits::RoomInLine(uint32_t uid) {
  const uint64_t limit = context_.policy.queue_share_limit;
  if (limit == 0) return kReleasedARound;
  const auto waiting = context_.queue.CountInLine(uid);
  return waiting && *waiting < limit ? limit - *waiting : 0;
}

sys::Result<std::string> UserLimits::Judge(uint32_t uid) {
  const uint64_t share = context_.policy.queue_share_limit;
  if (share > 0) {
    const auto waiting = context_.queue.CountInLine(uid);
    if (!waiting) return waiting.error();
    if (*waiting >= share) return WhyShare(share);
  }
  const RateRules& rate = context_.policy.rate;
  return rates_.Take(uid, rate, sys::MonotonicClock()) ? std::string() : WhyRate(rate);
}

void UserLimits::NoteHeld(uint32_t uid, const std::string& why) {
  has_surplus_ = true;
  if (told_.size() >= kMaxTold || !told_.emplace(uid, why).second) return;
  context_.log.Warning(Cat("uid ", uid, ": further messages are ", why));
  context_.tell_administrator(NoticeOf(uid, why));
}

void UserLimits::Contribute() {
  if (!has_surplus_ || context_.batch.in_trouble()) return;
  const auto surplus = context_.queue.Surplus();
  if (!surplus) return context_.log.Error(surplus.error().text());
  has_surplus_ = !surplus->empty();
  std::erase_if(told_, [&](const auto& one) { return !surplus->contains(one.first); });
  const Microseconds now = sys::MonotonicClock();
  for (const auto& [uid, held] : *surplus) Release(uid, held, now);
}

void UserLimits::Release(uint32_t uid, uint64_t held, Microseconds now) {
  const RateRules& rate = context_.policy.rate;
  const uint64_t room = std::min({held, RoomInLine(uid), kReleasedARound});
  const uint64_t may = rates_.TakeSurplus(uid, room, rate, now);
  if (room > may) ArmTimer(rates_.NextSurplus(uid, rate, now) - now);
  if (may == 0) return;
  context_.batch.Add({[this, uid, may]() -> sys::Result<void> {
                        auto released = context_.queue.ReleaseSurplus(uid, may, sys::WallClock());
                        return released ? sys::Result<void>() : sys::Result<void>(released.error());
                      },
                      [this, uid] {
                        if (const auto left = context_.queue.Surplus(); left && !left->contains(uid)) {
                          context_.log.Info(Cat("uid ", uid, ": nothing is held any more"));
                        }
                        released_();
                        context_.ask_for_round();
                      },
                      [](const sys::Error&) {}});
}

// One for all users: each round looks at all.
void UserLimits::ArmTimer(Microseconds wait) {
  if (timer_ != 0) return;
  timer_ = context_.loop.After(std::min(wait, kLongestWait), [this] { timer_ = 0; });
}

std::vector<std::string> UserLimits::StatusLines(size_t limit) {
  std::vector<std::string> lines;
  const auto surplus = context_.queue.Surplus();
  if (!surplus) return lines;
  for (const auto& [uid, held] : *surplus) {
    if (lines.size() >= limit) break;
    const auto told = told_.find(uid);
    lines.push_back(Cat("uid ", uid, ": ", held, held == 1 ? " message is " : " messages are ",
                        told == told_.end() ? "held as surplus of a limit" : told->second));
  }
  return lines;
}

}  // namespace outpost::queue_runner
