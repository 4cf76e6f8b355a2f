#include "queue-runner/connection.h"

#include <algorithm>
#include <sys/socket.h>
#include <utility>

#include "lib/ipc/intake.h"
#include "lib/sys/clock.h"
#include "lib/sys/socket.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

constexpr int kPacketsAtOnce = 64;  // then others have their turn
constexpr Microseconds kFast = std::chrono::milliseconds(50);

std::vector<ipc::DeliveryRecipient> Slice(const Unit& unit, size_t from) {
  const size_t to = std::min(unit.recipients.size(), from + ipc::kRecipientsAPacket);
  std::vector<ipc::DeliveryRecipient> out;
  for (size_t i = from; i < to; ++i) out.push_back({unit.recipients[i].number, unit.recipients[i].recipient});
  return out;
}

ipc::Deliver FirstPacket(const Unit& unit) {
  const ActiveMessage& message = *unit.message;
  ipc::Deliver deliver;
  deliver.id = message.facts.id;
  deliver.arrival_us = message.facts.arrival.count();
  deliver.activated_us = message.activated.count();
  deliver.content_bytes = message.facts.content_bytes;
  deliver.header_bytes = message.facts.header_bytes;
  deliver.may_be_duplicate = std::ranges::any_of(
      unit.recipients, [](const auto& one) { return one.state == queue::RecipientState::kInDoubt; });
  deliver.envelope = message.facts.envelope;
  deliver.envelope.recipients.clear();
  deliver.recipients = Slice(unit, 0);
  deliver.more = unit.recipients.size() > deliver.recipients.size();
  return deliver;
}

}  // namespace

Connection::Connection(Context& context, ConnectionOwner& owner, uint64_t number, ipc::Channel channel)
    : context_(context),
      owner_(owner),
      number_(number),
      channel_(std::move(channel)),
      turn_since_(sys::MonotonicClock()),
      last_heard_(sys::MonotonicClock()) {}

Connection::~Connection() {
  if (watch_ != 0) context_.loop.Unwatch(watch_);
}

sys::Result<void> Connection::Watch() {
  if (auto set = sys::SetNonBlocking(channel_.fd()); !set) return set;
  auto watch = context_.loop.Watch(channel_.fd(), [this] { OnReady(); });
  if (!watch) return watch.error();
  watch_ = *watch;
  return {};
}

size_t Connection::bulk_load() const {
  return static_cast<size_t>(
      std::ranges::count_if(units_, [](const auto& unit) { return unit->lane == queue::Lane::kBulk; }));
}

void Connection::SendUnit(const UnitPointer& unit) {
  if (closed_) return;
  unit->sent = true;
  last_heard_ = sys::MonotonicClock();
  if (units_.front() == unit) turn_since_ = last_heard_;
  ipc::Deliver deliver = FirstPacket(*unit);
  size_t given = deliver.recipients.size();
  Post(deliver.Encode(), unit);
  while (given < unit->recipients.size()) {
    ipc::DeliverMore more{deliver.id, Slice(*unit, given), false};
    given += more.recipients.size();
    more.more = given < unit->recipients.size();
    Post(more.Encode());
  }
}

void Connection::Withdraw(const UnitPointer& unit) { std::erase(units_, unit); }

void Connection::Finish() {
  if (std::exchange(finishing_, true) || closed_) return;
  Post(ipc::Finish{}.Encode());
}

void Connection::Post(std::string bytes, UnitPointer content_of) {
  outbox_.push_back({std::move(bytes), std::move(content_of)});
  if (outbox_.size() == 1) Flush();
}

bool Connection::SendNow(const Outgoing& packet, bool& full) {
  const auto sent = packet.content_of ? channel_.Send(packet.bytes, packet.content_of->message->content->view())
                                      : channel_.Send(packet.bytes);
  full = !sent && (sent.error().code() == EAGAIN || sent.error().code() == EWOULDBLOCK);
  return sent.has_value();
}

