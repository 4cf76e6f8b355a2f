// The queue read by this process itself, while no queue-runner runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "admin/environment.h"
#include "lib/queue/queue.h"

namespace outpost::admin {

// A runner that starts while this lives waits for its end, but not for long: read what is wanted, and let go.
struct OwnQueue {
  queue::QueueLock lock;  // outlives the queue
  queue::Queue queue;
};

// Nothing where no mailer has ever run. As root this process becomes mail_owner first, for good, so that no file of
// root's is left in the queue. The Error says that the mailer does not run and why the queue cannot be read.
sys::Result<std::optional<OwnQueue>> OpenOwnQueue(Environment& environment);

// Submissions that wait in the maildrop; nothing when this process may not look.
std::optional<uint64_t> CountMaildrop(const spool::SpoolPaths& paths);

}  // namespace outpost::admin
