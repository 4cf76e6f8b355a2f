#include "smtp-client/confinement.h"

namespace outpost::smtp_client {
namespace {

constexpr uint64_t kMaxOpenFiles = 1024;
constexpr uint64_t kMaxAddressSpace = 512ULL * 1024 * 1024;

}  // namespace

confine::Profile ParentProfile() {
  confine::Profile profile;
  for (const char* path :
       {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/services", "/etc/gai.conf",
        "/dev/urandom", "/dev/random"}) {  // SASL plug-ins take their nonces from these
    profile.paths.push_back({.path = path});
  }
  profile.allow_exec = false;
  profile.allow_inet = true;
  profile.allow_unix = true;
  profile.allow_fork = true;
  profile.max_open_files = kMaxOpenFiles;
  profile.max_address_space = kMaxAddressSpace;
  return profile;
}

confine::Profile ConnectionProfile() {
  confine::Profile profile = ParentProfile();
  profile.allow_fork = false;
  return profile;
}

}  // namespace outpost::smtp_client
