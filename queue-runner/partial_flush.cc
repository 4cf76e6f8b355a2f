#include "queue-runner/partial_flush.h"

#include <sysexits.h>

#include "lib/mail/address.h"
#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "queue-runner/resolve.h"

namespace outpost::queue_runner {

using sys::Cat;

PartialFlush::PartialFlush(Context& context, Dispatch& dispatch, ipc::Request request)
    : context_(context), dispatch_(dispatch), request_(std::move(request)) {}

std::optional<ipc::Done> PartialFlush::Step() {
  if (committing_) return std::nullopt;
  if (!failure_.empty()) return ipc::Done{sys::Printable(failure_), EX_TEMPFAIL};
  if (!std::exchange(begun_, true)) {
    if (auto done = Begin()) return done;
  }
  if (next_) return Walk();
  if (found_) return ipc::Done{};
  return ipc::Done{Cat("nothing waits for ", sys::Printable(request_.domain), request_.id), EX_OK};
}

std::optional<ipc::Done> PartialFlush::Begin() {
  const auto id = mail::QueueId::Parse(request_.id);
  if (!id) {
    next_ = queue::WalkPlace{};
    return std::nullopt;
  }
  const auto known = context_.queue.Submitter(*id);
  if (!known) return ipc::Done{known.error().text(), EX_IOERR};
  if (!*known) return ipc::Done{Cat(request_.id, ": no such message"), EX_DATAERR};
  const auto message = context_.queue.Find(*id);
  if (!message) return ipc::Done{message.error().text(), EX_IOERR};
  if (!message.value()) return std::nullopt;  // it is finished
  last_ = **message;
  next_ = {last_, INT64_MIN};
  return std::nullopt;
}

std::optional<ipc::Done> PartialFlush::Walk() {
  auto step = context_.queue.WalkWaiting(*next_, last_);
  if (!step) return ipc::Done{step.error().text(), EX_IOERR};
  next_ = step->next;
  std::erase_if(step->recipients, [this](const auto& recipient) { return !IsMeant(recipient); });
  if (!step->recipients.empty()) MakeDue(std::move(step->recipients));
  return std::nullopt;
}

bool PartialFlush::IsMeant(const queue::QueuedRecipient& recipient) const {
  if (request_.domain.empty()) return true;
  const auto domain = mail::SplitAddress(recipient.recipient.address).domain;
  return domain && sys::EqualsIgnoringCase(*domain, request_.domain);
}

void PartialFlush::MakeDue(std::vector<queue::QueuedRecipient> recipients) {
  found_ = committing_ = true;
  for (auto& one : recipients) {
    const queue::Route today = ResolveAgain(one, context_.policy.routing);
    if (today == one.route) continue;
    dispatch_.ReadAgain(one.route);  // it may have been read there already, and would be chosen twice
    one.route = today;
  }
  const auto due = std::make_shared<const std::vector<queue::QueuedRecipient>>(std::move(recipients));
  Batch::Change change;
  // Where mail waits for a flush, all of it is due, and what is meant is told from the rest by an older time than any.
  const Microseconds time = context_.policy.waits_for_flush ? Microseconds::zero() : sys::WallClock();
  change.apply = [&queue = context_.queue, due, time,
                  generation = context_.policy.generation]() -> sys::Result<void> {
    for (const auto& one : *due) {
      if (auto made = queue.MakeDue(one.key, one.route, generation, time); !made) return made;
    }
    return {};
  };
  change.committed = [self = shared_from_this(), due] {
    self->committing_ = false;
    for (const auto& one : *due) self->Try(one.route);
  };
  change.failed = [self = shared_from_this()](const sys::Error& error) {
    self->committing_ = false;
    self->failure_ = Cat("cannot change the queue: ", error.text());
  };
  context_.batch.Add(std::move(change));
}

void PartialFlush::Try(const queue::Route& route) {
  if (tried_.emplace(route.transport, route.next_hop).second) {
    dispatch_.TryNow(route);
  } else {
    dispatch_.NoteDue(route);
  }
}

}  // namespace outpost::queue_runner
