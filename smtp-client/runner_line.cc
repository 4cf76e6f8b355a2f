#include "smtp-client/runner_line.h"

#include <cerrno>
#include <poll.h>
#include <string>
#include <utility>

#include "lib/sys/socket.h"

namespace outpost::smtp_client {

RunnerLine::RunnerLine(ipc::Channel channel) : channel_(std::move(channel)) {
  // Where it fails the channel blocks, and a full one makes us wait there instead of in poll.
  static_cast<void>(sys::SetNonBlocking(channel_.fd()));
}

sys::Result<FromRunner> RunnerLine::Next() {
  if (!peeked_) return Read();
  auto next = std::move(*peeked_);
  peeked_.reset();
  return next;
}

const ipc::Deliver* RunnerLine::Peek() {
  if (!peeked_) {
    auto next = Read();
    if (next && std::holds_alternative<NothingYet>(*next)) return nullptr;
    peeked_.emplace(std::move(next));
  }
  const auto* assignment = *peeked_ ? std::get_if<Assignment>(&**peeked_) : nullptr;
  return assignment != nullptr ? &assignment->message : nullptr;
}

sys::Result<FromRunner> RunnerLine::Read() {
  while (true) {
    auto packet = channel_.Receive();
    if (!packet && packet.error().code() == EAGAIN) return FromRunner(NothingYet{});
    if (!packet) return packet.error();
    if (!*packet) return sys::Error("the queue runner is gone", EPIPE);
    auto message = ipc::ParseToChild((*packet)->bytes);
    if (!message) return message.error();
    if (std::holds_alternative<ipc::Finish>(*message)) return FromRunner(Finished{});
    auto taken = std::holds_alternative<ipc::Deliver>(*message)
                     ? Begin(std::move(std::get<ipc::Deliver>(*message)), std::move((*packet)->fd))
                     : Continue(std::move(std::get<ipc::DeliverMore>(*message)));
    if (!taken) return taken.error();
    if (complete_) {
      complete_ = false;
      FromRunner whole = std::move(*partial_);
      partial_.reset();
      return whole;
    }
  }
}

sys::Result<void> RunnerLine::Begin(ipc::Deliver message, sys::UniqueFd content) {
  if (partial_) return sys::Error("a message was begun before the one before was whole");
  if (!content) return sys::Error("a message came without its content");
  auto checked = sys::ReadOnlyFd::Check(std::move(content), message.content_bytes);
  if (!checked) return checked.error();
  complete_ = !message.more;
  partial_.emplace();
  partial_->content = std::move(*checked);
  auto recipients = std::exchange(message.recipients, {});
  partial_->message = std::move(message);
  Add(std::move(recipients));
  return {};
}

sys::Result<void> RunnerLine::Continue(ipc::DeliverMore more) {
  if (!partial_ || more.id != partial_->message.id) return sys::Error("recipients came for no message");
  if (partial_->recipients.size() + more.recipients.size() > mail::kMaxRecipients)
    return sys::Error("a message has too many recipients");
  Add(std::move(more.recipients));
  complete_ = !more.more;
  return {};
}

void RunnerLine::Add(std::vector<ipc::DeliveryRecipient> recipients) {
  for (auto& one : recipients) {
    partial_->numbers.push_back(one.number);
    partial_->recipients.push_back(std::move(one.recipient));
  }
}

sys::Result<void> RunnerLine::Send(const std::string& packet) const {
  while (true) {
    auto sent = channel_.Send(packet);
    if (sent || sent.error().code() != EAGAIN) return sent;
    pollfd fd{channel_.fd().get(), POLLOUT, 0};
    poll(&fd, 1, -1);
  }
}

}  // namespace outpost::smtp_client
