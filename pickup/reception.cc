#include "pickup/reception.h"

#include <algorithm>
#include <malloc.h>
#include <sysexits.h>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "pickup/cleanup/cleanup.h"
#include "pickup/record_digest.h"
#include "pickup/record_framer.h"

namespace outpost::pickup {

using sys::Cat;
using sys::Error;
using sys::LogLevel;
using sys::Result;

namespace {

// Of a record its addresses are held in memory, until the runner has stored them; they are no more than it is itself. So
// many bytes of records are at work at once, or one that is larger. The smallest do not wait for the others.
constexpr uint64_t kMaxBytesAtWork = 64 * 1024 * 1024;
constexpr uint64_t kSmallRecord = 64 * 1024;
constexpr uint64_t kTrimmedRecord = 1024 * 1024;

// A record that is not one has no errno; what the system refused has, and may work another time.
Fate FateOf(const Error& error) {
  return error.code() != 0 ? Fate::Later(error.text()) : Fate::Refused(EX_DATAERR, error.text());
}

}  // namespace

struct Reception::Job {
  StoredRecord record;
  Arrival arrival;
  std::function<void(const Fate&)> on_fate;
  // From Begin() on:
  spool::RecordHead head;
  uint64_t offset = 0;
  std::optional<RecordDigest> digest;
  std::unique_ptr<Cleanup> cleanup;  // refers to `head`: a Job does not move

