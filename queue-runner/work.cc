#include "queue-runner/work.h"

#include <algorithm>

namespace outpost::queue_runner {

bool Unit::IsAnswered() const {
  return std::ranges::all_of(answered, [](bool one) { return one; });
}

ActivePointer ActiveMessages::Find(queue::MessageKey key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : it->second.lock();
}

ActivePointer ActiveMessages::FindOrAdd(queue::QueuedMessage facts, sys::Microseconds now, bool& added) {
  auto found = Find(facts.key);
  added = found == nullptr;
  if (!added) return found;
  const queue::MessageKey key = facts.key;
  ActivePointer message(new ActiveMessage{std::move(facts), nullptr, now, 0, false, {}},
                        [this, key](ActiveMessage* ended) {
                          by_key_.erase(key);
                          delete ended;
                        });
  by_key_.insert_or_assign(key, message);
  return message;
}

}  // namespace outpost::queue_runner
