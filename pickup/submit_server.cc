#include "pickup/submit_server.h"

#include <algorithm>
#include <span>
#include <string>
#include <sysexits.h>
#include <utility>

#include "lib/spool/record.h"
#include "lib/sys/file.h"
#include "lib/sys/socket.h"
#include "lib/sys/text.h"
#include "pickup/cleanup/limits.h"
#include "pickup/stored_record.h"

namespace outpost::pickup {
namespace {

// Of all uids together; each may take three descriptors of the 1024 that the process has.
constexpr size_t kMaxConnections = 250;
constexpr size_t kMostIncomplete = kMaxConnections / 4;  // while the rest is answered soon
constexpr int kAcceptsARound = 64;
constexpr size_t kReadBytes = 64 * 1024;
constexpr int kReadsARound = 4;
constexpr sys::Microseconds kPause = std::chrono::seconds(1);
constexpr sys::Microseconds kTellInterval = std::chrono::seconds(10);

spool::Answer ToAnswer(const Fate& fate) {
  switch (fate.kind) {
    case Fate::Kind::kQueued:
      return {.kind = spool::Answer::Kind::kQueued, .id = fate.id.text(), .exit_code = 0, .text = {}};
    case Fate::Kind::kLater:
      return {.kind = spool::Answer::Kind::kLater, .id = {}, .exit_code = 0, .text = fate.text};
    case Fate::Kind::kRefused:
      return {.kind = spool::Answer::Kind::kRefused, .id = {}, .exit_code = fate.exit_code, .text = fate.text};
  }
  __builtin_trap();
}

}  // namespace

struct SubmitServer::Connection {
  sys::UniqueFd socket;
  uint32_t uid = 0;
  StoredRecord record;
  RecordFramer framer;
  sys::EventLoop::WatchId watch = 0;  // 0 while it is not watched: at first, and once the record is complete
  sys::EventLoop::TimerId deadline = 0;
  sys::Microseconds heard = sys::MonotonicClock();  // last

