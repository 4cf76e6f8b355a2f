#include "smtp-client/stream.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace outpost::smtp_client {
namespace {

StreamResult FromErrno(StreamResult::Kind when_not_ready) {
  if (errno == EAGAIN) return {when_not_ready, 0, {}};
  if (errno == ECONNRESET || errno == EPIPE) return {StreamResult::Kind::kClosed, 0, {}};
  return {StreamResult::Kind::kFailed, 0, strerror(errno)};
}

}  // namespace

StreamResult PlainStream::Read(std::span<char> buffer) {
  ssize_t got;
  do {
    got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return FromErrno(StreamResult::Kind::kWantRead);
  if (got == 0) return {StreamResult::Kind::kClosed, 0, {}};
  return {StreamResult::Kind::kDone, static_cast<size_t>(got), {}};
}

StreamResult PlainStream::Write(std::string_view bytes) {
  ssize_t sent;
  do {
    sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return FromErrno(StreamResult::Kind::kWantWrite);
  return {StreamResult::Kind::kDone, static_cast<size_t>(sent), {}};
}

}  // namespace outpost::smtp_client
