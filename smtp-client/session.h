// A connection's process: confine, connect, send, in that order.
#pragma once

#include "lib/ipc/channel.h"
#include "lib/sys/clock.h"
#include "lib/sys/log.h"
#include "smtp-client/prepare.h"

namespace outpost::smtp_client {

// Serves one connection until the runner has no more for it, or it breaks. The exit status for the process.
int RunSession(ipc::Channel channel, Provision provision, const sys::Log& log);

}  // namespace outpost::smtp_client
