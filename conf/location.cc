#include "conf/location.h"

#include <cstdlib>
#include <pwd.h>
#include <unistd.h>

#include <climits>

#include "conf/compiled_in.h"

namespace outpost::conf {
namespace {

std::string Environment(const char* name) {
  const char* value = secure_getenv(name);
  return value == nullptr ? "" : value;
}

bool IsAbsolute(const std::string& path) { return path.starts_with('/'); }

std::string HomeDirectory() {
  std::string home = Environment("HOME");
  if (IsAbsolute(home)) return home;
  const passwd* user = getpwuid(getuid());
  return user == nullptr ? "" : user->pw_dir;
}

// A directory of the XDG base directory specification, ours within it; "" when the user has no home.
std::string UserDirectory(const char* variable, const char* below_home) {
  const std::string base = Environment(variable);
  if (IsAbsolute(base)) return base + "/outpost";
  const std::string home = HomeDirectory();
  return IsAbsolute(home) ? home + below_home + "/outpost" : "";
}

Location SystemLocation(std::string directory) {
  return {std::move(directory), false, std::string(CompiledQueueDirectory())};
}

Location UserLocation(std::string directory) {
  return {std::move(directory), true, UserDirectory("XDG_STATE_HOME", "/.local/state")};
}

// `path` without a final main.cf and final slashes, absolute.
sys::Result<std::string> DirectoryOf(std::string path) {
  if (path == "main.cf") path = ".";
  if (path.ends_with("/main.cf")) path.resize(path.size() - std::string_view("main.cf").size());
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path.empty()) return sys::Error("the configuration directory's name is empty");
  if (IsAbsolute(path)) return path;
  char here[PATH_MAX];
  if (getcwd(here, sizeof here) == nullptr) return sys::Error::FromErrno("find the current directory");
  if (path == ".") return std::string(here);
  return std::string(here) + "/" + path;
}

}  // namespace

sys::Result<Location> Locate(const std::optional<std::string>& option) {
  const std::string user_directory = geteuid() == 0 ? "" : UserDirectory("XDG_CONFIG_HOME", "/.config");
  const std::string from_environment = Environment("MAIL_CONFIG");
  if (option || !from_environment.empty()) {
    sys::Result<std::string> directory = DirectoryOf(option.value_or(from_environment));
    if (!directory) return directory.error();
    const bool is_own = *directory == user_directory;
    Location named = is_own ? UserLocation(std::move(*directory)) : SystemLocation(std::move(*directory));
    named.was_named = true;
    return named;
  }
  if (!user_directory.empty() && access((user_directory + "/main.cf").c_str(), F_OK) == 0) {
    return UserLocation(user_directory);
  }
  return SystemLocation(std::string(CompiledConfigDirectory()));
}

}  // namespace outpost::conf
