// A relay in a thread, for tests: it listens on loopback and plays a script of what to say and what to expect.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "lib/sys/unique_fd.h"

namespace outpost::tests {

// One connection, as the relay sees it.
class RelayTurn {
 public:
  explicit RelayTurn(sys::UniqueFd fd) : fd_(std::move(fd)) {}
  // Sends `text` and CRLF.
  void Say(std::string_view text) { SayBytes(std::string(text) + "\r\n"); }
  void SayBytes(std::string_view bytes);
  // The next line without its end; "<gone>" at the client's.
  std::string Line();
  // All up to the lone dot, its line excluded, as it came.
  std::string Content();
  // Greets, answers EHLO with PIPELINING, and the envelope of one message up to 354.
  void Greet();
  void TakeEnvelope(int recipients = 1);

 private:
  bool Fill();
  sys::UniqueFd fd_;
  std::string buffer_;
};

class ScriptedRelay {
 public:
  // `script` is called for each connection, one after another, in the relay's thread.
  explicit ScriptedRelay(std::function<void(RelayTurn&)> script);
  ~ScriptedRelay();
  ScriptedRelay(const ScriptedRelay&) = delete;
  ScriptedRelay& operator=(const ScriptedRelay&) = delete;
  uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  uint16_t port_ = 0;  // set by the listener's making
  sys::UniqueFd listener_;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace outpost::tests
