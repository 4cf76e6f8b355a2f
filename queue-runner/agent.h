// One outpost-smtp parent, from the runner's side: started for a next hop, prepared once, asked for connections. It
// ends when its channel closes, so destroying an Agent ends its process, once its children have ended.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <sys/types.h>

#include "lib/ipc/channel.h"
#include "lib/ipc/delivery.h"
#include "queue-runner/context.h"

namespace outpost::queue_runner {

class Agent;

class AgentOwner {
 public:
  virtual ~AgentOwner() = default;
  virtual void OnPrepared(Agent& agent) = 0;
  // It could not prepare, or is gone. Nothing more comes from it; the owner destroys it, but not from within this
  // call.
  virtual void OnAgentFailed(Agent& agent, const mail::Deferred& why) = 0;
  // The child that served a connection is gone.
  virtual void OnConnectionEnded(uint64_t connection) = 0;
};

class Agent {
 public:
  // `verified_elsewhere`: see ipc::Prepare.
  Agent(Context& context, AgentOwner& owner, std::string next_hop, bool verified_elsewhere);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Starts the program and has it prepare. Call once.
  sys::Result<void> Start();
  bool is_prepared() const { return prepared_; }
  // One end of a new channel for `connection`; the other goes to the parent, which forks a child for it.
  sys::Result<ipc::Channel> Connect(uint64_t connection);

 private:
  void OnReady();
  bool ReadOne();
  void Fail(const mail::Deferred& why);

  Context& context_;
  AgentOwner& owner_;
  std::string next_hop_;
  bool verified_elsewhere_;
  ipc::Channel channel_;
  sys::EventLoop::WatchId watch_ = 0;
  sys::EventLoop::TimerId timer_ = 0;
  bool prepared_ = false;
  bool failed_ = false;
};

}  // namespace outpost::queue_runner
