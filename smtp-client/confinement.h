// What a process of outpost-smtp may touch once its preparations are over. tests/confinement tries the rest.
#pragma once

#include "lib/confine/confine.h"

namespace outpost::smtp_client {

// Both: network sockets; no exec. Never the queue.
//
// A connection's process: the resolver's files and nothing else that has a name, never auth_passwd or main.cf; no
// fork, no signals, no UNIX sockets (public/control would take it for the mail owner). The parent, which has read the secrets itself and never meets the network, confines itself to their
// directories: a rule for a file holds for that file alone, not for the one that NetworkManager or systemd-resolved
// puts in its place, and the processes that it forks later must be able to open the new one.
confine::Profile ParentProfile();
confine::Profile ConnectionProfile();

}  // namespace outpost::smtp_client
