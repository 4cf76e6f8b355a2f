// One question to the running queue-runner over public/control.
#pragma once

#include <functional>
#include <optional>

#include "lib/ipc/control.h"
#include "lib/spool/paths.h"
#include "lib/sys/error.h"

namespace outpost::admin {

// Sends `request` and calls `on_response` for each line but the last. The last comes back; nothing when no runner
// listens, or it is gone before its first word. Waits at most a minute for each line.
sys::Result<std::optional<ipc::Done>> AskRunner(const spool::SpoolPaths& paths, const ipc::Request& request,
                                                const std::function<void(const ipc::Response&)>& on_response);

}  // namespace outpost::admin
