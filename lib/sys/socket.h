// UNIX-domain sockets. Nothing in lib/sys opens a network socket.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>

#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::sys {

struct Credentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

// A listening, non-blocking SOCK_STREAM socket at `path` with `mode`; replaces a stale one. The path is at most
// 107 bytes (sockaddr_un).
Result<UniqueFd> ListenUnix(const std::string& path, mode_t mode);
// A blocking stream connected to `path`; waits no longer than `timeout` for a place in the backlog. Reads and
// writes on it time out after `timeout` too (EAGAIN).
Result<UniqueFd> ConnectUnix(const std::string& path, std::chrono::milliseconds timeout);
// Non-blocking, close-on-exec; an Error with EAGAIN when nobody waits.
Result<UniqueFd> Accept(FdView listener);
// All of `bytes`, or an error; on a non-blocking socket EAGAIN when they do not fit. An end that is gone is EPIPE and
// never a signal.
Result<void> SendAll(FdView socket, std::string_view bytes, std::string_view what);
// Who connected, as the kernel knows it.
Result<Credentials> PeerCredentials(FdView socket);
// A pair of connected SOCK_SEQPACKET sockets.
Result<std::pair<UniqueFd, UniqueFd>> PacketPair();
Result<void> SetNonBlocking(FdView fd);

}  // namespace outpost::sys