  Job(StoredRecord taken, const Arrival& from, std::function<void(const Fate&)> tell)
      : record(std::move(taken)), arrival(from), on_fate(std::move(tell)) {}
};

Reception::Reception(const confine::Confined& /*confined*/, const conf::PickupSettings& settings,
                     const sys::Log& log, sys::FdView directory, WorkQueue& work, QueueLink& link)
    : settings_(settings), log_(log), directory_(directory), work_(work), link_(link) {}

Reception::~Reception() = default;

bool Reception::HasRoomFor(uint64_t record_bytes) const {
  constexpr uint64_t kCopies = 3;
  constexpr uint64_t kMost = uint64_t{1} << 50;  // of what a stranger says, so that the sum stays a number
  return record_bytes < kMost && sys::HasRoom(directory_, settings_.queue_minfree + kCopies * record_bytes);
}

void Reception::Take(StoredRecord record, const Arrival& arrival, std::function<void(const Fate&)> on_fate) {
  auto job = std::make_shared<Job>(std::move(record), arrival, std::move(on_fate));
  if (job->record.size() <= kSmallRecord) return Start(job);
  line_.push_back(std::move(job));
  StartNext();
}

void Reception::StartNext() {
  while (!line_.empty()) {
    const uint64_t size = line_.front()->record.size();
    if (bytes_at_work_ > 0 && bytes_at_work_ + size > kMaxBytesAtWork) return;
    const JobPointer job = std::move(line_.front());
    line_.pop_front();
    bytes_at_work_ += size;
    job->on_fate = [this, size, tell = std::move(job->on_fate)](const Fate& fate) {
      bytes_at_work_ -= size;
      tell(fate);
      StartNext();
      if (size > kTrimmedRecord && bytes_at_work_ == 0) malloc_trim(0);  // its addresses' place
    };
    Start(job);
  }
}

void Reception::Start(const JobPointer& job) {
  if (auto begun = Begin(*job); !begun) return job->on_fate(FateOf(begun.error()));
  work_.Add([this, job] { return Step(*job); });
}

// Finds the head, reads it and prepares cleanup.
Result<void> Reception::Begin(Job& job) {
  constexpr size_t kBlock = 64 * 1024;
  RecordFramer framer;
  std::string head;
  while (framer.state() == RecordFramer::State::kHead) {
    block_.resize(kBlock);
    const auto count = job.record.ReadAt(block_, head.size());
    if (!count) return count.error();
    if (*count == 0) return Error("record: its head has no end");
    const auto bytes = std::string_view(block_).substr(0, *count);
    head += bytes;
    // The framer counts no further than the end of the head here: of the message it gets this block alone.
    if (framer.Feed(bytes) == RecordFramer::State::kBroken) return Error(Cat("record: ", framer.why()));
  }
  head.resize(framer.head_bytes());
  auto parsed = spool::ParseHead(head);
  if (!parsed) return parsed.error();
  job.head = std::move(*parsed);
  if (job.head.size_bytes != job.record.size() - head.size()) return Error("record: its size is not what it says");
  if (job.arrival.maildrop_file && *job.arrival.maildrop_file != job.head.id) {
    return Error("record: its id is not its file's name");
  }
  // Nobody submits from the future.
  job.head.arrival = std::min(job.head.arrival, sys::WallClock());
  auto output = sys::Scratch::Make(directory_);
  if (!output) return output.error();
  job.offset = head.size();
  job.digest.emplace(job.head);
  job.cleanup = std::make_unique<Cleanup>(settings_, job.head, job.arrival.uid, std::move(*output));
  return {};
}

bool Reception::Step(Job& job) {
  constexpr size_t kBlock = 256 * 1024;
  for (size_t done = 0; done < kSliceBytes;) {
    const uint64_t left = job.record.size() - job.offset;
    if (left == 0) {
      Finish(job);
      return true;
    }
    block_.resize(static_cast<size_t>(std::min<uint64_t>(left, kBlock)));
    const auto count = job.record.ReadAt(block_, job.offset);
    const bool short_read = count && *count != block_.size();
    if (!count || short_read) {
      job.on_fate(Fate::Later(count ? "a record lost its end while it was read" : count.error().text()));
      return true;
    }
    job.digest->Feed(block_);
    if (auto fed = job.cleanup->Feed(block_); !fed) {
      job.on_fate(Fate::Later(fed.error().text()));
      return true;
    }
    job.offset += block_.size();
    done += block_.size();
  }
  return false;
}

void Reception::Finish(Job& job) {
  auto message = std::move(*job.cleanup).Finish();
  if (!message) return job.on_fate(Fate::Later(message.error().text()));
  const std::string& id = job.head.id.text();
  const bool returnable = job.arrival.maildrop_file && !message->envelope.recipients.empty();
  if (message->refusal && !returnable) {
    log_.WriteAs("cleanup", LogLevel::kInfo, Cat(id, ": refused: ", message->refusal->text));
    return job.on_fate(Fate::Refused(message->refusal->exit_code, message->refusal->text));
  }
  const std::string message_id = message->message_id;
  const bool sender_malformed = message->sender_malformed;
  HandOver(job, std::move(*message));
  // While the runner is at it.
  log_.Info(Cat(id, ": uid=", job.arrival.uid, " from=<", job.head.sender, ">"));
  if (sender_malformed) {
    log_.Warning(Cat(id, ": sender is no address, <> takes its place: ", job.head.sender));
  }
  log_.WriteAs("cleanup", LogLevel::kInfo, Cat(id, ": message-id=", message_id));
}

void Reception::HandOver(Job& job, CleanedMessage message) {
  ipc::Submission submission;
  submission.handle = next_handle_++;
  submission.id = job.head.id;
  submission.uid = job.arrival.uid;
  submission.token = job.head.token;
  submission.record_bytes = job.head.size_bytes;
  submission.digest = job.digest->Hexadecimal();
  submission.arrival_us = job.head.arrival.count();
  submission.content_bytes = message.content.size();
  submission.header_bytes = message.header_bytes;
  submission.message_id = std::move(message.message_id);
  submission.envelope = std::move(message.envelope);
  if (message.refusal) {
    submission.refused = true;
    submission.refusal = {message.refusal->status, message.refusal->text};
  }
  waiting_.emplace(submission.handle, std::move(job.on_fate));
  link_.Submit(std::move(submission), std::move(message.content));
}

void Reception::OnAccepted(const ipc::Accepted& accepted) {
  auto node = waiting_.extract(accepted.handle);
  if (node.empty()) return log_.Warning("queue runner: accepted a message that it was not given");
  node.mapped()(Fate::Queued(accepted.id));
}

void Reception::OnRefused(const ipc::Refused& refused) {
  auto node = waiting_.extract(refused.handle);
  if (node.empty()) return log_.Warning("queue runner: refused a message that it was not given");
  node.mapped()(refused.temporary ? Fate::Later(refused.text) : Fate::Refused(EX_UNAVAILABLE, refused.text));
}

}  // namespace outpost::pickup
