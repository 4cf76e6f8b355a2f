// What is known of a relay beyond its circuit, kept in the queue over restarts and told to the administrator: an outage,
// senders that it does not take, and the network on which its certificate was last good.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/ipc/delivery.h"
#include "queue-runner/context.h"
#include "queue-runner/outage.h"
#include "queue-runner/sender_holds.h"

namespace outpost::queue_runner {

class Standing {
 public:
  // Both outlive this.
  Standing(Context& context, const queue::Route& route) : context_(context), route_(route) {}

  const Outage& outage() const { return outage_; }
  // As a runner before this one left it: its row.
  void Resume(const queue::Destination& remembered);

  // No mail can be sent, for this reason; `amid_mail`: the relay said so to a message, so that a connection that stands
  // proves nothing; `session`: what was said.
  void OnStopped(const mail::Deferred& why, bool offline, bool amid_mail, const std::vector<std::string>& session);
  // A connection stands, or a message was dealt with, while no circuit stops its mail.
  void OnConnected(const ipc::Connected& facts);
  void OnDelivery();

  // Until when the mail of `sender` waits, and why; nothing when it may go.
  std::optional<SenderHolds::Hold> HoldOf(const std::string& sender);
  bool HoldsSenders() const { return !senders_.empty(); }
  bool Holds(const std::string& sender) const { return senders_.Knows(sender); }
  void OnSenderRefused(const queue::QueuedMessage& message, const mail::Deferred& why);
  void OnSenderTaken(const std::string& sender);
  // Its age returns it not: it waits, or has waited until less than its lifetime ago, for what somebody had to mend.
  bool IsAgeless(const queue::QueuedMessage& message) const;
  // Whether any mail that has grown old here may be returned without an attempt of its own.
  bool MayReturnAged() const;
  // Each may be tried at once.
  void ProbeSenders() { senders_.Probe(); }

  // Its certificate was good on another network than this one.
  bool IsVerifiedElsewhere() const;
  bool IsForgettable() const { return !outage_.is_on() && senders_.empty(); }

 private:
  void End();
  void Remember();
  void RememberSender(const std::string& sender, const mail::Deferred* why);
  void Save(queue::Destination remembered);
  std::string NetworkNow() const;
  bool HasOtherWay() const;
  bool IsWorthTelling() const;

  Context& context_;
  const queue::Route& route_;
  Outage outage_;
  bool amid_mail_ = false;
  Microseconds mended_{INT64_MIN};  // waiting clock: when an account, or a sender, was taken again
  SenderHolds senders_;
  std::string verified_on_;  // a network, as NetworkNow() names it; "" for none
};

}  // namespace outpost::queue_runner
