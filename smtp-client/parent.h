// The parent's work: prepares once, forks a process for each connection the runner asks for, tells it when one has
// ended. Never meets the network.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "conf/location.h"
#include "lib/ipc/channel.h"
#include "lib/ipc/delivery.h"
#include "lib/sys/error.h"
#include "lib/sys/event_loop.h"
#include "lib/sys/log.h"
#include "lib/sys/spawn.h"
#include "smtp-client/prepare.h"

namespace outpost::smtp_client {

// What a forked process is to serve.
struct ConnectionStart {
  ipc::Channel channel;
  Provision provision;
};

// Puts a read lock on agents.lock for this process; it goes with the process. An error when the new runner has it.
sys::Result<void> HoldAgentsLock(sys::FdView lock);

class Parent {
 public:
  // `log` must outlive this.
  static sys::Result<Parent> Make(ipc::Channel channel, conf::Location location, const sys::Log& log);

  // Serves until the channel closes: nothing. (max_idle is the queue runner's to mind, who alone knows that it has
  // not just asked for a connection.) Returns in a forked process as well, there with what it is to serve; the
  // Parent is then to be destroyed at once, which closes what is the parent's.
  sys::Result<std::optional<ConnectionStart>> Serve();

 private:
  Parent(ipc::Channel channel, conf::Location location, sys::EventLoop loop, const sys::Log& log);
  void OnPacket();
  void Take(const ipc::Prepare& request);
  sys::Result<std::optional<ConnectionStart>> Fork(uint64_t connection, ipc::Channel channel);
  void OnChildEnd(uint64_t connection);
  void Send(const std::string& packet);
  void Stop(std::string_view why);

  struct Wanted {
    uint64_t connection;
    ipc::Channel channel;
  };
  struct Child {
    sys::Process process;
    sys::EventLoop::WatchId watch = 0;
  };

  ipc::Channel channel_;
  conf::Location location_;
  sys::EventLoop loop_;
  const sys::Log* log_;
  std::optional<Provision> provision_;
  std::vector<Wanted> wanted_;
  std::map<uint64_t, Child> children_;
  bool stopped_ = false;
};

}  // namespace outpost::smtp_client
