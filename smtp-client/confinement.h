// What a process of outpost-smtp may touch once its preparations are over. tests/confinement tries the rest.
#pragma once

#include "lib/confine/confine.h"

namespace outpost::smtp_client {

// The parent, and each connection's process again for itself: the resolver's files, and nothing else that has a
// name; network and syslog sockets; no exec. Only the parent forks. Never auth_passwd, the queue, main.cf.
confine::Profile ParentProfile();
confine::Profile ConnectionProfile();

}  // namespace outpost::smtp_client
