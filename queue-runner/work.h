// Messages in work: what queue-runner keeps in memory of a message while some of its recipients are with a delivery
// program or wait for the commit of what became of them. Bounded by what is in flight, not by the queue.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "lib/mail/verdict.h"
#include "lib/queue/queue.h"
#include "queue-runner/recipient_report.h"
#include "queue-runner/schedule.h"

namespace outpost::queue_runner {

struct Unit;

struct ActiveMessage {
  queue::QueuedMessage facts;
  std::shared_ptr<const sys::ReadOnlyFd> content;  // one for all its deliveries; null until the first
  sys::Microseconds activated{};                   // wall clock
  size_t units_in_flight = 0;
  bool announced = false;  // "queue active" has been logged
  // To be told of in one notice each; bounded by Verdicts.
  std::vector<RecipientReport> failed;
  std::vector<RecipientReport> relayed;
};
using ActivePointer = std::shared_ptr<ActiveMessage>;

// An attempt on `message` now, by the queue's clock.
Attempt AttemptOn(const ActiveMessage& message, const queue::Queue& queue);
Attempt AttemptOn(const Unit& unit, const queue::Queue& queue);

// Some recipients of one message on their way to one destination: one delivery.
struct Unit {
  ActivePointer message;
  queue::Lane lane = queue::Lane::kLight;
  std::vector<queue::QueuedRecipient> recipients;
  std::vector<bool> answered;         // by position in `recipients`
  bool begun = false;                 // content has begun to leave
  std::optional<mail::Deferred> cut;  // a verdict of it said so: the connection was lost amid it
  bool ageless = false;               // see Attempt
  bool stopped = false;               // a verdict of it was the account's fault, not its own
  bool sent = false;                  // the program has it; before, it can be taken back

  bool IsAnswered() const;
};
using UnitPointer = std::shared_ptr<Unit>;

// Finds the ActiveMessage of a key while anybody holds it. Must outlive them all.
class ActiveMessages {
 public:
  ActivePointer Find(queue::MessageKey key) const;
  ActivePointer FindOrAdd(queue::QueuedMessage facts);
  // Null when `queue` does not have it, or has just set it aside; an Error where it cannot be read for now.
  sys::Result<ActivePointer> FindOrRead(queue::Queue& queue, queue::MessageKey key);
  size_t size() const { return by_key_.size(); }

 private:
  std::unordered_map<queue::MessageKey, std::weak_ptr<ActiveMessage>> by_key_;
};

}  // namespace outpost::queue_runner