  Connection(sys::UniqueFd accepted, uint32_t peer, sys::FdView directory)
      : socket(std::move(accepted)), uid(peer), record(directory) {}
};

SubmitServer::SubmitServer(sys::EventLoop& loop, const conf::PickupSettings& settings, const sys::Log& log,
                           sys::FdView directory, Reception& reception, sys::UniqueFd listener)
    : loop_(loop),
      settings_(settings),
      log_(log),
      directory_(directory),
      reception_(reception),
      listener_(std::move(listener)) {}

SubmitServer::~SubmitServer() {
  while (!connections_.empty()) Drop(connections_.begin()->first);
  SetAccepting(false);
  loop_.Cancel(pause_);
}

sys::Result<void> SubmitServer::Start() {
  if (auto set = sys::SetNonBlocking(listener_); !set) return set;
  SetAccepting(true);
  if (!accepting_) return sys::Error("watch public/submit");
  return {};
}

void SubmitServer::SetAccepting(bool accepting) {
  if (accepting == accepting_) return;
  if (!accepting) {
    loop_.Unwatch(listener_watch_);
  } else {
    auto watch = loop_.Watch(listener_, [this] { OnConnect(); });
    if (!watch) return;
    listener_watch_ = *watch;
  }
  accepting_ = accepting;
}

void SubmitServer::OnConnect() {
  for (int i = 0; i < kAcceptsARound; ++i) {
    if (HasPlacesSoon()) return SetAccepting(false);
    if (!AcceptOne()) return;
  }
}

// All are taken, but most by whole records, which are answered soon: the others wait in the socket's backlog.
bool SubmitServer::HasPlacesSoon() const {
  if (connections_.size() < kMaxConnections) return false;
  const auto incomplete = std::ranges::count_if(
      connections_, [](const auto& one) { return one.second->framer.state() != RecordFramer::State::kComplete; });
  return static_cast<size_t>(incomplete) < kMostIncomplete;
}

// Not each time: whoever wants to could fill the log.
bool SubmitServer::MayTell(sys::Microseconds& again) {
  const sys::Microseconds now = sys::MonotonicClock();
  if (now < again) return false;
  again = now + kTellInterval;
  return true;
}

bool SubmitServer::AcceptOne() {
  auto socket = sys::Accept(listener_);
  if (!socket) {
    if (socket.error().code() == EAGAIN) return false;
    if (socket.error().code() == ECONNABORTED) return true;
    // No descriptors, no memory: asking again at once would only burn time.
    if (MayTell(tells_of_shortage_again_)) log_.Warning(socket.error().text());
    SetAccepting(false);
    pause_ = loop_.After(kPause, [this] { SetAccepting(true); });
    return false;
  }
  const auto peer = sys::PeerCredentials(*socket);
  if (!peer || !Admit(peer->uid)) return true;
  const uint64_t number = next_number_++;
  auto connection = std::make_unique<Connection>(std::move(*socket), peer->uid, directory_);
  connection->deadline = loop_.After(settings_.submit_timeout, [this, number] { Drop(number); });
  connections_.emplace(number, std::move(connection));
  OnReadable(number);  // most have written all by now, and need not be watched
  WatchIncomplete(number);
  return true;
}

void SubmitServer::WatchIncomplete(uint64_t number) {
  const auto it = connections_.find(number);
  if (it == connections_.end() || it->second->framer.state() == RecordFramer::State::kComplete) return;
  auto watch = loop_.Watch(it->second->socket, [this, number] { OnReadable(number); });
  if (!watch) return Drop(number);
  it->second->watch = *watch;
}

// One connection too many is closed without an answer: sendmail takes the maildrop then, and nothing is refused.
bool SubmitServer::Admit(uint32_t uid) {
  const auto known = peers_.find(uid);
  const int64_t connections = known == peers_.end() ? 0 : known->second;
  if (connections < settings_.submit_connection_limit) {
    if (connections_.size() >= kMaxConnections && !MakePlaceFor(uid)) return false;
    ++peers_[uid];
    return true;
  }
  if (MayTell(tells_again_)) {
    log_.Warning(
        sys::Cat("uid ", uid, " has ", connections,
                 " submissions at once, as many as submit_connection_limit; more are left to the maildrop"));
  }
  return false;
}

// A record that is whole keeps its place: its answer comes soon. To one who has places already, only a user with two more
// gives one: else they would take it from each other in turn.
bool SubmitServer::MakePlaceFor(uint32_t uid) {
  const auto own = peers_.find(uid);
  int64_t most = own == peers_.end() ? 0 : own->second + 1;
  uint64_t chosen = 0;
  sys::Microseconds heard{};
  for (const auto& [number, connection] : connections_) {
    if (connection->framer.state() == RecordFramer::State::kComplete) continue;
    const int64_t places = peers_.at(connection->uid);
    if (places < most || (places == most && (chosen == 0 || connection->heard >= heard))) continue;
    most = places;
    chosen = number;
    heard = connection->heard;
  }
  if (chosen == 0) return false;
  Drop(chosen);
  return true;
}

void SubmitServer::OnReadable(uint64_t number) {
  for (int i = 0; i < kReadsARound; ++i) {
    const auto it = connections_.find(number);
    if (it == connections_.end() || !ReadOnce(number, *it->second)) return;
  }
}

// Why there is no need to read on, once the head has been read, or where there is no record.
std::optional<Fate> SubmitServer::Judge(const RecordFramer& framer) const {
  if (framer.state() == RecordFramer::State::kBroken)
    return Fate::Refused(EX_DATAERR, sys::Cat("record: ", framer.why()));
  if (const auto refusal = CheckSize(framer.message_bytes(), settings_.message_size_limit)) {
    return Fate::Refused(refusal->exit_code, refusal->text);
  }
  if (!reception_.HasRoomFor(framer.head_bytes() + framer.message_bytes()))
    return Fate::Later(std::string(kNoRoom));
  return std::nullopt;
}

bool SubmitServer::ReadOnce(uint64_t number, Connection& connection) {
  char buffer[kReadBytes];
  const auto count = sys::ReadSome(connection.socket, buffer);
  if (!count && count.error().code() == EAGAIN) return false;
  if (!count || *count == 0) {
    Drop(number);  // gone before its record was whole; nothing has been promised
    return false;
  }
  connection.heard = sys::MonotonicClock();
  const std::string_view bytes(buffer, *count);
  const bool in_head = connection.framer.state() == RecordFramer::State::kHead;
  const auto state = connection.framer.Feed(bytes);
  if (state == RecordFramer::State::kBroken || (in_head && state != RecordFramer::State::kHead)) {
    if (const auto refusal = Judge(connection.framer)) {
      Answer(number, *refusal);
      return false;
    }
  }
  if (auto stored = connection.record.Append(bytes); !stored) {
    Answer(number, Fate::Later(stored.error().text()));
    return false;
  }
  if (state != RecordFramer::State::kComplete) return *count == kReadBytes;
  Complete(number, connection);
  return false;
}

void SubmitServer::Complete(uint64_t number, Connection& connection) {
  if (connection.watch != 0) loop_.Unwatch(std::exchange(connection.watch, 0));
  loop_.Cancel(connection.deadline);
  const Arrival arrival{.uid = connection.uid, .maildrop_file = std::nullopt};
  reception_.Take(std::move(connection.record), arrival,
                  [this, number](const Fate& fate) { Answer(number, fate); });
}

void SubmitServer::Answer(uint64_t number, const Fate& fate) {
  const auto it = connections_.find(number);
  if (it == connections_.end()) return;
  // One short line into an empty socket: it fits, or the caller is gone, and asks again by its token.
  (void)sys::SendAll(it->second->socket, spool::FormatAnswer(ToAnswer(fate)), "answer");
  Drop(number);
}

void SubmitServer::Drop(uint64_t number) {
  const auto it = connections_.find(number);
  if (it == connections_.end()) return;
  const Connection& connection = *it->second;
  if (connection.watch != 0) loop_.Unwatch(connection.watch);
  loop_.Cancel(connection.deadline);
  if (--peers_[connection.uid] == 0) peers_.erase(connection.uid);
  connections_.erase(it);
  SetAccepting(true);
}

}  // namespace outpost::pickup
