// public/control: who may ask what. Anybody may see the state of the mailer, and list and trace their own messages;
// root and the mail owner see all, and may flush, reload and stop. Who asks is the kernel's word (SO_PEERCRED).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "lib/ipc/control.h"
#include "queue-runner/context.h"
#include "queue-runner/control_client.h"
#include "queue-runner/destination.h"

namespace outpost::queue_runner {

class Control {
 public:
  // The orders and answers that are not the queue's.
  struct Listener {
    std::function<ipc::StatusLine()> status;
    std::function<Waiting(const queue::Route&)> why_waiting;
    std::function<ipc::Done()> flush;
    // Begins one; what comes back is called, once an event, until it has an answer.
    std::function<std::function<std::optional<ipc::Done>()>(const ipc::Request&)> flush_some;
    std::function<ipc::Done()> reload;
    std::function<ipc::Done()> stop;
  };
  // `socket` is public/control, listening, and outlives this.
  Control(Context& context, sys::FdView socket, Listener listener);
  ~Control();
  sys::Result<void> Start();
  void Stop();
  // Frees clients that have ended; call once a round.
  void Sweep();

 private:
  void OnConnection();
  void Admit(sys::UniqueFd socket);
  ControlClient::Producer Answer(const ipc::Request& request, const sys::Credentials& peer);
  ControlClient::Producer Flush(const ipc::Request& request);
  ControlClient::Producer List(const sys::Credentials& peer);
  ControlClient::Producer Trace(const ipc::Request& request, const sys::Credentials& peer);
  ipc::ListedMessage Describe(const queue::Listed& listed) const;

  Context& context_;
  sys::FdView socket_;
  Listener listener_;
  ControlClient::Listener client_listener_;
  sys::EventLoop::WatchId watch_ = 0;
  sys::EventLoop::TimerId pause_ = 0;
  std::vector<std::unique_ptr<ControlClient>> clients_;
};

}  // namespace outpost::queue_runner
