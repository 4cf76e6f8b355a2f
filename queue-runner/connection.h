// One connection of outpost-smtp, from the runner's side: the channel to the child that serves it, and the units
// that it has been given. It is fed a little ahead, so that it never waits for us.
//
// Every packet of a child gets on with what it was given, so that none can keep a message by talking (attack: a worker
// that lies); what does not ends the connection.
//
// Silence means try again: when the channel closes, whatever was not answered goes back to the owner, who decides
// by `begun` what is in doubt and what is simply due.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/ipc/channel.h"
#include "lib/ipc/delivery.h"
#include "queue-runner/context.h"

namespace outpost::queue_runner {

class Connection;

class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void OnConnected(Connection& connection, const ipc::Connected& facts) = 0;
  // The word on the recipients at `indices` of `unit`, none of which was answered before.
  virtual void OnVerdict(Connection& connection, Unit& unit, const std::vector<size_t>& indices,
                         const ipc::Verdicts& verdicts) = 0;
  // All of it has been answered; the connection has room.
  virtual void OnUnitDone(Connection& connection, Unit& unit) = 0;
  // No more comes: `left` in the order in which it was given; `said` when the child said why. The connection is
  // closed; the owner destroys it, but not from within this call.
  virtual void OnClosed(Connection& connection, std::deque<UnitPointer> left,
                        const std::optional<ipc::ConnectionFailed>& said) = 0;
};

class Connection {
 public:
  Connection(Context& context, ConnectionOwner& owner, uint64_t number, ipc::Channel channel);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Starts listening to the child. Call once.
  sys::Result<void> Watch();
  // Takes `unit` into the order; it leaves by SendUnit(), once its dispatch is on record, or is withdrawn.
  void Reserve(UnitPointer unit) { units_.push_back(std::move(unit)); }
  void SendUnit(const UnitPointer& unit);
  void Withdraw(const UnitPointer& unit);
  // No more messages: QUIT. What it has been given is still answered.
  void Finish();
  // The child is gone, or shall be: reads what it has still said, then OnClosed.
  void Drop();

  uint64_t number() const { return number_; }
  size_t load() const { return units_.size(); }
  size_t bulk_load() const;
  // Messages that it is best given at once: so many that it never waits for us, not so many that a message waits on it
  // for a slow relay while others have nothing to do.
  size_t ahead() const { return is_fast_ ? 4 : 2; }
  bool is_connected() const { return connected_; }
  bool has_delivered() const { return delivered_; }
  bool is_finishing() const { return finishing_; }
  bool is_closed() const { return closed_; }
  // Monotonic: of the last packet that came.
  Microseconds last_heard() const { return last_heard_; }

 private:
  struct Outgoing {
    std::string bytes;
    UnitPointer content_of;  // its content goes with the packet
  };
  void Post(std::string bytes, UnitPointer content_of = nullptr);
  void Flush();
  bool SendNow(const Outgoing& packet, bool& full);
  void OnReady();
  // False when nothing is there, or the channel has ended.
  bool ReadOne();
  void Take(const ipc::FromChild& message);
  void TakeVerdicts(const ipc::Verdicts& verdicts);
  UnitPointer FindUnit(const mail::QueueId& id) const;
  void Misbehave(std::string_view what);
  void Close();

  Context& context_;
  ConnectionOwner& owner_;
  uint64_t number_;
  ipc::Channel channel_;
  sys::EventLoop::WatchId watch_ = 0;
  std::deque<UnitPointer> units_;
  std::deque<Outgoing> outbox_;
  std::optional<ipc::ConnectionFailed> failure_;
  bool waiting_to_write_ = false;
  bool connected_ = false;
  bool delivered_ = false;
  bool finishing_ = false;
  bool ended_ = false;  // the channel's other end is closed, or what came was nonsense
  bool closed_ = false;
  bool is_fast_ = false;     // the last message took little time
  Microseconds turn_since_;  // of the first of units_
  Microseconds last_heard_;
};

}  // namespace outpost::queue_runner
