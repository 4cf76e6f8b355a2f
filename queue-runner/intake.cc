#include "queue-runner/intake.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

struct RouteOrder {
  bool operator()(const queue::Route& a, const queue::Route& b) const {
    return std::tie(a.transport, a.next_hop) < std::tie(b.transport, b.next_hop);
  }
};

queue::NewMessage NewMessageOf(const ipc::Submission& submission, const mail::QueueId& id,
                               const std::string& surplus) {
  queue::NewMessage message;
  message.id = id;
  message.envelope = submission.envelope;
  message.origin = queue::Origin::kSubmission;
  message.uid = submission.uid;
  message.arrival = Microseconds(submission.arrival_us);
  message.header_bytes = submission.header_bytes;
  message.message_id = submission.message_id;
  message.token = submission.token;
  message.record_bytes = submission.record_bytes;
  message.digest = submission.digest;
  message.surplus = surplus;
  return message;
}

uint64_t RandomNumber() {
  uint64_t number = 0;
  sys::FillRandom(std::span(reinterpret_cast<unsigned char*>(&number), sizeof number));
  return number;
}

}  // namespace

// --- from pickup

sys::Result<void> Intake::Take(ipc::Submission submission, sys::UniqueFd content) {
  if (assembly_) return sys::Error("a submission amid another's recipients");
  const uint64_t size = submission.content_bytes;
  auto checked = sys::ReadOnlyFd::Check(std::move(content), size);
  if (!checked) return checked.error();
  Arrival arrival;
  arrival.submission = std::move(submission);
  arrival.content = std::make_shared<const sys::ReadOnlyFd>(std::move(*checked));
  arrival.pickup = pickup_;
  const bool more = arrival.submission.more;
  assembly_ = std::move(arrival);
  return more ? sys::Result<void>() : Complete();
}

sys::Result<void> Intake::Take(ipc::MoreRecipients more) {
  if (!assembly_ || assembly_->submission.handle != more.handle) return sys::Error("recipients of no submission");
  auto& recipients = assembly_->submission.envelope.recipients;
  if (recipients.size() + more.recipients.size() > mail::kMaxRecipients) return sys::Error("too many recipients");
  recipients.insert(recipients.end(), std::make_move_iterator(more.recipients.begin()),
                    std::make_move_iterator(more.recipients.end()));
  return more.more ? sys::Result<void>() : Complete();
}

sys::Result<void> Intake::Complete() {
  auto arrival = std::make_shared<Arrival>(std::move(*assembly_));
  assembly_.reset();
  if (arrival->submission.envelope.recipients.empty()) {
    Refuse(*arrival, false, "no recipients");
  } else if (!HasRoomFor(arrival->content->size())) {
    Refuse(*arrival, true, "insufficient free space in the queue file system");
  } else if (arrival->content->size() <= queue::kContentChunk) {
    small_.push_back(std::move(arrival));
  } else {
    large_.push_back(std::move(arrival));
  }
  return {};
}

// Something stays free in any case: what has left must be recorded, or it leaves a second time.
bool Intake::HasRoomFor(uint64_t content_bytes) const {
  constexpr uint64_t kReserve = 4 * 1024 * 1024;
  return sys::HasRoom(context_.scratch_directory,
                      std::max(context_.policy.minimum_free_bytes, kReserve) + content_bytes);
}

void Intake::ForgetPickup() {
  ++pickup_;
  assembly_.reset();
}

// --- into the batch

void Intake::Contribute() {
  fresh_.clear();  // a batch that failed at its commit has left what means nothing now
  ContributeDiscarded();
  uint64_t bytes = 0;
  for (size_t i = 0; i < kBatchMessages && !small_.empty(); ++i) {
    bytes += small_.front()->content->size();
    if (i > 0 && bytes > kBatchBytes) break;
    ContributeSmall(small_.front());
    small_.pop_front();
  }
  if (!small_.empty()) context_.ask_for_round();
  if (!large_.empty() && !std::exchange(slice_under_way_, true)) ContributeSlice(large_.front());
}

