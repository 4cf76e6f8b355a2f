// One packet after another between two of our processes, over a SOCK_SEQPACKET pair: at most kMaxPacket bytes of
// JSON and at most one descriptor each. The bytes are opaque here; intake.h and delivery.h make and read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::ipc {

constexpr size_t kMaxPacket = 64 * 1024;
// Of a message: so few that they fit however long their addresses are (intake.cc proves it); more continue in
// further packets.
constexpr size_t kRecipientsAPacket = 10;

struct Packet {
  std::string bytes;
  sys::UniqueFd fd;  // invalid when none came
};

class Channel {
 public:
  Channel() = default;
  explicit Channel(sys::UniqueFd socket) : socket_(std::move(socket)) {}

  // EAGAIN when the socket is non-blocking and full; EPIPE when the other end is gone (never SIGPIPE).
  sys::Result<void> Send(std::string_view bytes) const;
  sys::Result<void> Send(std::string_view bytes, sys::FdView descriptor) const;
  // Nothing at the other end's close; an Error with EAGAIN when non-blocking and empty. A packet that was cut
  // short, or came with more than one descriptor, is an Error and all its descriptors are closed.
  sys::Result<std::optional<Packet>> Receive() const;

  sys::FdView fd() const { return socket_; }
  explicit operator bool() const { return static_cast<bool>(socket_); }
  void Close() { socket_.reset(); }
  [[nodiscard]] sys::UniqueFd Release() { return std::move(socket_); }

 private:
  sys::UniqueFd socket_;
};

}  // namespace outpost::ipc
