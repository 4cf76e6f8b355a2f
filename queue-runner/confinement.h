// What queue-runner may do once it runs. Exposed for the test that tries what it may not.
#pragma once

#include <string>

#include "lib/confine/confine.h"
#include "lib/spool/paths.h"

namespace outpost::queue_runner {

// Writes below the queue directory alone; reads the configuration, /etc (what main.cf may name there) and the time
// zones; starts and signals nothing (see spawner.h) and opens no network socket.
confine::Profile MakeProfile(const spool::SpoolPaths& paths, const std::string& config_directory);

}  // namespace outpost::queue_runner
