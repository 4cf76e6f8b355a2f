#include "pickup/confinement.h"

namespace outpost::pickup {

confine::Profile ConfinementProfile(const spool::SpoolPaths& paths) {
  confine::Profile profile;
  profile.paths = {{.path = paths.Maildrop(), .write = true},
                   {.path = paths.Corrupt(), .write = true},
                   {.path = paths.Temporary(), .write = true}};
  profile.allow_exec = false;
  profile.allow_inet = false;
  profile.allow_unix = false;
  profile.allow_fork = false;
  return profile;
}

}  // namespace outpost::pickup
