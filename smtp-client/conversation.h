// The two ends that a connection's process has: the relay's stream, from which replies come, and the runner's
// channel, whose end ends everything. Every wait has a limit, and while a command or content is being written
// what the relay says is read, so that neither side can block the other.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/sys/clock.h"
#include "lib/sys/unique_fd.h"
#include "smtp-client/reply.h"
#include "smtp-client/stream.h"

namespace outpost::smtp_client {

// Why no reply comes, or nothing more can be sent.
struct Interruption {
  enum class Kind {
    kLost,        // the relay closed, or the network did
    kTimeout,     // the limit is over
    kNonsense,    // what came is not SMTP, or came when nothing was asked
    kRunnerGone,  // the channel's other end is closed
  };
  Kind kind = Kind::kLost;
  std::string detail;  // for people; may be empty
};

class Conversation {
 public:
  // Both descriptors must outlive this.
  Conversation(sys::FdView socket, sys::FdView channel);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // The next reply, whole, within `limit` from now.
  std::variant<Reply, Interruption> Receive(std::chrono::seconds limit);
  // Writes all of `bytes`; `limit` is for each stretch without progress.
  std::optional<Interruption> Send(std::string_view bytes, std::chrono::seconds limit);

  // What a stream wants before it can go on (kWantRead, kWantWrite): waits for it until `deadline`. Nothing may
  // go on after it, whatever there is to read: that is what bounds a relay that never falls silent.
  std::optional<Interruption> WaitFor(StreamResult::Kind wish, sys::Microseconds deadline);

  // Waits for a packet from the runner. False: the relay said something, or went away, while nothing was asked.
  bool WaitForRunner();
  // Takes in what the relay has said and looks whether the runner is still there, without waiting.
  std::optional<Interruption> LookAround();
  // The next reply, if it has been taken in already.
  std::optional<Reply> TakeWaiting();

  // Replaces the plain stream by TLS. Nothing may be unread: see HasUnread().
  void Use(std::unique_ptr<Stream> stream) { stream_ = std::move(stream); }
  // The relay has said more than what was asked of it (attack S13).
  bool HasUnread() const;
  void Shutdown() { stream_->Shutdown(); }
  sys::FdView socket() const { return socket_; }

 private:
  // Reads what is there and parses it. Nothing, or why there will be no more.
  std::optional<Interruption> TakeIn();
  std::optional<Interruption> Parse(std::string_view bytes);
  // For poll: what the stream waits for before more can be read.
  short ReadEvents() const;

  sys::FdView socket_;
  sys::FdView channel_;
  std::unique_ptr<Stream> stream_;
  ReplyParser parser_;
  std::deque<Reply> replies_;  // complete, not yet asked for
  size_t waiting_text_ = 0;    // their memory
  std::optional<Interruption> ended_;
  bool reading_wants_write_ = false;  // TLS must answer before it can read on (a key update)
  std::vector<char> buffer_;
};

}  // namespace outpost::smtp_client
