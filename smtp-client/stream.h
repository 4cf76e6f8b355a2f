// Bytes to and from the relay over one non-blocking socket, plain or through TLS.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "lib/sys/unique_fd.h"

namespace outpost::smtp_client {

struct StreamResult {
  enum class Kind {
    kDone,       // `bytes` went through, at least one (kDone of a handshake: 0)
    kWantRead,   // nothing did: again when the socket can be read
    kWantWrite,  // the same for writing
    kClosed,     // the relay has closed in an orderly way (reading), or is gone (writing)
    kFailed,     // `problem` says what
  };
  Kind kind = Kind::kFailed;
  size_t bytes = 0;
  std::string problem;
};

class Stream {
 public:
  virtual ~Stream() = default;
  virtual StreamResult Read(std::span<char> buffer) = 0;
  virtual StreamResult Write(std::string_view bytes) = 0;
  // Bytes that were received already and that polling the socket does not show.
  virtual bool has_buffered() const { return false; }
  // Says goodbye, without waiting.
  virtual void Shutdown() {}
};

class PlainStream : public Stream {
 public:
  explicit PlainStream(sys::FdView socket) : socket_(socket) {}
  StreamResult Read(std::span<char> buffer) override;
  StreamResult Write(std::string_view bytes) override;

 private:
  sys::FdView socket_;
};

}  // namespace outpost::smtp_client