void Connection::Flush() {
  bool full = false;
  while (!outbox_.empty() && SendNow(outbox_.front(), full)) outbox_.pop_front();
  // Anything but a full socket is a child that is gone, or that would wait for what it is never sent: so the
  // channel's end is what both hear next.
  if (!full && !outbox_.empty()) {
    outbox_.clear();
    shutdown(channel_.fd().get(), SHUT_RDWR);
  }
  if (std::exchange(waiting_to_write_, full) != full) context_.loop.Rewatch(watch_, full);
}

void Connection::OnReady() {
  if (!outbox_.empty()) Flush();
  for (int i = 0; i < kPacketsAtOnce && !ended_; ++i) {
    if (!ReadOne()) break;
  }
  if (ended_) Close();
}

bool Connection::ReadOne() {
  auto packet = channel_.Receive();
  if (!packet) {
    if (packet.error().code() != EAGAIN && packet.error().code() != EWOULDBLOCK) Misbehave(packet.error().text());
    return false;
  }
  if (!packet->has_value()) {
    ended_ = true;
    return false;
  }
  last_heard_ = sys::MonotonicClock();
  const auto message = ipc::ParseFromChild((*packet)->bytes);
  if (!message) {
    Misbehave(message.error().text());
    return false;
  }
  Take(*message);
  return !ended_;
}

void Connection::Take(const ipc::FromChild& message) {
  if (const auto* connected = std::get_if<ipc::Connected>(&message)) {
    if (std::exchange(connected_, true)) return Misbehave("it connected twice");
    owner_.OnConnected(*this, *connected);
  } else if (const auto* failed = std::get_if<ipc::ConnectionFailed>(&message)) {
    failure_ = *failed;
    finishing_ = true;  // nothing more is given to it; its channel's end follows
    ended_ = true;
  } else if (const auto* begun = std::get_if<ipc::Begun>(&message)) {
    const auto unit = FindUnit(begun->id);
    if (!unit || std::exchange(unit->begun, true)) Misbehave("it began a message that it was not given, or twice");
  } else {
    TakeVerdicts(std::get<ipc::Verdicts>(message));
  }
}

UnitPointer Connection::FindUnit(const mail::QueueId& id) const {
  const auto it = std::ranges::find_if(
      units_, [&](const UnitPointer& unit) { return unit->sent && unit->message->facts.id == id; });
  return it == units_.end() ? nullptr : *it;
}

void Connection::TakeVerdicts(const ipc::Verdicts& verdicts) {
  const UnitPointer unit = FindUnit(verdicts.id);
  if (!unit || verdicts.recipients.empty())
    return Misbehave("a verdict on a message that it was not given, or on nobody");
  std::vector<size_t> indices;
  for (const uint32_t number : verdicts.recipients) {
    const auto it = std::ranges::find_if(unit->recipients, [&](const auto& one) { return one.number == number; });
    const auto index = static_cast<size_t>(it - unit->recipients.begin());
    if (it == unit->recipients.end() || unit->answered[index] || std::ranges::count(indices, index) > 0) {
      return Misbehave("a verdict on a recipient that it was not given, or a second one");
    }
    indices.push_back(index);
  }
  if (verdicts.last) std::erase(units_, unit);
  owner_.OnVerdict(*this, *unit, indices, verdicts);
  if (!verdicts.last) return;
  delivered_ = true;
  is_fast_ = last_heard_ - std::exchange(turn_since_, last_heard_) < kFast;
  owner_.OnUnitDone(*this, *unit);
}

void Connection::Misbehave(std::string_view what) {
  context_.log.Warning(Cat("connection ", number_, " of outpost-smtp is given up: ", what));
  ended_ = true;
}

void Connection::Drop() {
  while (!ended_ && ReadOne()) {
  }
  Close();
}

void Connection::Close() {
  if (std::exchange(closed_, true)) return;
  context_.loop.Unwatch(std::exchange(watch_, 0));
  channel_.Close();
  outbox_.clear();
  owner_.OnClosed(*this, std::exchange(units_, {}), failure_);
}

}  // namespace outpost::queue_runner
