#include "lib/confine/confine.h"

#include <algorithm>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/confine/landlock.h"
#include "lib/confine/system_calls.h"
#include "lib/sys/text.h"

namespace outpost::confine {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kLimitsAddressSpace = false;  // its shadow memory reserves terabytes of it
#else
constexpr bool kLimitsAddressSpace = true;
#endif

constexpr const char* kSeccomp = "seccomp";

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};

sys::Result<User> FindUser(const std::string& name) {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  int code = 0;
  while ((code = getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE) {
    buffer.resize(buffer.size() * 2);
  }
  if (code != 0) return sys::Error::FromErrno(sys::Cat("mail_owner ", name), code);
  if (found == nullptr) return sys::Error(sys::Cat("mail_owner ", name, ": no such user"));
  if (entry.pw_uid == 0 || entry.pw_gid == 0) {
    return sys::Error(sys::Cat("mail_owner ", name, ": has the rights of root"));
  }
  return User{entry.pw_uid, entry.pw_gid};
}

// Hard and soft alike, and never above what the hard one is.
sys::Result<void> Limit(__rlimit_resource resource, rlim_t wanted, std::string_view what) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return sys::Error::FromErrno(sys::Cat("ask for the limit of ", what));
  limit.rlim_cur = limit.rlim_max = std::min(wanted, limit.rlim_max);
  if (setrlimit(resource, &limit) != 0) return sys::Error::FromErrno(sys::Cat("limit ", what));
  return {};
}

sys::Result<void> SetLimits(const Profile& profile) {
  if (auto limited = Limit(RLIMIT_CORE, 0, "core files"); !limited) return limited;
  if (auto limited = Limit(RLIMIT_NOFILE, profile.max_open_files, "open files"); !limited) return limited;
  if (profile.max_address_space == 0 || !kLimitsAddressSpace) return {};
  return Limit(RLIMIT_AS, profile.max_address_space, "memory");
}

}  // namespace

sys::Result<void> DropPrivileges(const std::string& user) {
  if (geteuid() != 0) return {};
  const auto found = FindUser(user);
  if (!found) return found.error();
  if (initgroups(user.c_str(), found->gid) != 0)
    return sys::Error::FromErrno(sys::Cat("take the groups of ", user));
  if (setresgid(found->gid, found->gid, found->gid) != 0 || setresuid(found->uid, found->uid, found->uid) != 0) {
    return sys::Error::FromErrno(sys::Cat("become ", user));
  }
  if (setuid(0) == 0 || seteuid(0) == 0)
    return sys::Error(sys::Cat("become ", user, ": root's rights are still there"));
  return {};
}

sys::Result<Confined> Confine(const Profile& profile) {
  if (auto limited = SetLimits(profile); !limited) return limited.error();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return sys::Error::FromErrno("set no_new_privs");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return sys::Error::FromErrno("become undumpable");
  Confined confined;
  auto lacking = RestrictPaths(profile.paths, profile.allow_exec);
  if (!lacking) return lacking.error();
  if (*lacking) confined.missing_.push_back(**lacking);
  const auto filtered = ForbidSystemCalls(profile);
  if (!filtered) return filtered.error();
  if (!*filtered) confined.missing_.emplace_back(kSeccomp);
  return confined;
}

sys::Result<void> ForbidSockets(const Confined& confined) {
  if (std::ranges::find(confined.missing(), kSeccomp) != confined.missing().end()) return {};
  const auto filtered = ForbidSocketCalls();
  if (!filtered) return filtered.error();
  return {};
}

}  // namespace outpost::confine
