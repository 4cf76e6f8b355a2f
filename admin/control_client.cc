#include "admin/control_client.h"

#include <chrono>

#include "lib/sys/file.h"
#include "lib/sys/socket.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

// Lines out of a stream, each at most ipc::kMaxControlLine bytes, newline taken off.
class LineReader {
 public:
  explicit LineReader(sys::FdView fd) : fd_(fd) {}

  // Nothing at the end of the stream.
  sys::Result<std::optional<std::string>> Next() {
    while (true) {
      if (const size_t newline = buffer_.find('\n', start_); newline != std::string::npos) {
        std::string line = buffer_.substr(start_, newline - start_);
        start_ = newline + 1;
        return std::optional(std::move(line));
      }
      buffer_.erase(0, start_);
      start_ = 0;
      if (buffer_.size() > ipc::kMaxControlLine) return sys::Error("the mailer's answer has an over-long line");
      char block[16384];
      const auto count = sys::ReadSome(fd_, block);
      if (!count) return count.error().Within("the mailer's answer");
      if (*count == 0) return std::optional<std::string>();
      buffer_.append(block, *count);
    }
  }

 private:
  sys::FdView fd_;
  std::string buffer_;
  size_t start_ = 0;
};

// The last two: it died after the kernel had taken the connection for it.
bool NobodyListens(const sys::Error& error) {
  return error.code() == ENOENT || error.code() == ECONNREFUSED || error.code() == ECONNRESET ||
         error.code() == EPIPE;
}

}  // namespace

sys::Result<std::optional<ipc::Done>> AskRunner(const spool::SpoolPaths& paths, const ipc::Request& request,
                                                const std::function<void(const ipc::Response&)>& on_response) {
  auto socket = sys::ConnectUnix(paths.ControlSocket(), kPatience);
  if (!socket) {
    if (NobodyListens(socket.error())) return std::optional<ipc::Done>();
    return socket.error();
  }
  const auto sent = sys::SendAll(*socket, request.Encode(), "an order to the mailer");
  // Who hangs up before the question may have said why.
  if (!sent && !NobodyListens(sent.error())) return sent.error();
  LineReader reader(*socket);
  for (bool has_spoken = false;; has_spoken = true) {
    auto line = reader.Next();
    const bool is_gone = line ? !sent && !*line : NobodyListens(line.error());
    if (is_gone && !has_spoken) return std::optional<ipc::Done>();
    if (!line) return line.error();
    if (!*line) return sys::Error("the mailer ended the conversation early; its log may say why");
    auto response = ipc::ParseResponse(**line);
    if (!response) return response.error().Within("the mailer's answer");
    if (const auto* done = std::get_if<ipc::Done>(&*response)) return std::optional(*done);
    on_response(*response);
  }
}

}  // namespace outpost::admin
