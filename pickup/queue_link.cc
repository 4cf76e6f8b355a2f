#include "pickup/queue_link.h"

#include <algorithm>
#include <iterator>

#include "lib/sys/socket.h"
#include "lib/sys/text.h"

namespace outpost::pickup {
namespace {

// Answers taken in one go, so that a busy runner cannot starve the submitters.
constexpr int kPacketsARound = 128;

}  // namespace

sys::Result<void> QueueLink::Start(Listeners listeners) {
  listeners_ = std::move(listeners);
  if (auto set = sys::SetNonBlocking(channel_.fd()); !set) return set;
  auto watch = loop_.Watch(channel_.fd(), [this] { OnReady(); });
  if (!watch) return watch.error();
  watch_ = *watch;
  return {};
}

void QueueLink::OnReady() {
  Flush();
  Receive();
}

void QueueLink::Receive() {
  for (int i = 0; i < kPacketsARound && channel_; ++i) {
    auto packet = channel_.Receive();
    if (!packet) {
      if (packet.error().code() != EAGAIN) Fail(packet.error().text());
      return;
    }
    if (!*packet) return Fail("");
    const auto message = ipc::ParseToPickup((*packet)->bytes);
    if (!message) return Fail(message.error().text());
    Dispatch(*message);
  }
}

void QueueLink::Dispatch(const ipc::ToPickup& message) {
  struct Visitor {
    Listeners& listeners;
    void operator()(const ipc::Accepted& accepted) const { listeners.on_accepted(accepted); }
    void operator()(const ipc::Refused& refused) const { listeners.on_refused(refused); }
    void operator()(const ipc::Scan&) const { listeners.on_scan(); }
  };
  std::visit(Visitor{listeners_}, message);
}

void QueueLink::Submit(ipc::Submission submission, sys::ReadOnlyFd content) {
  Outgoing outgoing;
  std::vector<mail::Recipient>& all = submission.envelope.recipients;
  if (all.size() > ipc::kRecipientsAPacket) {
    outgoing.recipients.assign(std::make_move_iterator(all.begin() + ipc::kRecipientsAPacket),
                               std::make_move_iterator(all.end()));
    all.resize(ipc::kRecipientsAPacket);
    submission.more = true;
  }
  outgoing.handle = submission.handle;
  outgoing.packet = submission.Encode();
  outgoing.content = std::move(content);
  Push(std::move(outgoing));
}

void QueueLink::SendScanned(uint64_t left) {
  Push({.packet = ipc::Scanned{left}.Encode(), .content = {}, .recipients = {}});
}

void QueueLink::Push(Outgoing outgoing) {
  if (!channel_) return;
  outgoing_.push_back(std::move(outgoing));
  if (!wants_writing_) Flush();
}

// Makes the packet that comes after the one just sent; false when that was the last.
bool QueueLink::NextPacket(Outgoing& outgoing) {
  const size_t left = outgoing.recipients.size() - outgoing.next_recipient;
  if (left == 0) return false;
  const size_t count = std::min(left, ipc::kRecipientsAPacket);
  const auto first = outgoing.recipients.begin() + static_cast<ptrdiff_t>(outgoing.next_recipient);
  ipc::MoreRecipients message{.handle = outgoing.handle,
                              .recipients = {first, first + static_cast<ptrdiff_t>(count)},
                              .more = count < left};
  outgoing.next_recipient += count;
  outgoing.packet = message.Encode();
  outgoing.content = {};
  return true;
}

void QueueLink::Flush() {
  while (!outgoing_.empty() && channel_) {
    Outgoing& first = outgoing_.front();
    const auto sent =
        first.content ? channel_.Send(first.packet, first.content.view()) : channel_.Send(first.packet);
    if (!sent) {
      if (sent.error().code() == EAGAIN) break;
      return Fail(sent.error().code() == EPIPE ? "" : sent.error().text());
    }
    if (!NextPacket(first)) outgoing_.pop_front();
  }
  if (const bool waits = !outgoing_.empty(); channel_ && waits != wants_writing_) {
    wants_writing_ = waits;
    loop_.Rewatch(watch_, waits);
  }
}

void QueueLink::Fail(std::string_view why) {
  if (!channel_) return;
  if (!why.empty()) log_.Warning(sys::Cat("queue runner: ", why));
  Close();
  listeners_.on_closed();
}

void QueueLink::Close() {
  if (!channel_) return;
  loop_.Unwatch(watch_);
  channel_.Close();
}

}  // namespace outpost::pickup
