#include "lib/ipc/channel.h"

#include <cstring>
#include <sys/socket.h>
#include <vector>

#include "lib/sys/text.h"

namespace outpost::ipc {
namespace {

// Room for more descriptors than are allowed, so that a packet with too many is told from one that fits.
constexpr size_t kDescriptorRoom = 4;

struct alignas(cmsghdr) Control {
  char bytes[CMSG_SPACE(kDescriptorRoom * sizeof(int))];
};

sys::Result<void> SendMessage(const sys::UniqueFd& socket, const msghdr& message, size_t size) {
  ssize_t sent;
  do {
    sent = sendmsg(socket.get(), &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent == static_cast<ssize_t>(size)) return {};
  // The kernel says ECONNRESET once when the other end closed with packets unread, EPIPE from then on.
  return sys::Error::FromErrno("send a packet", errno == ECONNRESET ? EPIPE : errno);
}

std::vector<sys::UniqueFd> Descriptors(msghdr& message) {
  std::vector<sys::UniqueFd> descriptors;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  return descriptors;
}

sys::Result<void> CheckSize(std::string_view bytes) {
  if (!bytes.empty() && bytes.size() <= kMaxPacket) return {};
  return sys::Error(sys::Cat("send a packet: ", bytes.size(), " bytes"), EMSGSIZE);
}

}  // namespace

sys::Result<void> Channel::Send(std::string_view bytes) const {
  if (auto sized = CheckSize(bytes); !sized) return sized;
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return SendMessage(socket_, message, bytes.size());
}

sys::Result<void> Channel::Send(std::string_view bytes, sys::FdView descriptor) const {
  if (auto sized = CheckSize(bytes); !sized) return sized;
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = CMSG_SPACE(sizeof(int));
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = descriptor.get();
  std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  return SendMessage(socket_, message, bytes.size());
}

sys::Result<std::optional<Packet>> Channel::Receive() const {
  char buffer[kMaxPacket];  // on the stack: only the pages that a packet fills are touched
  Control control;
  iovec part{buffer, sizeof buffer};
  msghdr message{};
  ssize_t count;
  do {
    message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    count = recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    // ECONNRESET comes once, when the other end closed with packets unread, and before what it had sent itself:
    // its last packets are still to be had.
  } while (count < 0 && (errno == EINTR || errno == ECONNRESET));
  if (count < 0) return sys::Error::FromErrno("receive a packet");
  auto descriptors = Descriptors(message);
  if (count == 0) return std::optional<Packet>();
  if ((message.msg_flags & MSG_TRUNC) != 0) return sys::Error("receive a packet: larger than allowed", EMSGSIZE);
  if ((message.msg_flags & MSG_CTRUNC) != 0 || descriptors.size() > 1) {
    return sys::Error("receive a packet: too many descriptors", EBADMSG);
  }
  Packet packet{std::string(buffer, static_cast<size_t>(count)), {}};
  if (!descriptors.empty()) packet.fd = std::move(descriptors.front());
  return std::optional(std::move(packet));
}

}  // namespace outpost::ipc
