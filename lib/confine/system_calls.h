// Seccomp: the system calls a process may not make. Coarse on purpose: a list of what no program of ours has a use
// for, and everything else allowed, so that a new libc that does the same work by other calls goes on working.
#pragma once

#include "lib/confine/confine.h"
#include "lib/sys/error.h"

namespace outpost::confine {

// For this process and all it forks or executes; a refused call fails (EPERM; EAFNOSUPPORT for a kind of socket) and
// does not kill. False when the kernel has no seccomp. Needs no_new_privs.
sys::Result<bool> ForbidSystemCalls(const Profile& profile);

// Every call by which a socket is made, connected or accepted. False when the kernel has no seccomp.
sys::Result<bool> ForbidSocketCalls();

}  // namespace outpost::confine
