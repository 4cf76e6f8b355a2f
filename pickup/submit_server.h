// public/submit: callers write a record and read one line of answer. Each is known by the kernel's word for its uid,
// and bounded by it: so many connections at once, so much time and so many bytes for a record. A caller that is slow,
// or gone, costs a descriptor until its time is up, and nobody else anything: when all places are taken, the users who
// have most of them give up what has been silent for longest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "conf/settings.h"
#include "lib/sys/error.h"
#include "lib/sys/event_loop.h"
#include "lib/sys/log.h"
#include "lib/sys/unique_fd.h"
#include "pickup/reception.h"
#include "pickup/record_framer.h"

namespace outpost::pickup {

class SubmitServer {
 public:
  // All must outlive this; `directory` is for records that are too large for memory.
  SubmitServer(sys::EventLoop& loop, const conf::PickupSettings& settings, const sys::Log& log,
               sys::FdView directory, Reception& reception, sys::UniqueFd listener);
  SubmitServer(const SubmitServer&) = delete;
  SubmitServer& operator=(const SubmitServer&) = delete;
  ~SubmitServer();

  // Begins to accept.
  sys::Result<void> Start();

  size_t connections() const { return connections_.size(); }

 private:
  struct Connection;
  void OnConnect();
  // Whether a newcomer had better wait than be turned away.
  bool HasPlacesSoon() const;
  // Takes one connection; false when none waits, or none can be taken.
  bool AcceptOne();
  // Whether its time has come, which is then put off.
  static bool MayTell(sys::Microseconds& again);
  // Whether this uid may have one more; says so, now and then, when not.
  bool Admit(uint32_t uid);
  // Where all places are taken: whether another user gave one up.
  bool MakePlaceFor(uint32_t uid);
  void SetAccepting(bool accepting);
  void WatchIncomplete(uint64_t number);
  void OnReadable(uint64_t number);
  // Stores what has arrived; false when there is no more for now, the record is complete, or the connection over.
  bool ReadOnce(uint64_t number, Connection& connection);
  std::optional<Fate> Judge(const RecordFramer& framer) const;
  void Complete(uint64_t number, Connection& connection);
  void Answer(uint64_t number, const Fate& fate);
  void Drop(uint64_t number);

  sys::EventLoop& loop_;
  const conf::PickupSettings& settings_;
  const sys::Log& log_;
  sys::FdView directory_;
  Reception& reception_;
  sys::UniqueFd listener_;
  sys::EventLoop::WatchId listener_watch_ = 0;
  bool accepting_ = false;
  sys::EventLoop::TimerId pause_ = 0;
  uint64_t next_number_ = 1;
  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::unordered_map<uint32_t, int64_t> peers_;  // connections by uid
  sys::Microseconds tells_again_{};              // that somebody has too many
  sys::Microseconds tells_of_shortage_again_{};  // of descriptors or memory
};

}  // namespace outpost::pickup
