// A connection's channel to the queue runner: messages to deliver come in, what became of them goes out.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "lib/ipc/channel.h"
#include "lib/ipc/delivery.h"
#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::smtp_client {

// The channel's other end is closed, which ends everything.
struct RunnerGone {};

// One message as the runner hands it over, its recipients gathered from all packets.
struct Assignment {
  ipc::Deliver message;           // its `recipients` are moved out
  std::vector<uint32_t> numbers;  // the runner's, by recipient
  std::vector<mail::Recipient> recipients;
  sys::ReadOnlyFd content;
};

struct NothingYet {};
struct Finished {};  // no more messages
using FromRunner = std::variant<NothingYet, Assignment, Finished>;

class RunnerLine {
 public:
  // Makes the channel non-blocking.
  explicit RunnerLine(ipc::Channel channel);

  // What has come, without waiting. An Error: the channel has ended, or what came cannot be believed; nothing more
  // can be done for the runner.
  sys::Result<FromRunner> Next();
  // The message that Next() will give, if it has come already; valid until then. Does not wait.
  const ipc::Deliver* Peek();
  // Waits until there is room.
  sys::Result<void> Send(const std::string& packet) const;

  sys::FdView fd() const { return channel_.fd(); }

 private:
  sys::Result<FromRunner> Read();
  sys::Result<void> Begin(ipc::Deliver message, sys::UniqueFd content);
  sys::Result<void> Continue(ipc::DeliverMore more);
  void Add(std::vector<ipc::DeliveryRecipient> recipients);

  ipc::Channel channel_;
  std::optional<Assignment> partial_;
  bool complete_ = false;
  std::optional<sys::Result<FromRunner>> peeked_;
};

}  // namespace outpost::smtp_client
