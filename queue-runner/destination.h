// One destination, a next hop that mail is waiting for: its circuit and window, its outpost-smtp, its connections,
// and the choice of what leaves next.
//
// An open circuit costs one timer, whatever waits behind it. It is the next hop's: one outpost-smtp logs in with one
// account there, so (relay, account) is one thing as long as the account does not depend on the sender.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "queue-runner/backlog.h"
#include "queue-runner/circuit.h"
#include "queue-runner/context.h"
#include "queue-runner/holdup.h"
#include "queue-runner/shares.h"
#include "queue-runner/standing.h"
#include "queue-runner/verdicts.h"
#include "queue-runner/window.h"
#include "queue-runner/workers.h"

namespace outpost::queue_runner {

// A message as its intake has just stored it, still to be committed: what has a free place at its destination is
// marked dispatched in the same commit, and its content handed on as it came.
struct FreshMessage {
  queue::QueuedMessage facts;
  std::vector<queue::QueuedRecipient> recipients;
  std::shared_ptr<const sys::ReadOnlyFd> content;
};

// What a round has chosen; `connection` has the unit reserved.
struct Chosen {
  Connection* connection = nullptr;
  UnitPointer unit;
};

class Destination : private ConnectionOwner, private AgentOwner {
 public:
  Destination(Context& context, Verdicts& verdicts, Pool& pool, queue::Route route);
  ~Destination() override;

  const queue::Route& route() const { return backlog_.route(); }
  // The queue has, or may have, recipients due for it.
  void NoteDue() { backlog_.NoteDue(); }
  // Chooses `recipients` of `fresh` (all for this route) if there is room at once and nothing older of its lane waits.
  // Otherwise they wait like all others.
  void TakeFresh(const FreshMessage& fresh, std::vector<queue::QueuedRecipient> recipients,
                 std::vector<Chosen>& chosen);
  // Chooses from the queue what has room now. Reads the queue once a round at most.
  void Select(std::vector<Chosen>& chosen);
  // A chosen unit could not be recorded as dispatched.
  void TakeBack(const Chosen& chosen);
  // Why its mail is returned when it has expired; nullptr where it is not: mail may leave, or the fault is the account's,
  // or nothing was tried since the network was last another.
  const mail::Deferred* ReasonToReturn() const;
  // Nothing leaves for a while, nothing is at work for it, and what is known of it is in the queue.
  bool MayBePutOff() const;
  // Of an open circuit.
  const mail::Deferred& reason() const { return circuit_.reason(); }
  // Of an open circuit that is put off, by the wall clock.
  Microseconds NextProbe() const;

  // As a runner before this one left it: stopped, to be tried with one probe first.
  void Resume(const queue::Destination& remembered);
  // The ways out of this host, its addresses or its resolver are others than before.
  void OnNetworkChange();
  // A newly prepared program, and one probe at once if the circuit is open.
  void TryNow();
  // What has been read of the queue may have another route now.
  void ReadAgain() { backlog_.Reset(); }
  // Closed circuit, and a newly prepared program, for the next try: settings or tables may have changed.
  void Reset();
  void RetireProgram() { workers_.Retire(); }
  // Nothing new is begun; connections without work end.
  void Stop();
  // What is in flight is given up: in doubt where it had begun, else due.
  void Abandon();

  bool is_offline() const { return circuit_.is_offline(); }
  // Nothing in flight, and nothing that could be begun now.
  bool IsQuiet() const;
  size_t bulk_connections() const { return workers_.CountBulk(); }
  bool has_in_flight() const { return workers_.HasLoad(); }
  // Its connections have work for a while, or it has none to give them.
  bool IsFed() const { return workers_.AreFed(); }
  // Nothing at all to remember.
  bool IsForgettable() const;
  // For `outpost status`: what an administrator should know, "" when nothing.
  std::string StatusLine() const;
  Waiting WhyWaiting() const;

 private:
  void OnConnected(Connection& connection, const ipc::Connected& facts) override;
  void OnVerdict(Connection& connection, Unit& unit, const std::vector<size_t>& indices,
                 const ipc::Verdicts& verdicts) override;
  void OnUnitDone(Connection& connection, Unit& unit) override;
  void OnClosed(Connection& connection, std::deque<UnitPointer> left,
                const std::optional<ipc::ConnectionFailed>& said) override;
  void OnPrepared(Agent& agent) override;
  void OnAgentFailed(Agent& agent, const mail::Deferred& why) override;
  void OnConnectionEnded(uint64_t connection) override;

  // Where there is no way to the relay, its mail waits for one.
  bool LookForWay();
  size_t Allowed() const;
  bool IsProgramReady();
  void SelectNow(std::vector<Chosen>& chosen);
  std::optional<queue::Lane> NextLane(size_t allowed, const std::array<bool, 2>& may);
  Workers::Demand DemandOf(queue::Lane lane, size_t allowed);
  void Probe(std::vector<Chosen>& chosen);
  bool Choose(Connection* connection, UnitPointer unit, std::vector<Chosen>& chosen);
  bool HoldSender(const Unit& unit);
  enum class Trouble { kTheirs, kToldToMail, kOurs };
  // `session`: its last lines, where it was in one.
  void Fail(const mail::Deferred& why, size_t standing, Trouble whose,
            const std::vector<std::string>& session = {});
  void OnStopped(bool was_open, bool amid_mail, const std::vector<std::string>& session);
  void OnMaybeClosed();
  bool IsStopped() const;
  Microseconds PausedUntil() const;
  void NoteFull();
  void TellOfWaiting(const Holdup& slow);
  void TellFeedback();
  void ArmWakeUp();
  Holdup HoldupNow() const;

  Context& context_;
  Verdicts& verdicts_;
  Pool& pool_;
  Backlog backlog_;
  Window window_;
  Circuit circuit_;
  Standing standing_;
  Workers workers_;
  std::optional<IpAddress> last_seen_;  // the relay's
  bool bulk_was_last_ = false;          // chosen last
  bool has_failed_ = false;             // since the circuit opened, or the network was last another
  bool stopping_ = false;
  bool abandoning_ = false;
  Microseconds paused_until_{};     // monotonic: by its rate delay
  Microseconds told_of_waiting_{};  // monotonic
  Microseconds full_since_{};       // monotonic: mail waits for its connections; 0: it does not
  sys::EventLoop::TimerId wake_up_ = 0;
};

}  // namespace outpost::queue_runner
