// The way of a whole record, from the socket or the maildrop alike: its head is read, its message goes through
// cleanup into content, the runner gets both, and whoever brought the record is told what became of it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "conf/settings.h"
#include "lib/confine/confine.h"
#include "lib/ipc/intake.h"
#include "lib/mail/queue_id.h"
#include "lib/sys/log.h"
#include "pickup/queue_link.h"
#include "pickup/stored_record.h"
#include "pickup/work_queue.h"

namespace outpost::pickup {

// What became of a record.
struct Fate {
  enum class Kind {
    kQueued,   // on stable storage, as `id`
    kLater,    // not now: trying again may help
    kRefused,  // never
  };
  Kind kind = Kind::kLater;
  mail::QueueId id;
  int exit_code = 0;  // kRefused: sysexits.h
  std::string text;   // for kLater and kRefused

  static Fate Queued(mail::QueueId id) { return {Kind::kQueued, std::move(id), 0, {}}; }
  static Fate Later(std::string text) { return {Kind::kLater, {}, 0, std::move(text)}; }
  static Fate Refused(int exit_code, std::string text) { return {Kind::kRefused, {}, exit_code, std::move(text)}; }
};

struct Arrival {
  uint32_t uid = 0;  // who submitted, by the kernel's word
  // From the maildrop: the file's name, which has to be the record's id. Nobody waits there for an answer, so what
  // cleanup refuses is handed to the runner all the same, to be returned to the sender.
  std::optional<mail::QueueId> maildrop_file;
};

struct CleanedMessage;

constexpr std::string_view kNoRoom = "insufficient free space in the queue file system";

class Reception {
 public:
  // All must outlive this; `directory` is for temporary files. Nothing that a stranger wrote is looked at by an
  // unconfined process: hence `confined`.
  Reception(const confine::Confined& confined, const conf::PickupSettings& settings, const sys::Log& log,
            sys::FdView directory, WorkQueue& work, QueueLink& link);
  Reception(const Reception&) = delete;
  Reception& operator=(const Reception&) = delete;
  ~Reception();

  // Whether there is disk for a record of this size: itself, its content and the queue's copy, beside queue_minfree.
  // Asked before it is read, so that one large message keeps no small ones from being recorded.
  bool HasRoomFor(uint64_t record_bytes) const;

  // Takes a whole record; larger ones may have to wait for each other. `on_fate` is called exactly once, perhaps before
  // this returns; not when the runner goes away.
  void Take(StoredRecord record, const Arrival& arrival, std::function<void(const Fate&)> on_fate);

  // The runner's answers.
  void OnAccepted(const ipc::Accepted& accepted);
  void OnRefused(const ipc::Refused& refused);

  // Records that the runner has not answered for.
  size_t waiting() const { return waiting_.size(); }

 private:
  struct Job;
  using JobPointer = std::shared_ptr<Job>;
  // Begins those of the line that there is memory for.
  void StartNext();
  void Start(const JobPointer& job);
  // One slice of a job; true when the job is over: handed to the runner, or at its fate.
  bool Step(Job& job);
  sys::Result<void> Begin(Job& job);
  void Finish(Job& job);
  void HandOver(Job& job, CleanedMessage message);

  const conf::PickupSettings& settings_;
  const sys::Log& log_;
  sys::FdView directory_;
  WorkQueue& work_;
  QueueLink& link_;
  std::string block_;            // for reading records; one serves all jobs
  std::deque<JobPointer> line_;  // larger records that have not begun
  uint64_t bytes_at_work_ = 0;   // of larger ones that have, and are not at their fate
  uint64_t next_handle_ = 1;
  std::unordered_map<uint64_t, std::function<void(const Fate&)>> waiting_;
};

}  // namespace outpost::pickup
