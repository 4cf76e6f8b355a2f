// What the parts of queue-runner share. All of it outlives them; it belongs to Runner.
#pragma once

#include <functional>
#include <string>

#include "lib/queue/queue.h"
#include "lib/sys/event_loop.h"
#include "lib/sys/log.h"
#include "lib/sys/unique_fd.h"
#include "queue-runner/batch.h"
#include "queue-runner/network.h"
#include "queue-runner/policy.h"
#include "queue-runner/spawner.h"
#include "queue-runner/waiting_notices.h"
#include "queue-runner/work.h"

namespace outpost::queue_runner {

struct Context {
  const Policy& policy;
  const sys::Log& log;
  sys::EventLoop& loop;
  queue::Queue& queue;
  Batch& batch;
  ActiveMessages& active;
  Spawner& spawner;
  sys::FdView scratch_directory;        // private/tmp
  sys::FdView agents_lock;              // agents.lock, for delivery programs
  std::function<void()> ask_for_round;  // another round of events, at once
  const Network* network = nullptr;     // nothing: taken as there
  // By mail, if notify_classes has its class: see Postmaster.
  std::function<void(AdministratorNotice)> tell_administrator = [](const AdministratorNotice&) {};
};

}  // namespace outpost::queue_runner
