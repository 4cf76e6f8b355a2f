#include "smtp-client/connect.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr sys::Microseconds kAttemptDelay = std::chrono::milliseconds(250);  // RFC 8305 section 5
constexpr sys::Microseconds kSystemLimit = std::chrono::hours(1);

struct Attempt {
  sys::UniqueFd fd;
  RelayAddress target;
  sys::Microseconds deadline;
};

ConnectFailure Describe(const Peer& peer, int code) {
  return {sys::Cat("connect to ", peer.ToString(), ": ", strerror(code)), code};
}

class Race {
 public:
  Race(std::deque<RelayAddress>& addresses, std::chrono::seconds limit, sys::FdView channel)
      : addresses_(addresses),
        limit_(limit.count() == 0 ? kSystemLimit : sys::Microseconds(limit)),
        channel_(channel) {}

  std::variant<ConnectedSocket, ConnectFailure, RunnerGone> Run() {
    while (!attempts_.empty() || !addresses_.empty()) {
      const sys::Microseconds now = sys::MonotonicClock();
      if (!addresses_.empty() && (attempts_.empty() || (MayRace() && now >= next_start_))) {
        if (auto connected = Start(now)) return std::move(*connected);
        continue;
      }
      if (!Wait(now)) return RunnerGone{};
      if (auto connected = Harvest()) return std::move(*connected);
    }
    return failure_;
  }

 private:
  // The next address is as good as the one before.
  bool MayRace() const {
    return !addresses_.empty() && addresses_.front().preference == attempts_.back().target.preference;
  }

  std::optional<ConnectedSocket> Start(sys::Microseconds now) {
    const RelayAddress target = std::move(addresses_.front());
    addresses_.pop_front();
    sys::UniqueFd fd(socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int one = 1;
    if (!fd || setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0) {
      failure_ = Describe(target.peer, errno);
      return std::nullopt;
    }
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&target.address), target.length) == 0)
      return ConnectedSocket{std::move(fd), target};
    if (errno != EINPROGRESS) {
      failure_ = Describe(target.peer, errno);
      return std::nullopt;
    }
    attempts_.push_back({std::move(fd), target, now + limit_});
    next_start_ = now + kAttemptDelay;
    return std::nullopt;
  }

  // Until something can have happened. False: the runner is gone.
  bool Wait(sys::Microseconds now) {
    sys::Microseconds until = MayRace() ? next_start_ : now + kSystemLimit;
    std::vector<pollfd> fds{{channel_.get(), POLLRDHUP, 0}};
    for (const auto& attempt : attempts_) {
      until = std::min(until, attempt.deadline);
      fds.push_back({attempt.fd.get(), POLLOUT, 0});
    }
    const auto milliseconds = (until - now).count() / 1000 + 1;
    poll(fds.data(), fds.size(), static_cast<int>(std::max<int64_t>(milliseconds, 0)));
    return fds.front().revents == 0;
  }

  // The first attempt that has succeeded; those that have failed or run out of time are dropped.
  std::optional<ConnectedSocket> Harvest() {
    const sys::Microseconds now = sys::MonotonicClock();
    for (auto attempt = attempts_.begin(); attempt != attempts_.end();) {
      pollfd fd{attempt->fd.get(), POLLOUT, 0};
      int code = 0;
      socklen_t size = sizeof code;
      if (poll(&fd, 1, 0) > 0) {
        if (getsockopt(attempt->fd.get(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
        if (code == 0) return ConnectedSocket{std::move(attempt->fd), std::move(attempt->target)};
      } else if (now >= attempt->deadline) {
        code = ETIMEDOUT;
      }
      if (code == 0) {
        ++attempt;
        continue;
      }
      failure_ = Describe(attempt->target.peer, code);
      attempt = attempts_.erase(attempt);
      next_start_ = now;  // the next need not wait for this one any more
    }
    return std::nullopt;
  }

  std::deque<RelayAddress>& addresses_;
  sys::Microseconds limit_;
  sys::FdView channel_;
  std::vector<Attempt> attempts_;
  sys::Microseconds next_start_{};
  ConnectFailure failure_;
};

}  // namespace

std::variant<ConnectedSocket, ConnectFailure, RunnerGone> ConnectToFirst(std::deque<RelayAddress>& addresses,
                                                                         std::chrono::seconds limit,
                                                                         sys::FdView channel) {
  return Race(addresses, limit, channel).Run();
}

}  // namespace outpost::smtp_client
