// The programs that work for one destination: its outpost-smtp, and the connections that this has forked. Started on
// demand, reused, ended when they have had nothing to do for a while or hang.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "queue-runner/agent.h"
#include "queue-runner/connection.h"
#include "queue-runner/context.h"

namespace outpost::queue_runner {

// What all destinations have together.
struct Pool {
  size_t connections = 0;
  size_t bulk_connections = 0;  // of these, as the last round began
  size_t agents = 0;
  uint64_t content_in_memory = 0;  // bytes of messages in flight
  size_t recipients_at_hand = 0;   // read from the queue, not yet chosen
  Microseconds paused_until{};     // monotonic: by the transport's rate delay
  Microseconds flushed_at{};       // wall clock: the last flush of everything
  uint64_t next_connection = 1;
  bool has_failed = false;  // a destination has, since this was last looked at
};

class Workers {
 public:
  // Events go to the owners, which outlive this.
  Workers(Context& context, Pool& pool, std::string next_hop, AgentOwner& agent_owner,
          ConnectionOwner& connection_owner);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Whether connections can be had. Starts the program when there is none; it is ready after its OnPrepared.
  // `verified_elsewhere` is for a program that is started: see ipc::Prepare.
  sys::Result<bool> MakeReady(bool verified_elsewhere);
  // What a place is looked for. `waiting`: recipients of the lane that are to be had; `allowed`: connections that may be
  // open. There is none when all that may be open have enough.
  struct Demand {
    queue::Lane lane = queue::Lane::kLight;
    size_t waiting = 0;
    size_t allowed = 1;
  };
  bool HasRoom(const Demand& demand) const;
  // The connection for it; nothing when there is none, or it could not be opened.
  Connection* FindRoom(const Demand& demand);
  Connection* Open();

  // No new connections from this program: those that stand end after what they have been given. The next one is
  // prepared afresh.
  void Retire();
  bool IsCurrent(const Agent& agent) const { return agent_.get() == &agent; }
  void OnPrepared();
  void OnIdle();
  void Drop(uint64_t connection);
  void FinishIdle();
  void DropAll();
  // Frees what has ended; not from within its calls.
  void Sweep();

  // Connected ones that take messages, but for `but`.
  size_t CountStanding(const Connection* but) const;
  size_t CountBusy() const;
  size_t CountBulk() const;
  bool HasUsable() const;
  bool HasLoad() const;
  // Those that take messages have about half of what they take.
  bool AreFed() const;
  bool empty() const { return connections_.empty() && !agent_ && ended_agents_.empty(); }

 private:
  struct Room {
    Connection* standing = nullptr;
    bool may_open = false;  // and should
  };
  Room LookForRoom(const Demand& demand) const;
  bool MayCarry(const Connection& connection, const Demand& demand) const;
  bool MayBecomeBulk(size_t allowed) const;
  void ArmCheck(Microseconds delay);
  void Check();
  void CheckConnection(Connection& connection, Microseconds now);

  Context& context_;
  Pool& pool_;
  std::string next_hop_;
  AgentOwner& agent_owner_;
  ConnectionOwner& connection_owner_;
  std::shared_ptr<Agent> agent_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Agent>> ended_agents_;  // until no call of theirs is on the stack
  sys::EventLoop::TimerId check_timer_ = 0;
  Microseconds check_at_{};
  Microseconds idle_since_{};  // monotonic: of the program, without a connection
};

}  // namespace outpost::queue_runner
