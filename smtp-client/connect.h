// Addresses become a connected socket: one attempt after another, the first that succeeds wins. While one is still
// undecided the next is begun a little later (RFC 8305), but for an address of worse preference: that one's turn comes
// when all better ones have failed (RFC 5321 section 5.1).
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "lib/sys/unique_fd.h"
#include "smtp-client/relay_address.h"
#include "smtp-client/runner_line.h"

namespace outpost::smtp_client {

struct ConnectedSocket {
  sys::UniqueFd fd;  // non-blocking, close-on-exec, TCP_NODELAY
  RelayAddress target;
};
struct ConnectFailure {
  std::string why;  // "connect to smtp.example.org[192.0.2.1]:587: Connection refused": the last one's
  int code = 0;     // its errno
};

// Takes what it has tried from the front of `addresses`; what is left can be tried by another call. `limit` is for
// each attempt (0: the system's). Ends early when the other end of `channel` closes.
std::variant<ConnectedSocket, ConnectFailure, RunnerGone> ConnectToFirst(std::deque<RelayAddress>& addresses,
                                                                         std::chrono::seconds limit,
                                                                         sys::FdView channel);

}  // namespace outpost::smtp_client
