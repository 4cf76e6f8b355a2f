// What pickup may do once it reads what strangers wrote.
#pragma once

#include "lib/confine/confine.h"
#include "lib/spool/paths.h"

namespace outpost::pickup {

// maildrop/, corrupt/ and private/tmp/ can be read and written; no other file can be opened, the queue and
// configuration included; no network, no exec, no fork, no signals. It makes no socket of any kind: the log's is there
// before, and public/control would take it for the mail owner.
confine::Profile ConfinementProfile(const spool::SpoolPaths& paths);

}  // namespace outpost::pickup
