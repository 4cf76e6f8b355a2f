// What waits for one destination, made into deliveries: at most a page of it a lane is in memory, the rest stays in the
// queue.
//
// Light mail has two ends: the queue's, oldest due first, and the few messages that came last, newest first; they take
// turns, so that a new message does not wait for thousands of old ones, and the old ones do not wait for ever.
#pragma once

#include <array>
#include <deque>

#include "queue-runner/context.h"
#include "queue-runner/verdicts.h"
#include "queue-runner/workers.h"

namespace outpost::queue_runner {

class Backlog {
 public:
  Backlog(Context& context, Verdicts& verdicts, Pool& pool, queue::Route route)
      : context_(context), verdicts_(verdicts), pool_(pool), route_(std::move(route)) {}
  ~Backlog();
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  const queue::Route& route() const { return route_; }
  // The queue has, or may have, recipients due.
  void NoteDue();
  // All that a message that has just come (not yet committed) has for this destination; light mail alone.
  void NoteNewest(std::vector<queue::QueuedRecipient> recipients);
  // Its mail waits for a flush (defer_transports): only what was due at the last one, and what a flush of some has
  // chosen, can be had.
  bool WaitsForFlush() const { return context_.policy.waits_for_flush; }
  // What has been read is forgotten, to be read again.
  void Reset();

  // A lane is read once a round at most, and not in one that has chosen something of it: what is not yet recorded as
  // dispatched would be read again.
  void NoteUnrecorded(queue::Lane lane) { Of(lane).has_unrecorded = true; }
  void EndRound();
  // Recipients at hand; reads the queue when there are none.
  size_t Look(queue::Lane lane);
  // There may be something, in the next round if not in this one.
  bool HasWork() const { return HasWork(queue::Lane::kLight) || HasWork(queue::Lane::kBulk); }
  bool HasWork(queue::Lane lane) const;
  // The next recipients of one message, with its content; nothing when there are none for now.
  UnitPointer Next(queue::Lane lane);
  // `unit`, the last one, cannot leave now.
  void PutBack(const Unit& unit);

 private:
  using Recipients = std::deque<queue::QueuedRecipient>;
  struct Page {
    Recipients ready;  // due, read from the queue, not yet chosen
    bool may_have_due = false;
    bool has_unrecorded = false;  // chosen or read in this round
  };
  Page& Of(queue::Lane lane) { return pages_.at(static_cast<size_t>(lane)); }
  const Page& Of(queue::Lane lane) const { return pages_.at(static_cast<size_t>(lane)); }

  void ReadQueue(queue::Lane lane);
  size_t PageSize() const;
  bool IsAmongNewest(queue::MessageKey message) const;
  bool IsRoutedHere(const queue::QueuedRecipient& recipient);
  UnitPointer MakeNext(queue::Lane lane);
  UnitPointer MakeUnit(Recipients& from, queue::Lane lane);
  sys::Result<void> LoadContent(const ActivePointer& message);
  void Account();

  Context& context_;
  Verdicts& verdicts_;
  Pool& pool_;
  queue::Route route_;
  std::array<Page, 2> pages_;      // by lane
  std::deque<Recipients> newest_;  // a message each, the newest last; they are in the queue as well
  bool newest_was_last_ = false;   // had the turn before this one
  size_t accounted_ = 0;           // in pool_.recipients_at_hand
};

}  // namespace outpost::queue_runner
