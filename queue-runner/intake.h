// Finished messages from pickup -> batches -> commits -> answers.
//
// Small messages: at most kBatchMessages and kBatchBytes a round, in the round's one commit; a lone message is
// committed at the end of the round in which it came. Larger ones one after another, a chunk a round, each visible
// only by its last commit. A submission that was accepted before is answered with its first id, and refused for now
// while that one is still being stored; an id that something else has taken is replaced. Nothing is answered "accepted"
// before the commit, and what could not be committed is refused for now: the caller, or the maildrop, still has it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "lib/ipc/intake.h"
#include "queue-runner/context.h"
#include "queue-runner/destination.h"
#include "queue-runner/user_limits.h"

namespace outpost::queue_runner {

class Intake {
 public:
  static constexpr size_t kBatchMessages = 64;
  static constexpr uint64_t kBatchBytes = 4 * 1024 * 1024;
  static constexpr size_t kMaxWaiting = 128;  // messages taken from pickup and not yet committed
  // What is handed on as it came, without being counted or read from the queue.
  static constexpr size_t kFreshRecipients = 50;
  static constexpr uint64_t kFreshBytes = 64 * 1024;

  // How an answer reaches pickup, and how dispatch learns of a message that is not handed on by TakeFresh.
  struct Listener {
    std::function<void(const ipc::ToPickup&)> answer;
    std::function<void(const queue::Route&)> due_now;
  };
  Intake(Context& context, UserLimits& limits, Listener listener)
      : context_(context), limits_(limits), listener_(std::move(listener)) {}

  // Whether to take more from pickup before what it has said is committed.
  bool has_place() const { return small_.size() + large_.size() < kMaxWaiting; }
  // One packet of pickup's. An Error is nonsense: that pickup is to be given up.
  sys::Result<void> Take(ipc::Submission submission, sys::UniqueFd content);
  sys::Result<void> Take(ipc::MoreRecipients more);

  // This round's part, into the batch.
  void Contribute();
  // What the applied batch has stored: to be handed on in the same commit. Empty again after each call. After a
  // batch that failed it means nothing.
  std::vector<FreshMessage> TakeFresh();
  // Pickup is gone: its numbers mean nothing any more, and nobody waits for the answers.
  void ForgetPickup();

  bool empty() const { return small_.empty() && large_.empty() && !assembly_; }

 private:
  struct Arrival {
    ipc::Submission submission;
    std::shared_ptr<const sys::ReadOnlyFd> content;
    uint64_t pickup = 0;  // which run of it asked
    // What applying it has decided.
    mail::QueueId id;
    std::vector<queue::Route> routes;
    std::optional<queue::KnownSubmission> known;
    std::optional<std::string> surplus;  // judged once; why it is held, "" when it is not
    // Of a large one.
    bool has_begun = false;  // its invisible message is committed
    queue::Stored stored;
    uint64_t copied = 0;
  };
  using ArrivalPointer = std::shared_ptr<Arrival>;

  sys::Result<void> Complete();
  bool HasRoomFor(uint64_t content_bytes) const;
  void ContributeSmall(const ArrivalPointer& arrival);
  void ContributeSlice(const ArrivalPointer& arrival);
  void ContributeDiscarded();
  sys::Result<void> ChooseId(Arrival& arrival);
  sys::Result<void> StoreSmall(const ArrivalPointer& arrival);
  sys::Result<void> StoreSlice(Arrival& arrival);
  static bool IsFresh(const Arrival& arrival);
  void OnSlice(const ArrivalPointer& arrival);
  void OnSliceFailed(const ArrivalPointer& arrival, const sys::Error& error);
  void Accept(const Arrival& arrival);
  void Refuse(const Arrival& arrival, bool temporary, std::string_view text);
  FreshMessage MakeFresh(const Arrival& arrival, const queue::Stored& stored) const;

  Context& context_;
  UserLimits& limits_;
  Listener listener_;
  uint64_t pickup_ = 1;
  std::optional<Arrival> assembly_;  // more recipients follow
  std::deque<ArrivalPointer> small_;
  std::deque<ArrivalPointer> large_;
  bool slice_under_way_ = false;
  std::vector<queue::MessageKey> discarded_;  // large ones that were begun and will not be completed
  std::vector<FreshMessage> fresh_;
};

}  // namespace outpost::queue_runner
