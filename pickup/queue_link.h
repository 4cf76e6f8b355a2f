// The channel to the queue runner: finished messages out, in order, and what became of them back. Never blocks: what
// the runner does not take yet waits here.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "lib/ipc/channel.h"
#include "lib/ipc/intake.h"
#include "lib/sys/error.h"
#include "lib/sys/event_loop.h"
#include "lib/sys/log.h"

namespace outpost::pickup {

class QueueLink {
 public:
  // What comes from the runner. `on_closed` is called once, when it is gone or talks nonsense: nothing that has not
  // been answered by then will be.
  struct Listeners {
    std::function<void(const ipc::Accepted&)> on_accepted;
    std::function<void(const ipc::Refused&)> on_refused;
    std::function<void()> on_scan;
    std::function<void()> on_closed;
  };

  // `loop` and `log` must outlive this.
  QueueLink(sys::EventLoop& loop, const sys::Log& log, ipc::Channel channel)
      : loop_(loop), log_(log), channel_(std::move(channel)) {}
  QueueLink(const QueueLink&) = delete;
  QueueLink& operator=(const QueueLink&) = delete;
  ~QueueLink() { Close(); }

  // Begins to listen; call once, before anything is sent.
  sys::Result<void> Start(Listeners listeners);

  // `submission` with all its recipients, however many; `content` belongs to it.
  void Submit(ipc::Submission submission, sys::ReadOnlyFd content);
  void SendScanned(uint64_t left);

  // Whether everything has been handed over.
  bool drained() const { return outgoing_.empty(); }

 private:
  struct Outgoing {
    std::string packet;
    sys::ReadOnlyFd content;
    // The recipients that the packets after this one bring.
    uint64_t handle = 0;
    std::vector<mail::Recipient> recipients;
    size_t next_recipient = 0;
  };
  void OnReady();
  void Receive();
  void Dispatch(const ipc::ToPickup& message);
  void Push(Outgoing outgoing);
  void Flush();
  static bool NextPacket(Outgoing& outgoing);
  void Fail(std::string_view why);
  void Close();

  sys::EventLoop& loop_;
  const sys::Log& log_;
  ipc::Channel channel_;
  Listeners listeners_;
  sys::EventLoop::WatchId watch_ = 0;
  bool wants_writing_ = false;
  std::deque<Outgoing> outgoing_;
};

}  // namespace outpost::pickup
