#include "queue-runner/work.h"

#include <algorithm>
#include <utility>

#include "lib/sys/clock.h"

namespace outpost::queue_runner {

Attempt AttemptOn(const ActiveMessage& message, const queue::Queue& queue) {
  return {queue.waiting_clock() - message.facts.waiting_since, sys::WallClock(),
          message.facts.envelope.sender.empty()};
}

Attempt AttemptOn(const Unit& unit, const queue::Queue& queue) {
  Attempt attempt = AttemptOn(*unit.message, queue);
  attempt.ageless = unit.ageless;
  return attempt;
}

bool Unit::IsAnswered() const {
  return std::ranges::all_of(answered, [](bool one) { return one; });
}

ActivePointer ActiveMessages::Find(queue::MessageKey key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : it->second.lock();
}

ActivePointer ActiveMessages::FindOrAdd(queue::QueuedMessage facts) {
  if (auto found = Find(facts.key)) return found;
  const queue::MessageKey key = facts.key;
  ActivePointer message(new ActiveMessage{std::move(facts), nullptr, sys::WallClock(), 0, false, {}, {}},
                        [this, key](ActiveMessage* ended) {
                          by_key_.erase(key);
                          delete ended;
                        });
  by_key_.insert_or_assign(key, message);
  return message;
}

sys::Result<ActivePointer> ActiveMessages::FindOrRead(queue::Queue& queue, queue::MessageKey key) {
  if (auto found = Find(key)) return found;
  auto facts = queue.Message(key);
  if (!facts) return facts.error();
  if (!facts->has_value()) return ActivePointer();
  return FindOrAdd(std::move(**facts));
}

}  // namespace outpost::queue_runner