// What another failure leaves is swept at the next start.
void Intake::ContributeDiscarded() {
  if (context_.batch.in_trouble()) return;
  for (const queue::MessageKey key : std::exchange(discarded_, {})) {
    context_.batch.Add({[this, key] { return context_.queue.Discard(key); }, [] {},
                        [this, key](const sys::Error& error) {
                          if (error.code() == ENOSPC || error.code() == EIO) discarded_.push_back(key);
                        }});
  }
}

void Intake::ContributeSmall(const ArrivalPointer& arrival) {
  context_.batch.Add({[this, arrival] { return StoreSmall(arrival); }, [this, arrival] { Accept(*arrival); },
                      [this, arrival](const sys::Error& error) { Refuse(*arrival, true, error.text()); }});
}

void Intake::ContributeSlice(const ArrivalPointer& arrival) {
  context_.batch.Add({[this, arrival] { return StoreSlice(*arrival); }, [this, arrival] { OnSlice(arrival); },
                      [this, arrival](const sys::Error& error) { OnSliceFailed(arrival, error); }});
}

// Known already, or new under the id that it asks for, or under another one when that is taken.
sys::Result<void> Intake::ChooseId(Arrival& arrival) {
  const ipc::Submission& submission = arrival.submission;
  auto known = context_.queue.FindKnown(
      {submission.id, submission.uid, submission.token, submission.record_bytes, submission.digest});
  if (!known) return known.error();
  arrival.known = *known;
  if (arrival.known) return {};
  arrival.id = submission.id;
  auto taken = context_.queue.IsIdTaken(arrival.id);
  if (!taken) return taken.error();
  if (*taken) arrival.id = mail::QueueId::Make(sys::WallClock(), RandomNumber());
  if (!arrival.surplus) {
    auto judged = limits_.Judge(submission.uid);
    if (!judged) return judged.error();
    arrival.surplus = std::move(*judged);
  }
  arrival.routes.clear();
  const queue::Route refusal{std::string(kRefusedTransport),
                             Cat(submission.refusal.status.ToString(), " ", submission.refusal.why)};
  for (const auto& recipient : submission.envelope.recipients) {
    arrival.routes.push_back(submission.refused ? refusal : Resolve(recipient.address, context_.policy.routing));
  }
  return {};
}

sys::Result<void> Intake::StoreSmall(const ArrivalPointer& arrival) {
  if (auto chosen = ChooseId(*arrival); !chosen || arrival->known) return chosen;
  auto stored = context_.queue.Insert(NewMessageOf(arrival->submission, arrival->id, *arrival->surplus),
                                      *arrival->content, arrival->routes, context_.policy.generation);
  if (!stored) return stored.error();
  if (IsFresh(*arrival)) fresh_.push_back(MakeFresh(*arrival, *stored));
  return {};
}

bool Intake::IsFresh(const Arrival& arrival) {
  return arrival.surplus->empty() && arrival.submission.envelope.recipients.size() <= kFreshRecipients &&
         arrival.content->size() <= kFreshBytes;
}

sys::Result<void> Intake::StoreSlice(Arrival& arrival) {
  const uint64_t size = arrival.content->size();
  if (!arrival.has_begun) {
    if (auto chosen = ChooseId(arrival); !chosen || arrival.known) return chosen;
    auto stored = context_.queue.InsertInvisible(NewMessageOf(arrival.submission, arrival.id, *arrival.surplus),
                                                 size, arrival.routes, context_.policy.generation);
    if (!stored) return stored.error();
    arrival.stored = *stored;
    arrival.copied = 0;
    return {};
  }
  std::string chunk(static_cast<size_t>(std::min<uint64_t>(queue::kContentChunk, size - arrival.copied)), '\0');
  auto read = sys::ReadAt(arrival.content->view(), chunk, arrival.copied);
  if (!read) return read.error();
  if (*read != chunk.size()) return sys::Error("the content ends too early");
  if (auto appended = context_.queue.AppendContent(arrival.stored.key, chunk); !appended) return appended;
  if (arrival.copied + chunk.size() < size) return {};
  return context_.queue.Publish(arrival.stored.key, sys::WallClock());
}

