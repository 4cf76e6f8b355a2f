#include "queue-runner/control_client.h"

#include <sys/socket.h>
#include <utility>

#include "lib/sys/file.h"

namespace outpost::queue_runner {
namespace {

constexpr sys::Microseconds kPatience = std::chrono::seconds(30);
constexpr size_t kReadAtOnce = 4096;

}  // namespace

ControlClient::ControlClient(sys::EventLoop& loop, sys::UniqueFd socket, sys::Credentials peer,
                             const Listener& listener)
    : loop_(loop), socket_(std::move(socket)), peer_(peer), listener_(listener) {}

ControlClient::~ControlClient() {
  if (watch_ != 0) loop_.Unwatch(watch_);
  loop_.Cancel(timeout_);
}

sys::Result<void> ControlClient::Start() {
  auto watch = loop_.Watch(socket_, [this] { OnReady(); });
  if (!watch) return watch.error();
  watch_ = *watch;
  ArmTimeout();
  return {};
}

void ControlClient::ArmTimeout() {
  loop_.Cancel(timeout_);
  timeout_ = loop_.After(kPatience, [this] { End(); });
}

void ControlClient::OnReady() {
  if (answering_) {
    WriteAnswer();
  } else {
    ReadRequest();
  }
}

void ControlClient::ReadRequest() {
  char bytes[kReadAtOnce];
  const auto count = sys::ReadSome(socket_, bytes);
  if (!count) {
    if (count.error().code() != EAGAIN) End();
    return;
  }
  if (*count == 0) return End();
  in_.append(bytes, *count);
  const size_t newline = in_.find('\n');
  if (newline == std::string::npos) {
    if (in_.size() > ipc::kMaxControlLine) End();
    return;
  }
  answering_ = true;
  const auto request = ipc::ParseRequest(std::string_view(in_).substr(0, newline + 1));
  if (request) {
    producer_ = listener_.request(*request, peer_);
  } else {
    out_ = ipc::Done{request.error().text(), 64}.Encode();  // EX_USAGE
  }
  loop_.RewatchForWritingAlone(watch_);
  WriteAnswer();
}

// One piece a call, so that a long answer takes turns with everything else.
void ControlClient::WriteAnswer() {
  if (out_.empty() && producer_) {
    if (!producer_(out_)) producer_ = nullptr;
    ArmTimeout();  // what it costs us to find something to say is not the person's time
  }
  if (!out_.empty()) {
    const ssize_t sent = send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return End();
    if (sent > 0) {
      out_.erase(0, static_cast<size_t>(sent));
      ArmTimeout();
    }
  }
  if (out_.empty() && !producer_) End();
}

void ControlClient::End() {
  if (std::exchange(ended_, true)) return;
  loop_.Unwatch(std::exchange(watch_, 0));
  loop_.Cancel(std::exchange(timeout_, 0));
  socket_.reset();
  listener_.ended(*this);
}

}  // namespace outpost::queue_runner
