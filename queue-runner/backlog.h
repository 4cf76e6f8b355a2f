// What waits for one destination, made into deliveries: at most one page of it is in memory, the rest stays in the
// queue.
#pragma once

#include <deque>

#include "queue-runner/context.h"
#include "queue-runner/verdicts.h"
#include "queue-runner/workers.h"

namespace outpost::queue_runner {

class Backlog {
 public:
  Backlog(Context& context, Verdicts& verdicts, Pool& pool, queue::Route route)
      : context_(context), verdicts_(verdicts), pool_(pool), route_(std::move(route)) {}

  const queue::Route& route() const { return route_; }
  // The queue has, or may have, recipients due.
  void NoteDue() { may_have_due_ = true; }
  // What has been read is forgotten, to be read again.
  void Reset();

  // The queue is read once a round at most, and not in one that has already chosen something (`has_unrecorded`): what
  // is not yet recorded as dispatched would be read again.
  void BeginRound(bool has_unrecorded) { has_unrecorded_ = has_unrecorded; }
  void NoteUnrecorded() { has_unrecorded_ = true; }
  // Recipients at hand; reads the queue when there are none.
  size_t Look();
  // There may be something, in the next round if not in this one.
  bool HasWork() const { return may_have_due_ || !ready_.empty(); }
  // The next recipients of one message, with its content; nothing when there are none for now.
  UnitPointer Next();
  // `unit`, the last one, cannot leave now.
  void PutBack(const Unit& unit);

 private:
  void ReadQueue();
  bool IsRoutedHere(const queue::QueuedRecipient& recipient);
  UnitPointer MakeUnit();
  sys::Result<void> LoadContent(const ActivePointer& message);

  Context& context_;
  Verdicts& verdicts_;
  Pool& pool_;
  queue::Route route_;
  std::deque<queue::QueuedRecipient> ready_;  // due, read from the queue, not yet chosen
  bool may_have_due_ = false;
  bool has_unrecorded_ = false;  // chosen or read in this round
};

}  // namespace outpost::queue_runner
