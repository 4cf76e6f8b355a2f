// Results of deliveries -> what the queue records of them: sent, deferred, returned, in doubt. Gathered while events
// are handled, committed once a round, one change a message; kept in memory while the queue cannot be written.
//
// Refused and expired recipients of a message are settled together when none of it is in flight, or when there are
// kToldTogether of them: in one commit the notice to the sender becomes a new message (several, where their text is
// long, or later with those of other messages: Reports), they become kReturned, and a message with nothing left is removed.
// Where nobody is told (null sender, and notify_classes without 2bounce), they become kDead: kept and shown. Those that the
// relay has taken, and of which the sender is to be told, are gathered in the same way.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/ipc/delivery.h"
#include "queue-runner/context.h"
#include "queue-runner/reports.h"

namespace outpost::queue_runner {

class Verdicts {
 public:
  static constexpr size_t kToldTogether = 256;

  // `due_now` is called with a route for which something has become due by a commit, `due_later` with its time.
  struct Listener {
    std::function<void(const queue::Route&)> due_now;
    std::function<void(Microseconds)> due_later;
  };
  Verdicts(Context& context, Reports& reports, Listener listener)
      : context_(context), reports_(reports), listener_(std::move(listener)) {}

  // The word on one recipient in flight. True when it waits for its destination's circuit.
  bool OnVerdict(Unit& unit, size_t index, const mail::Verdict& verdict, std::string_view relay);
  // Tells the administrator of a refusal, where that is wanted.
  void TellOfRefusal(const ActiveMessage& message, const ipc::Verdicts& refused) const;
  // Its content had begun to leave, and nothing was heard of it again.
  void OnSilence(Unit& unit, size_t index);
  // It was not attempted: as it was before, due at once or when its destination takes mail again. `why` is shown.
  void OnNotAttempted(Unit& unit, size_t index, const mail::Deferred* why, bool counts);
  // `unit` is in flight no more.
  void OnUnitEnd(Unit& unit);

  // What this process decides by itself, for a recipient that is not in flight.
  void Return(const ActivePointer& message, const queue::QueuedRecipient& recipient, std::string_view status,
              std::string_view text, bool expired);
  // Mail to an address of which it is thrown away.
  void Discard(const ActivePointer& message, const queue::QueuedRecipient& recipient, std::string_view text);
  void Defer(const ActivePointer& message, const queue::QueuedRecipient& recipient, std::string_view status,
             std::string_view text, Microseconds next_attempt);
  void NoteDue(const queue::Route& route) { listener_.due_now(route); }
  // A commit of what became of this message has failed and waits for another try; what the queue says of its
  // recipients is not true meanwhile.
  bool HasFailedToCommit(queue::MessageKey message) const;
  bool empty() const { return pending_.empty(); }

  // Adds what has been gathered to the batch.
  void Contribute();

 private:
  struct Pending {
    ActivePointer message;
    std::vector<queue::Outcome> outcomes;
    std::vector<RecipientReport> failed;   // to be settled in this commit
    std::vector<RecipientReport> relayed;  // settled; to be told
    std::vector<std::string> lines;        // of the log, once committed
    std::vector<queue::Route> due_now;
    std::vector<Microseconds> due_later;
    Microseconds not_before{};  // monotonic: a commit of it failed
  };
  // What a commit turned out to do, for the log.
  struct Settled {
    bool removed = false;
    Reports::Told told;
    size_t dead = 0;
  };

  Pending& PendingOf(const ActivePointer& message);
  void Fail(const ActivePointer& message, RecipientReport failed);
  void NoteRelayed(const ActivePointer& message, const queue::QueuedRecipient& recipient,
                   const mail::Delivered& delivered, std::string_view relay);
  void SettleSoon(const ActivePointer& message);
  void KeepWaiting(Unit& unit, size_t index, Microseconds next_attempt, bool attempted, std::string_view status,
                   std::string_view text, std::string_view relay);
  sys::Result<void> Apply(const Pending& pending, Settled& settled);
  sys::Result<void> SettleFailed(const Pending& pending, std::vector<queue::Outcome>& outcomes, Settled& settled);
  void OnCommitted(const Pending& pending, const Settled& settled);
  void KeepForLater(Pending pending);

  Context& context_;
  Reports& reports_;
  Listener listener_;
  std::map<queue::MessageKey, Pending> pending_;
};

}  // namespace outpost::queue_runner
