#include "smtp-client/confinement.h"

#include <initializer_list>

namespace outpost::smtp_client {
namespace {

constexpr uint64_t kMaxOpenFiles = 1024;
constexpr uint64_t kMaxAddressSpace = 512ULL * 1024 * 1024;

confine::Profile ProfileFor(std::initializer_list<const char*> paths) {
  confine::Profile profile;
  for (const char* path : paths) profile.paths.push_back({.path = path});
  profile.allow_exec = false;
  profile.allow_inet = true;
  profile.allow_routes = true;  // name resolution asks which families there are ways for
  profile.allow_unix = true;
  profile.allow_fork = true;
  profile.max_open_files = kMaxOpenFiles;
  profile.max_address_space = kMaxAddressSpace;
  return profile;
}

}  // namespace

confine::Profile ParentProfile() { return ProfileFor({"/etc", "/run", "/dev/urandom", "/dev/random"}); }

confine::Profile ConnectionProfile() {
  confine::Profile profile =
      ProfileFor({"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/services",
                  "/etc/gai.conf", "/dev/urandom", "/dev/random"});  // SASL plug-ins take their nonces from these
  profile.allow_fork = false;
  profile.allow_unix = false;
  return profile;
}

}  // namespace outpost::smtp_client
