#include "queue-runner/backlog.h"

#include <algorithm>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using queue::Lane;

constexpr size_t kPage = 128;   // recipients read from the queue at once, about
constexpr size_t kNewest = 64;  // messages
constexpr uint64_t kContentInMemory = 16 * 1024 * 1024;
constexpr uint64_t kBulkInMemory = kContentInMemory / 4 * 3;

}  // namespace

Backlog::~Backlog() { pool_.recipients_at_hand -= accounted_; }

void Backlog::NoteDue() {
  for (Page& page : pages_) page.may_have_due = true;
}

void Backlog::NoteNewest(std::vector<queue::QueuedRecipient> recipients) {
  newest_.emplace_back(std::make_move_iterator(recipients.begin()), std::make_move_iterator(recipients.end()));
  if (newest_.size() > kNewest) {
    newest_.pop_front();
    Of(Lane::kLight).may_have_due = true;
  }
  Account();
}

void Backlog::Reset() {
  for (Page& page : pages_) page.ready.clear();
  newest_.clear();
  NoteDue();
  Account();
}

void Backlog::EndRound() {
  for (Page& page : pages_) page.has_unrecorded = false;
}

bool Backlog::HasWork(Lane lane) const {
  const Page& page = Of(lane);
  return page.may_have_due || !page.ready.empty() || (lane == Lane::kLight && !newest_.empty());
}

size_t Backlog::Look(Lane lane) {
  Page& page = Of(lane);
  if (page.ready.empty() && page.may_have_due) ReadQueue(lane);
  size_t newest = 0;
  if (lane == Lane::kLight) {
    for (const auto& recipients : newest_) newest += recipients.size();
  }
  return page.ready.size() + newest;
}

void Backlog::ReadQueue(Lane lane) {
  Page& page = Of(lane);
  if (page.has_unrecorded) return context_.ask_for_round();
  const size_t size = PageSize();
  page.has_unrecorded = true;
  auto due = context_.queue.Due(route_, lane, WaitsForFlush() ? pool_.flushed_at : sys::WallClock(), size);
  if (!due) return context_.log.Error(due.error().text());
  page.may_have_due = due->size() >= size;
  for (auto& recipient : *due) {
    if (!IsAmongNewest(recipient.message) && IsRoutedHere(recipient)) page.ready.push_back(std::move(recipient));
  }
  Account();
}

// Whole deliveries of a message with many recipients, within what may be in memory.
size_t Backlog::PageSize() const {
  const size_t limit = context_.policy.recipients_in_memory;
  const size_t left = limit - std::min(limit, pool_.recipients_at_hand);
  const size_t delivery = context_.policy.recipients_a_delivery;
  const size_t wanted = (kPage + delivery - 1) / delivery * delivery;
  return std::clamp(left, std::min(context_.policy.recipients_in_memory_at_least, wanted), wanted);
}

bool Backlog::IsAmongNewest(queue::MessageKey message) const {
  return std::ranges::any_of(newest_, [&](const auto& one) { return one.front().message == message; });
}

// Settings may have changed since its route was decided: then it is sent on its way.
bool Backlog::IsRoutedHere(const queue::QueuedRecipient& recipient) {
  const queue::Route route = ResolveAgain(recipient, context_.policy.routing);
  if (route == route_) return true;
  // The destination may be forgotten before the commit; what is captured outlives it.
  context_.batch.Add({[&context = context_, key = recipient.key, route] {
                        return context.queue.SetRoute(key, route, context.policy.generation);
                      },
                      [&verdicts = verdicts_, route] { verdicts.NoteDue(route); }, [](const sys::Error&) {}});
  return false;
}

UnitPointer Backlog::Next(Lane lane) {
  const uint64_t limit = lane == Lane::kBulk ? kBulkInMemory : kContentInMemory;
  if (pool_.content_in_memory > limit || context_.active.size() >= context_.policy.active_messages) return nullptr;
  while (Look(lane) > 0) {
    UnitPointer unit = MakeNext(lane);
    if (unit->recipients.empty()) continue;
    const auto loaded = LoadContent(unit->message);
    if (loaded) return unit;
    if (loaded.error().code() == EBADMSG) continue;  // set aside by the queue, which tells of it
    context_.log.Error(sys::Cat(unit->message->facts.id.text(), ": ", loaded.error().text()));
    const Microseconds later = sys::WallClock() + context_.policy.schedule.minimal_backoff_time;
    for (const auto& one : unit->recipients) {
      verdicts_.Defer(unit->message, one, "4.3.0", "cannot read the content", later);
    }
    context_.ask_for_round();
  }
  return nullptr;
}

// From the end whose turn it is. What has been read from the queue is older than the newest.
UnitPointer Backlog::MakeNext(Lane lane) {
  Recipients& read = Of(lane).ready;
  UnitPointer unit;
  if (lane == Lane::kBulk || newest_.empty()) {
    unit = MakeUnit(read, lane);
  } else if (newest_was_last_ = !newest_was_last_; newest_was_last_) {
    unit = MakeUnit(newest_.back(), lane);
  } else {
    unit = MakeUnit(read.empty() ? newest_.front() : read, lane);
  }
  std::erase_if(newest_, [](const auto& recipients) { return recipients.empty(); });
  Account();
  return unit;
}

// Without recipients when none of the message's can be used.
UnitPointer Backlog::MakeUnit(Recipients& from, Lane lane) {
  const queue::MessageKey key = from.front().message;
  auto unit = std::make_shared<Unit>();
  unit->lane = lane;
  auto message = context_.active.FindOrRead(context_.queue, key);
  if (message) {
    unit->message = std::move(*message);
  } else {
    context_.log.Error(message.error().text());  // the runner looks for what is due again
  }
  // Where the commit of what became of it failed, the queue says "due" of what may be sent already.
  const bool usable = unit->message && !verdicts_.HasFailedToCommit(key);
  while (!from.empty() && from.front().message == key &&
         unit->recipients.size() < context_.policy.recipients_a_delivery) {
    if (usable) unit->recipients.push_back(std::move(from.front()));
    from.pop_front();
  }
  return unit;
}

void Backlog::PutBack(const Unit& unit) {
  Recipients& ready = Of(unit.lane).ready;
  ready.insert(ready.begin(), unit.recipients.begin(), unit.recipients.end());
  Account();
}

void Backlog::Account() {
  size_t now = 0;
  for (const Page& page : pages_) now += page.ready.size();
  for (const auto& recipients : newest_) now += recipients.size();
  pool_.recipients_at_hand += now - accounted_;
  accounted_ = now;
}

sys::Result<void> Backlog::LoadContent(const ActivePointer& message) {
  if (message->content) return {};
  auto content = context_.queue.Content(message->facts.key, context_.scratch_directory);
  if (!content) return content.error();
  const uint64_t bytes = content->size() <= sys::Scratch::kMemoryBytes ? content->size() : 0;
  pool_.content_in_memory += bytes;
  message->content = std::shared_ptr<const sys::ReadOnlyFd>(new sys::ReadOnlyFd(std::move(*content)),
                                                            [this_pool = &pool_, bytes](const sys::ReadOnlyFd* fd) {
                                                              this_pool->content_in_memory -= bytes;
                                                              delete fd;
                                                            });
  return {};
}

}  // namespace outpost::queue_runner
