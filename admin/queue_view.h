// The queue as it is: asked of the running queue-runner or, when none runs, read under its lock.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "admin/environment.h"
#include "lib/ipc/control.h"
#include "lib/mail/queue_id.h"

namespace outpost::admin {

// Each message of the queue in order of arrival. Returns a sysexits number, having said on stderr what went wrong.
int ForEachMessage(Environment& environment, const std::function<void(const ipc::ListedMessage&)>& on_message);

// Nothing, and says so on stderr, when `id` is none.
std::optional<mail::QueueId> ParseQueueId(const std::string& id);

// The history of one message. EX_DATAERR for what is no queue id, and for one that the history does not know.
int ForEachEvent(Environment& environment, const std::string& id,
                 const std::function<void(const ipc::TraceLine&)>& on_event);

}  // namespace outpost::admin
