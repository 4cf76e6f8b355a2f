// Landlock: the paths a process may open, by its three system calls (glibc has no functions for them).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/confine/confine.h"
#include "lib/sys/error.h"

namespace outpost::confine {

// From here on this process and all it forks or executes reach no other path than `paths` and what every process
// of ours reads (the time zone, /dev/null). Descriptors that are open stay usable, as do memfds and connections to
// sockets. With `allow_exec` what may be read below `paths` may be executed too.
//
// Needs no_new_privs. Returns what the kernel cannot restrict: nothing, "landlock" altogether, or a part of it.
sys::Result<std::optional<std::string>> RestrictPaths(const std::vector<PathRule>& paths, bool allow_exec);

}  // namespace outpost::confine