void Intake::OnSlice(const ArrivalPointer& arrival) {
  slice_under_way_ = false;
  context_.ask_for_round();
  if (!arrival->known) {
    if (!std::exchange(arrival->has_begun, true)) return;
    arrival->copied += queue::kContentChunk;
    if (arrival->copied < arrival->content->size()) return;
  }
  large_.pop_front();
  Accept(*arrival);
}

void Intake::OnSliceFailed(const ArrivalPointer& arrival, const sys::Error& error) {
  slice_under_way_ = false;
  large_.pop_front();
  Refuse(*arrival, true, error.text());
  context_.ask_for_round();
  if (arrival->has_begun) discarded_.push_back(arrival->stored.key);
}

// --- answers

std::vector<FreshMessage> Intake::TakeFresh() { return std::exchange(fresh_, {}); }

FreshMessage Intake::MakeFresh(const Arrival& arrival, const queue::Stored& stored) const {
  const ipc::Submission& submission = arrival.submission;
  FreshMessage fresh;
  fresh.facts.key = stored.key;
  fresh.facts.id = arrival.id;
  fresh.facts.envelope = submission.envelope;
  fresh.facts.envelope.recipients.clear();
  fresh.facts.uid = submission.uid;
  fresh.facts.arrival = Microseconds(submission.arrival_us);
  fresh.facts.waiting_since = context_.queue.waiting_clock();
  fresh.facts.content_bytes = arrival.content->size();
  fresh.facts.header_bytes = submission.header_bytes;
  fresh.content = arrival.content;
  const auto& recipients = submission.envelope.recipients;
  for (size_t i = 0; i < recipients.size(); ++i) {
    queue::QueuedRecipient recipient;
    recipient.key = stored.first_recipient + static_cast<queue::RecipientKey>(i);
    recipient.message = stored.key;
    recipient.number = static_cast<uint32_t>(i);
    recipient.recipient = recipients[i];
    recipient.route = arrival.routes[i];
    fresh.recipients.push_back(std::move(recipient));
  }
  return fresh;
}

void Intake::Accept(const Arrival& arrival) {
  const std::string& asked = arrival.submission.id.text();
  if (arrival.known && !arrival.known->is_whole) return Refuse(arrival, true, "it is still being stored");
  const mail::QueueId& id = arrival.known ? arrival.known->id : arrival.id;
  if (arrival.known) {
    context_.log.Info(
        Cat(asked, ": submitted again by uid ", arrival.submission.uid, ", already accepted as ", id.text()));
  } else if (id != arrival.submission.id) {
    context_.log.Warning(Cat(asked, ": this id is another message's; accepted as ", id.text()));
  }
  if (!arrival.known && !arrival.surplus->empty()) {
    limits_.NoteHeld(arrival.submission.uid, *arrival.surplus);
  } else if (!arrival.known && !IsFresh(arrival)) {
    const std::set<queue::Route, RouteOrder> routes(arrival.routes.begin(), arrival.routes.end());
    for (const auto& route : routes) listener_.due_now(route);
  }
  if (arrival.pickup == pickup_) listener_.answer(ipc::Accepted{arrival.submission.handle, id});
}

void Intake::Refuse(const Arrival& arrival, bool temporary, std::string_view text) {
  if (arrival.pickup != pickup_) return;
  listener_.answer(ipc::Refused{arrival.submission.handle, temporary, sys::Printable(text, 500)});
}

}  // namespace outpost::queue_runner
