// The whole of the process over its event loop: socket and maildrop on one side, the runner's channel on the other.
#pragma once

#include <functional>

#include "conf/settings.h"
#include "lib/confine/confine.h"
#include "lib/ipc/channel.h"
#include "lib/sys/error.h"
#include "lib/sys/event_loop.h"
#include "lib/sys/log.h"
#include "lib/sys/unique_fd.h"
#include "pickup/maildrop.h"
#include "pickup/queue_link.h"
#include "pickup/reception.h"
#include "pickup/submit_server.h"
#include "pickup/work_queue.h"

namespace outpost::pickup {

// Opened before the process is confined.
struct Descriptors {
  sys::UniqueFd maildrop;
  sys::UniqueFd corrupt;
  sys::UniqueFd temporary;
  sys::UniqueFd listener;  // public/submit
  ipc::Channel runner;
};

class Pickup {
 public:
  // `confined`, `settings`, `log` and `loop` must outlive this.
  Pickup(const confine::Confined& confined, const conf::PickupSettings& settings, const sys::Log& log,
         sys::EventLoop& loop, Descriptors descriptors);
  Pickup(const Pickup&) = delete;
  Pickup& operator=(const Pickup&) = delete;
  ~Pickup();

  // Scans the maildrop and begins to accept. The loop is stopped when the runner has gone, and after max_idle without
  // work.
  sys::Result<void> Start();

 private:
  void AfterRound();
  bool Idle() const;
  void EndWhenIdle();

  const conf::PickupSettings& settings_;
  sys::EventLoop& loop_;
  Descriptors descriptors_;
  WorkQueue work_;
  QueueLink link_;
  Reception reception_;
  SubmitServer server_;
  Maildrop maildrop_;
  sys::Microseconds last_work_{};
  sys::EventLoop::TimerId idle_timer_ = 0;
};

}  // namespace outpost::pickup
