#include "lib/sys/socket.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/sys/text.h"

namespace outpost::sys {
namespace {

constexpr int kBacklog = 1024;

Result<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error(Cat("socket ", path, ": the path is longer than ", sizeof address.sun_path - 1,
                     " bytes; use a shorter queue_directory"),
                 ENAMETOOLONG);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace

Result<UniqueFd> ListenUnix(const std::string& path, mode_t mode) {
  auto address = UnixAddress(path);
  if (!address) return address.error();
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Error::FromErrno("make a socket");
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Error::FromErrno(Cat("unlink ", path));
  // The mode that it is born with, less the umask; so that there is no moment in which it is open to more.
  if (fchmod(fd.get(), mode) != 0) return Error::FromErrno("set a socket's mode");
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return Error::FromErrno(Cat("bind ", path));
  }
  if (chmod(path.c_str(), mode) != 0) return Error::FromErrno(Cat("chmod ", path));
  if (listen(fd.get(), kBacklog) != 0) return Error::FromErrno(Cat("listen on ", path));
  return fd;
}

Result<UniqueFd> ConnectUnix(const std::string& path, std::chrono::milliseconds timeout) {
  auto address = UnixAddress(path);
  if (!address) return address.error();
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return Error::FromErrno("make a socket");
  const auto wait = std::max(timeout, std::chrono::milliseconds(1)).count();  // to the kernel 0 is for ever
  timeval limit{};
  limit.tv_sec = wait / 1000;
  limit.tv_usec = (wait % 1000) * 1000;
  if (setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
      setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) {
    return Error::FromErrno("set socket time-outs");
  }
  int connected;
  do {
    connected = connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  } while (connected != 0 && errno == EINTR);
  if (connected != 0) return Error::FromErrno(Cat("connect to ", path));
  return fd;
}

Result<UniqueFd> Accept(FdView listener) {
  UniqueFd fd;
  do {
    fd = UniqueFd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  } while (!fd && errno == EINTR);
  if (!fd) return Error::FromErrno("accept a connection");
  return fd;
}

Result<void> SendAll(FdView socket, std::string_view bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t count = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::FromErrno(Cat("send ", what));
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Result<Credentials> PeerCredentials(FdView socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return Error::FromErrno("ask for the peer's credentials");
  }
  return Credentials{peer.pid, peer.uid, peer.gid};
}

Result<std::pair<UniqueFd, UniqueFd>> PacketPair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
    return Error::FromErrno("make a socket pair");
  return std::pair(UniqueFd(fds[0]), UniqueFd(fds[1]));
}

Result<void> SetNonBlocking(FdView fd) {
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) return Error::FromErrno("set O_NONBLOCK");
  return {};
}

}  // namespace outpost::sys
