// Whether this host has a network, and when that changes.
//
// Asks the kernel for routes and addresses (rtnetlink), and is told when they change; watches resolv.conf. A change is
// reported once it has been quiet for a second, or has gone on for five: a link that flaps makes no storm. The sockets
// are opened before the process is confined; neither can reach a network.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "lib/sys/clock.h"
#include "lib/sys/event_loop.h"
#include "lib/sys/unique_fd.h"
#include "queue-runner/ways_out.h"

namespace outpost::queue_runner {

// The directories in which resolv.conf, or what it is a link to, may be replaced.
struct ResolverWatch {
  sys::UniqueFd inotify;  // may be none
  std::set<std::string> names;
};

class Network {
 public:
  // Where the kernel gives none of this (some containers), the error says so, and whoever asks takes the network as
  // there.
  static sys::Result<Network> Make(const std::string& resolver_file = "/etc/resolv.conf");

  // Calls `on_change` after a change of ways, addresses or resolver. `loop` outlives this.
  sys::Result<void> Start(sys::EventLoop& loop, std::function<void()> on_change);
  // Looks as if a change had been told: after a resume, and where the wall clock has jumped.
  void LookSoon();

  // There is a way to `address`. This host's own addresses are always reachable.
  bool Reaches(const IpAddress& address) const;
  // Whether it is worth trying to reach `next_hop` (as relayhost writes it), which was last seen at `last_seen`: a
  // host on loopback always, an address by its own route, a name by a default route or else by where it was last.
  bool MayReach(std::string_view next_hop, const std::optional<IpAddress>& last_seen) const;
  const WaysOut& ways() const { return ways_; }

 private:
  Network(sys::UniqueFd questions, sys::UniqueFd events, ResolverWatch resolver, WaysOut ways)
      : questions_(std::move(questions)), events_(std::move(events)), resolver_(std::move(resolver)), ways_(ways) {}
  void Look();

  sys::UniqueFd questions_;
  sys::UniqueFd events_;
  ResolverWatch resolver_;
  WaysOut ways_;
  bool resolver_changed_ = false;
  sys::EventLoop* loop_ = nullptr;
  std::function<void()> on_change_;
  sys::EventLoop::TimerId timer_ = 0;
  sys::Microseconds first_event_{};  // monotonic, of those not yet looked at
};

}  // namespace outpost::queue_runner
