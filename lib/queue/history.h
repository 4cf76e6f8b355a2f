// What happened to messages, kept after they are gone: one row a message, one a kind of event and recipient.
#pragma once

#include "lib/queue/queue.h"
#include "lib/queue/statement.h"
#include "lib/queue/totals.h"

namespace outpost::queue {

class History {
 public:
  History(Connection& connection, Totals& totals);

  // A message that has come; it is what Find and the event rows hang on.
  Result<void> Add(MessageKey key, const NewMessage& message, uint64_t content_bytes);
  // It never came: nothing is left.
  Result<void> Erase(const mail::QueueId& id);
  Result<void> MarkRemoved(std::string_view id, Microseconds now);

  // Of all of it, as Totals counts it, by reading it.
  Result<int64_t> Weigh();

  Result<bool> Knows(const mail::QueueId& id);
  // The key of a message that has not been removed.
  Result<std::optional<MessageKey>> Find(const mail::QueueId& id);
  Result<std::optional<uint32_t>> Submitter(const mail::QueueId& id);

  // `number` is the recipient's within the message, or kNoRecipient.
  static constexpr int64_t kNoRecipient = -1;
  Result<void> AddEvent(std::string_view id, int64_t number, const Event& event);
  // "submitted", the events in order of time, "removed"; at most kMaxTrace.
  Result<std::vector<Event>> Trace(const mail::QueueId& id);

  // See Queue::TrimHistory.
  Result<bool> Trim(Microseconds older_than, uint64_t size_limit_bytes);

 private:
  Result<std::optional<int64_t>> FindRepeat(std::string_view id, int64_t number, const Event& event,
                                            int64_t& next_sequence);
  Result<std::optional<std::string>> OldestRemoved(Microseconds before);
  Result<void> EraseWithEvents(const std::string& id);

  Totals& totals_;
  Statement add_;
  Statement erase_;
  Statement mark_removed_;
  Statement find_;
  Statement last_events_;
  Statement add_event_;
  Statement repeat_event_;
  Statement events_;
  Statement weigh_;
  Statement weigh_all_;
  Statement erase_events_;
  Statement oldest_removed_;
};

}  // namespace outpost::queue
