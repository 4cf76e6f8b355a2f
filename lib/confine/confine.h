// Rights shrink in one fixed order, and a type proves it: functions that read hostile bytes ask for a
// `const Confined&`, which only Confine() makes.
//
// Order: uid and groups, resource limits, no_new_privs, not dumpable, landlock, seccomp. What the kernel lacks
// (landlock before 5.13, seccomp) is reported in `missing`, not fatal; dropping rights and limits are.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::confine {

struct PathRule {
  std::string path;    // file or directory; one that does not exist is skipped
  bool write = false;  // create, write, rename, unlink below it; else read alone
};

struct Profile {
  std::vector<PathRule> paths = {};  // everything else cannot be opened
  bool allow_exec = false;           // execve
  bool allow_inet = false;           // AF_INET and AF_INET6 sockets
  bool allow_routes = false;         // netlink sockets that ask for routes and addresses
  bool allow_unix = true;            // AF_UNIX sockets
  bool allow_fork = true;            // without it, no signals to anybody else either
  uint64_t max_open_files = 1024;
  uint64_t max_address_space = 0;  // bytes, 0: as it is (sanitizers need that)
};

class Confined {
 public:
  const std::vector<std::string>& missing() const { return missing_; }

 private:
  friend sys::Result<Confined> Confine(const Profile& profile);
  Confined() = default;
  std::vector<std::string> missing_;
};

// Becomes `user` for good: its uid, its primary group, the groups that the user database gives it. Nothing to do
// when not root. An unknown user is an error that names `mail_owner`.
sys::Result<void> DropPrivileges(const std::string& user);

// For this process and all it forks.
sys::Result<Confined> Confine(const Profile& profile);

// Once connected: no new sockets of any kind (socket, connect, bind, listen, accept).
sys::Result<void> ForbidSockets(const Confined& confined);

}  // namespace outpost::confine
