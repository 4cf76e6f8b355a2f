#include "queue-runner/backlog.h"

#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

constexpr size_t kPage = 128;  // recipients read from the queue at once
constexpr uint64_t kContentInMemory = 16 * 1024 * 1024;

}  // namespace

void Backlog::Reset() {
  ready_.clear();
  may_have_due_ = true;
}

size_t Backlog::Look() {
  if (ready_.empty() && may_have_due_) ReadQueue();
  return ready_.size();
}

void Backlog::ReadQueue() {
  if (has_unrecorded_) return context_.ask_for_round();
  has_unrecorded_ = true;
  may_have_due_ = false;
  for (const queue::Lane lane : queue::kLanes) {
    auto due = context_.queue.Due(route_, lane, sys::WallClock(), kPage);
    if (!due) return context_.log.Error(due.error().text());
    may_have_due_ = may_have_due_ || due->size() >= kPage;
    for (auto& recipient : *due) {
      if (IsRoutedHere(recipient)) ready_.push_back(std::move(recipient));
    }
  }
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

UnitPointer Backlog::Next() {
  if (pool_.content_in_memory > kContentInMemory) return nullptr;
  while (Look() > 0) {
    UnitPointer unit = MakeUnit();
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

// Without recipients when none of the message's can be used.
UnitPointer Backlog::MakeUnit() {
  const queue::MessageKey key = ready_.front().message;
  auto unit = std::make_shared<Unit>();
  unit->message = context_.active.FindOrRead(context_.queue, key);
  // Where the commit of what became of it failed, the queue says "due" of what may be sent already.
  const bool usable = unit->message && !verdicts_.HasFailedToCommit(key);
  while (!ready_.empty() && ready_.front().message == key &&
         unit->recipients.size() < context_.policy.recipients_a_delivery) {
    if (usable) unit->recipients.push_back(std::move(ready_.front()));
    ready_.pop_front();
  }
  return unit;
}

void Backlog::PutBack(const Unit& unit) {
  ready_.insert(ready_.begin(), unit.recipients.begin(), unit.recipients.end());
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
