#include "tests/support/scripted_relay.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace outpost::tests {
namespace {

constexpr std::string_view kGone = "<gone>";
constexpr time_t kPatienceSeconds = 20;

sys::UniqueFd Listen(uint16_t& port) {
  sys::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd.get(), 10) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    abort();
  }
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

void RelayTurn::SayBytes(std::string_view bytes) { send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }

bool RelayTurn::Fill() {
  char bytes[65536];
  const ssize_t got = recv(fd_.get(), bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(got));
  return true;
}

std::string RelayTurn::Line() {
  size_t end;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return std::string(kGone);
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::string RelayTurn::Content() {
  constexpr std::string_view kEnd = "\r\n.\r\n";
  size_t searched = 0;
  if (buffer_.starts_with(".\r\n")) {
    buffer_.erase(0, 3);
    return "";
  }
  size_t end;
  while ((end = buffer_.find(kEnd, searched)) == std::string::npos) {
    searched = buffer_.size() < kEnd.size() ? 0 : buffer_.size() - kEnd.size();
    if (!Fill()) return buffer_ + std::string(kGone);
  }
  std::string content = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + kEnd.size());
  return content;
}

void RelayTurn::Greet() {
  Say("220 relay.example.org ESMTP");
  Line();
  SayBytes("250-relay.example.org\r\n250 PIPELINING\r\n");
}

void RelayTurn::TakeEnvelope(int recipients) {
  for (int i = 0; i < recipients + 1; ++i) {
    Line();
    Say("250 Ok");
  }
  Line();
  Say("354 go");
}

ScriptedRelay::ScriptedRelay(std::function<void(RelayTurn&)> script) : listener_(Listen(port_)) {
  thread_ = std::thread([this, play = std::move(script)] {
    while (true) {
      sys::UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd) return;
      const timeval patience{kPatienceSeconds, 0};
      setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      const int one = 1;
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      ++connections_;
      RelayTurn turn(std::move(fd));
      play(turn);
    }
  });
}

ScriptedRelay::~ScriptedRelay() {
  shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

}  // namespace outpost::tests
