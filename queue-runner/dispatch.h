// All destinations together: who is due, who goes next, when to wake up.
//
// Fairness: each round begins with another destination. Memory: where mail goes to very many next hops, so many of them
// are known at once and the others' mail waits in the queue; those that cannot be reached make room for them. Recipients that no delivery program is needed for (bad addresses, no such transport) are
// decided here.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue-runner/destination.h"
#include "queue-runner/due_watch.h"
#include "queue-runner/expiry.h"

namespace outpost::queue_runner {

class Dispatch {
 public:
  // `once`: everything due is tried once; what is deferred meanwhile is not waited for.
  Dispatch(Context& context, Reports& reports, bool once);

  // What a runner before this one left is in order (recovery): mail may leave.
  void Start();
  Verdicts& verdicts() { return verdicts_; }

  void NoteDue(const queue::Route& route);

  // Something that the queue holds may have been missed.
  void LookAgain();

  // Before the round's changes are applied: what can be decided here. After: `fresh` and what the queue has due.
  void Settle();
  void Select(const std::vector<FreshMessage>& fresh);

  // Everything is due now, by today's settings, and every circuit closed.
  void Flush();
  // A person wants what is due for `route` tried, whatever stopped it.
  void TryNow(const queue::Route& route);
  // Recipients of `route` are about to get another one.
  void ReadAgain(const queue::Route& route);
  // The policy has changed.
  void Reload();
  void OnNetworkChange();

  void Stop();
  void Abandon();
  // As before Start(), but for what is known of verdicts: nothing is in flight, nothing read from the queue is believed.
  void GiveUp();

  bool has_in_flight() const;
  // Mail waits for a network.
  bool IsOffline() const;
  // No destination waits for what the next round would give it.
  bool IsFed() const;
  bool IsQuiet() const;
  // Lines for people, of destinations that have something to tell; at most `limit`.
  std::vector<std::string> StatusLines(size_t limit) const;
  Waiting WhyWaiting(const queue::Route& route) const;

 private:
  struct RouteHash {
    size_t operator()(const queue::Route& route) const {
      return std::hash<std::string>()(route.next_hop) * 31 + std::hash<std::string>()(route.transport);
    }
  };

  Destination& DestinationOf(const queue::Route& route);
  // False when its mail has to wait in the queue until others have made room.
  bool HasPlaceFor(const queue::Route& route) const;
  const mail::Deferred* ReasonToReturn(const queue::Route& route) const;
  void TakeFresh(const FreshMessage& fresh, std::vector<Chosen>& chosen);
  void Record(std::vector<Chosen> chosen);
  void SettleLocally(const queue::Route& route);
  void SettleOne(const queue::Route& route, const queue::QueuedRecipient& recipient);
  void RouteAgain();
  void BeginFlush();
  void MakeAllDue();
  void MakeRoomForPrograms();
  void Forget();
  void MakeRoomForDestinations();
  void PutOff(const Destination& destination);

  Context& context_;
  bool once_;
  bool started_ = false;
  bool stopping_ = false;
  Verdicts verdicts_;
  Pool pool_;
  DueWatch due_watch_;
  Expiry expiry_;
  std::unordered_map<queue::Route, std::unique_ptr<Destination>, RouteHash> destinations_;
  std::vector<Destination*> order_;  // for turns
  size_t turn_ = 0;
  std::vector<queue::Route> local_due_;
  std::optional<Microseconds> flushing_;  // wall clock of the order
  bool routing_again_ = false;
};

}  // namespace outpost::queue_runner
