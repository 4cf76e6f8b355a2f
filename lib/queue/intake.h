// The way in: new messages, and what has been accepted and may come again.
#pragma once

#include "lib/queue/content.h"
#include "lib/queue/history.h"
#include "lib/queue/queue.h"
#include "lib/queue/statement.h"
#include "lib/queue/totals.h"
#include "lib/queue/users.h"

namespace outpost::queue {

class Intake {
 public:
  Intake(Connection& connection, Contents& contents, History& history, Totals& totals, Users& users);
  // Finds the number of the last message; before anything else.
  Result<void> Start();

  // New messages come after `key` as well.
  MessageKey last_key() const { return last_key_; }
  void KeepAbove(MessageKey key) { last_key_ = std::max(last_key_, key); }

  // As in Queue.
  Result<std::optional<KnownSubmission>> FindKnown(const IntakeKey& key);
  Result<bool> IsIdTaken(const mail::QueueId& id);
  Result<Stored> Insert(const NewMessage& message, const sys::ReadOnlyFd& content, std::span<const Route> routes,
                        int64_t generation);
  Result<Stored> InsertInvisible(const NewMessage& message, uint64_t content_bytes, std::span<const Route> routes,
                                 int64_t generation);
  Result<void> Append(MessageKey message, std::string_view chunk);
  Result<void> Publish(MessageKey message, Microseconds now);
  Result<void> Discard(MessageKey message);
  Result<void> Forget(std::span<const mail::QueueId> ids);
  Result<std::vector<mail::QueueId>> AcceptedBefore(Microseconds made_before, const mail::QueueId& after,
                                                    size_t limit);
  // Discards what a runner before this one had left invisible.
  Result<void> Sweep();

 private:
  struct Invisible {
    std::string id;
    uint64_t size = 0;
    uint32_t uid = 0;
    std::string surplus;
  };
  // A submission has become visible.
  Result<void> CountIn(std::string_view id, uint32_t uid, std::string_view surplus, Microseconds now);
  Result<Invisible> FindInvisible(MessageKey message);
  Result<std::optional<MessageKey>> AnyInvisible();
  Result<Stored> InsertRows(const NewMessage& message, uint64_t content_bytes, std::span<const Route> routes,
                            int64_t generation, bool visible);
  Result<void> InsertMessage(MessageKey key, const NewMessage& message, uint64_t content_bytes, bool visible);
  Result<void> InsertRecipients(MessageKey key, const NewMessage& message, uint64_t content_bytes,
                                std::span<const Route> routes, int64_t generation, bool visible);

  Connection& connection_;
  Contents& contents_;
  History& history_;
  Totals& totals_;
  Users& users_;
  MessageKey last_key_ = 0;

  Statement find_by_token_;
  Statement find_by_id_;
  Statement knows_id_;
  Statement insert_message_;
  Statement insert_recipient_;
  Statement insert_intake_;
  Statement find_invisible_;
  Statement any_invisible_;
  Statement publish_message_;
  Statement publish_recipients_;
  Statement hide_message_;
  Statement forget_;
  Statement accepted_before_;
};

}  // namespace outpost::queue
