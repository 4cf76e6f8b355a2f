#include "queue-runner/confinement.h"

namespace outpost::queue_runner {
namespace {

// One descriptor a message in flight and a connection, with room for people at public/control.
constexpr uint64_t kOpenFiles = 4096;

}  // namespace

confine::Profile MakeProfile(const spool::SpoolPaths& paths, const std::string& config_directory) {
  confine::Profile profile;
  profile.paths = {{paths.root(), true},
                   {config_directory, false},
                   {"/etc", false},
                   {"/usr/share/zoneinfo", false},
                   {"/dev/urandom", false}};
  profile.allow_routes = true;
  profile.allow_fork = false;
  profile.max_open_files = kOpenFiles;
  return profile;
}

}  // namespace outpost::queue_runner
