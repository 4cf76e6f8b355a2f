// One person at public/control: a request line in, answer lines out. Everything about it is bounded: the line, the time
// until it is there, what waits to be read, the time in which something of it must be; answers longer than that are made
// page by page as the person reads.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "lib/ipc/control.h"
#include "lib/sys/event_loop.h"
#include "lib/sys/socket.h"

namespace outpost::queue_runner {

class ControlClient {
 public:
  // Appends the next piece of the answer; false when that was the last.
  using Producer = std::function<bool(std::string& out)>;
  struct Listener {
    std::function<Producer(const ipc::Request&, const sys::Credentials&)> request;
    // Nothing more comes. The listener destroys it, but not from within this call.
    std::function<void(ControlClient&)> ended;
  };

  ControlClient(sys::EventLoop& loop, sys::UniqueFd socket, sys::Credentials peer, const Listener& listener);
  ~ControlClient();
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  sys::Result<void> Start();
  uid_t uid() const { return peer_.uid; }
  bool has_ended() const { return ended_; }

 private:
  void OnReady();
  void ReadRequest();
  void WriteAnswer();
  void ArmTimeout();
  void End();

  sys::EventLoop& loop_;
  sys::UniqueFd socket_;
  sys::Credentials peer_;
  const Listener& listener_;
  sys::EventLoop::WatchId watch_ = 0;
  sys::EventLoop::TimerId timeout_ = 0;
  std::string in_;
  std::string out_;
  Producer producer_;
  bool answering_ = false;
  bool ended_ = false;
};

}  // namespace outpost::queue_runner
