#include "smtp-client/conversation.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <span>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr size_t kReadBuffer = 16 * 1024;
// What may wait while a transaction's commands are still being written: a reply of ordinary length for each.
constexpr size_t kMaxWaitingText = 4 * 1024 * 1024;
constexpr size_t kReplyOverhead = 128;
constexpr short kGone = POLLHUP | POLLRDHUP | POLLERR;

using Kind = StreamResult::Kind;

size_t MemoryOf(const Reply& reply) {
  size_t bytes = kReplyOverhead;
  for (const auto& line : reply.lines) bytes += kReplyOverhead + line.size();
  return bytes;
}

int Milliseconds(sys::Microseconds until) {
  const sys::Microseconds left = until - sys::MonotonicClock();
  const int64_t whole = std::max<int64_t>(0, (left.count() + 999) / 1000);
  return static_cast<int>(std::min<int64_t>(whole, 3600 * 1000));
}

}  // namespace

Conversation::Conversation(sys::FdView socket, sys::FdView channel)
    : socket_(socket), channel_(channel), stream_(std::make_unique<PlainStream>(socket)), buffer_(kReadBuffer) {}

short Conversation::ReadEvents() const { return reading_wants_write_ ? POLLOUT : POLLIN; }

std::optional<Interruption> Conversation::WaitFor(Kind wish, sys::Microseconds deadline) {
  const short write_event = wish == Kind::kWantWrite ? POLLOUT : 0;
  pollfd fds[2] = {{socket_.get(), static_cast<short>(ReadEvents() | write_event), 0},
                   {channel_.get(), POLLRDHUP, 0}};
  while (true) {
    const int ready = poll(fds, 2, Milliseconds(deadline));
    if (ready < 0 && errno != EINTR) return Interruption{Interruption::Kind::kLost, "poll failed"};
    if (ready > 0 && (fds[1].revents & kGone) != 0) return Interruption{Interruption::Kind::kRunnerGone, ""};
    if (sys::MonotonicClock() >= deadline) return Interruption{Interruption::Kind::kTimeout, ""};
    if (ready > 0) return std::nullopt;
  }
}

std::variant<Reply, Interruption> Conversation::Receive(std::chrono::seconds limit) {
  const sys::Microseconds deadline = sys::MonotonicClock() + limit;
  while (true) {
    if (auto reply = TakeWaiting()) return std::move(*reply);
    if (ended_) return *ended_;
    if (!stream_->has_buffered()) {
      if (auto trouble = WaitFor(Kind::kWantRead, deadline)) return *trouble;
    }
    ended_ = TakeIn();
  }
}

std::optional<Reply> Conversation::TakeWaiting() {
  if (replies_.empty()) return std::nullopt;
  Reply reply = std::move(replies_.front());
  replies_.pop_front();
  waiting_text_ -= MemoryOf(reply);
  return reply;
}

std::optional<Interruption> Conversation::Send(std::string_view bytes, std::chrono::seconds limit) {
  sys::Microseconds deadline = sys::MonotonicClock() + limit;
  while (!bytes.empty()) {
    const StreamResult written = stream_->Write(bytes);
    if (written.kind == Kind::kDone) {
      bytes.remove_prefix(written.bytes);
      deadline = sys::MonotonicClock() + limit;
      continue;
    }
    if (written.kind == Kind::kClosed) return Interruption{Interruption::Kind::kLost, ""};
    if (written.kind == Kind::kFailed) return Interruption{Interruption::Kind::kLost, written.problem};
    if (auto trouble = WaitFor(written.kind, deadline)) return trouble;
    if (!ended_) ended_ = TakeIn();
    if (ended_) return ended_;
  }
  return std::nullopt;
}

std::optional<Interruption> Conversation::TakeIn() {
  const StreamResult result = stream_->Read(std::span(buffer_));
  reading_wants_write_ = result.kind == Kind::kWantWrite;
  switch (result.kind) {
    case Kind::kDone:
      return Parse(std::string_view(buffer_.data(), result.bytes));
    case Kind::kWantRead:
    case Kind::kWantWrite:
      return std::nullopt;
    case Kind::kClosed:
      return Interruption{Interruption::Kind::kLost, ""};
    case Kind::kFailed:
      return Interruption{Interruption::Kind::kLost, result.problem};
  }
  return std::nullopt;
}

std::optional<Interruption> Conversation::Parse(std::string_view bytes) {
  while (!bytes.empty()) {
    bytes.remove_prefix(parser_.Feed(bytes));
    if (!parser_.broken().empty()) return Interruption{Interruption::Kind::kNonsense, parser_.broken()};
    if (auto reply = parser_.Take()) {
      waiting_text_ += MemoryOf(*reply);
      replies_.push_back(std::move(*reply));
    }
    if (waiting_text_ > kMaxWaitingText)
      return Interruption{Interruption::Kind::kNonsense, "more replies than commands"};
  }
  return std::nullopt;
}

bool Conversation::WaitForRunner() {
  if (HasUnread() || ended_) return false;
  while (true) {
    pollfd fds[2] = {{socket_.get(), ReadEvents(), 0}, {channel_.get(), POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    if (fds[1].revents != 0) return true;
    // TLS may have something to say that is no reply, such as a session ticket.
    ended_ = TakeIn();
    if (HasUnread() || ended_) return false;
  }
}

std::optional<Interruption> Conversation::LookAround() {
  if (ended_) return ended_;
  pollfd fds[2] = {{socket_.get(), ReadEvents(), 0}, {channel_.get(), POLLRDHUP, 0}};
  if (poll(fds, 2, 0) <= 0) return std::nullopt;
  if ((fds[1].revents & kGone) != 0) return Interruption{Interruption::Kind::kRunnerGone, ""};
  if (fds[0].revents == 0) return std::nullopt;
  ended_ = TakeIn();
  return ended_;
}

bool Conversation::HasUnread() const { return !replies_.empty() || parser_.in_reply() || stream_->has_buffered(); }

}  // namespace outpost::smtp_client
