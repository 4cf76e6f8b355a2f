// The queue: one SQLite database, and the only room that knows it. docs/queue.md has the states, what is on disk
// in each, who moves a recipient on and what recovery does.
//
// One owner: a Queue is opened under the runner's lock (QueueLock). Changes are made between Begin() and Commit();
// Commit returns when they are on stable storage (WAL, synchronous=FULL), and one Commit for many changes costs one
// sync. After an Error of a change, Rollback(): nothing of the batch is kept. Reads may come at any time and see
// the changes of an open batch. Times are wall clock, microseconds since the epoch.
//
// An Error carries what was attempted and SQLite's words; its code is ENOSPC, EIO, ENOMEM, EROFS where that is the
// cause (waiting and trying again may help), EUCLEAN for a damaged database, EBADMSG for one damaged message.
// Nothing read is trusted: a row that this program cannot have written is set aside, never acted on, and named by
// TakeDamaged().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/mail/envelope.h"
#include "lib/mail/queue_id.h"
#include "lib/mail/verdict.h"
#include "lib/spool/paths.h"
#include "lib/sys/clock.h"
#include "lib/sys/error.h"
#include "lib/sys/unique_fd.h"

namespace outpost::queue {

using sys::Microseconds;
using sys::Result;

constexpr size_t kContentChunk = 1024 * 1024;
constexpr size_t kMaxTrace = 2000;

// A message's number in this database; ids are for people and other programs.
using MessageKey = int64_t;
using RecipientKey = int64_t;

// Rows of finished recipients (sent, returned) stay until their message is finished; then the message, its content
// and its recipients are deleted and only events are left.
enum class RecipientState {
  kQueued,      // waits for next_attempt
  kDispatched,  // handed to a delivery program, no verdict yet
  kInDoubt,     // its content may have been taken, the reply is not known; waits for next_attempt
  kHeld,        // until an administrator releases it
  kSent,        // the relay's 2xx is recorded
  kReturned,    // the sender has been sent a notice, or wanted none
  kDead,        // undeliverable, and no sender to tell: kept until an administrator deletes it
};
std::string_view ToString(RecipientState state);

enum class Origin { kSubmission, kBounce };

struct NewMessage {
  mail::QueueId id;
  mail::Envelope envelope;
  Origin origin = Origin::kSubmission;
  uint32_t uid = 0;
  Microseconds arrival{};
  uint64_t header_bytes = 0;
  std::string message_id;  // of the header, for the history
  // Why it is held as surplus of its user until ReleaseSurplus(); "": it is not.
  std::string surplus;
  // What has been accepted and may come again; token is empty for a bounce.
  std::string token;
  uint64_t record_bytes = 0;
  std::string digest;
};

// What a submission that comes again must agree in.
struct IntakeKey {
  mail::QueueId id;
  uint32_t uid = 0;
  std::string token;
  uint64_t record_bytes = 0;
  std::string digest;
};

// A submission that has come before.
struct KnownSubmission {
  mail::QueueId id;      // its first one
  bool is_whole = true;  // false: larger content, still on its way in; it may yet be discarded
};

struct Route {
  std::string transport;  // "smtp"; "error" for what no transport can deliver
  std::string next_hop;   // as configured; for "error" the reason, "5.1.3 bad address syntax"
  friend bool operator==(const Route&, const Route&) = default;
};

// Mail with few recipients and little content does not wait for the other kind, which takes long to send.
enum class Lane { kLight, kBulk };
constexpr Lane kLanes[] = {Lane::kLight, Lane::kBulk};
constexpr uint64_t kLightRecipients = 50;
constexpr uint64_t kLightBytes = 256 * 1024;
constexpr Lane LaneOf(uint64_t recipients, uint64_t content_bytes) {
  return recipients <= kLightRecipients && content_bytes <= kLightBytes ? Lane::kLight : Lane::kBulk;
}

// One recipient to work on, with what the work needs of its message.
struct QueuedRecipient {
  RecipientKey key = 0;
  MessageKey message = 0;
  uint32_t number = 0;  // within the message, from 0
  mail::Recipient recipient;
  RecipientState state = RecipientState::kQueued;
  uint32_t attempts = 0;
  Microseconds next_attempt{};
  std::string last_status;  // "4.4.1", "" before the first attempt
  std::string last_text;
  Route route;  // as cached
};

// A place in a walk over what waits, in the order of its destinations: after this one.
struct DuePlace {
  int64_t generation = INT64_MIN;  // the configuration that decided the route
  Route route;
  int64_t bulk = 0;
  int64_t uid = INT64_MIN;
};
// A step of it.
struct DueStep {
  std::vector<Route> routes;                 // that have something due; one may come again
  std::optional<Microseconds> next_attempt;  // the earliest of those that are not yet due
  std::optional<Microseconds> last_attempt;  // the latest of them
  std::optional<DuePlace> next;              // of the next step; nothing: this was the last
};

// A place in a walk over old mail, in the order of its age: after this recipient.
struct OldPlace {
  Microseconds since = Microseconds::min();  // of the message, by the waiting clock
  MessageKey message = INT64_MIN;
  int64_t number = INT64_MIN;
};
// A step of it: recipients that wait.
struct OldStep {
  std::vector<QueuedRecipient> recipients;
  std::optional<OldPlace> next;  // nothing: this was the last
};

// A place in a walk over recipients, in the order of messages: after this one.
struct WalkPlace {
  MessageKey message = INT64_MIN;
  int64_t number = INT64_MIN;
};
// A step of it: those of its recipients that wait.
struct WaitingStep {
  std::vector<QueuedRecipient> recipients;
  std::optional<WalkPlace> next;  // of the next step; nothing: this was the last
};

// A message as it has just been stored. Its recipients' keys are consecutive, in the order of the envelope.
struct Stored {
  MessageKey key = 0;
  RecipientKey first_recipient = 0;
};

// Whether the sender was warned that a message is late; it is decided once.
enum class Warning { kNotYet = 0, kNotWanted = 1, kSent = 2 };

struct QueuedMessage {
  MessageKey key = 0;
  mail::QueueId id;
  mail::Envelope envelope;  // without recipients
  Origin origin = Origin::kSubmission;
  uint32_t uid = 0;
  Microseconds arrival{};        // by the wall clock
  Microseconds waiting_since{};  // by the waiting clock
  uint64_t content_bytes = 0;
  uint64_t header_bytes = 0;
  Warning warning = Warning::kNotYet;
};

// What one attempt or decision did to a recipient; becomes row and event.
struct Outcome {
  RecipientKey recipient = 0;
  RecipientState state = RecipientState::kQueued;  // the new one
  Microseconds next_attempt{};                     // for kQueued, kInDoubt
  bool attempted = true;                           // counts as an attempt
  std::string status;                              // "2.0.0"
  std::string text;                                // printable
  std::string relay;
};

struct Event {
  Microseconds first{};
  Microseconds last{};
  uint64_t count = 1;
  // "submitted", "sent", "deferred", "in doubt", "returned", "dead", "removed", ...; where an unfinished recipient
  // is now: "now queued", "now dispatched", ...
  std::string kind;
  std::string recipient;
  std::string status;  // "4.4.1"
  std::string text;
  std::string relay;
};

struct Listed {
  QueuedMessage message;
  std::vector<QueuedRecipient> recipients;  // unfinished ones, at most the limit asked for
  uint64_t unfinished = 0;
};

// One word for the message: "active" (a recipient is due or dispatched), "deferred", "in doubt", "hold", "dead"; the
// first of these that any of its unfinished recipients is in.
std::string_view Summarize(const Listed& listed, Microseconds now);

struct Counts {
  uint64_t messages = 0;
  uint64_t dead = 0;  // recipients in kDead
};

// A message that was found damaged. Its waiting recipients are in kDead now.
struct Damaged {
  MessageKey message = 0;
  std::string text;  // printable, with the id where it can be read
};

// What is remembered of a destination while no runner runs. The queue gives it no meaning but for the key.
struct Destination {
  std::string next_hop;  // with `account` the key
  std::string account;
  double window = 0;        // concurrency
  std::string circuit;      // in words of the runner's; "" for nothing of note
  Microseconds since{};     // of the circuit's state
  uint32_t depth = 0;       // of pipelining; 0: not known
  std::string certificate;  // the network on which its certificate was last good
  std::string last_error;
};

// What somebody is told of a recipient.
enum class ReportKind { kFailed, kDelayed, kRelayed, kFailedCopy, kDelayedCopy };
std::string_view ToString(ReportKind kind);

// What became of one recipient, kept until its reader is told of several in one notice. Texts may be anything printable.
struct Untold {
  int64_t key = 0;  // given by the queue; in the order of keeping
  std::string reader;
  ReportKind kind = ReportKind::kFailed;
  Microseconds since{};
  std::string id;  // of the message, which may be gone
  std::string sender;
  Microseconds arrival{};
  std::string envelope_id;
  mail::Recipient recipient;  // without NOTIFY
  std::string status;
  std::string text;
  std::string relay;
  bool expired = false;
};
struct UntoldSummary {
  std::string reader;
  ReportKind kind = ReportKind::kFailed;
  uint64_t count = 0;
  Microseconds oldest{};
};

// A place in a walk over messages in the order of their age: after this one.
struct AgePlace {
  Microseconds waiting_since = Microseconds::min();
  MessageKey message = INT64_MIN;
};

// Whoever holds it is the one that may open the queue: an OFD lock on runner.lock, close-on-exec.
class QueueLock {
 public:
  // Nothing when another process holds it. Makes the file.
  static Result<std::optional<QueueLock>> TryTake(const spool::SpoolPaths& paths);
  // The same, once it has been held by others for all of `patience`: a process that is being killed, or that reads a
  // stopped queue for a person, lets go of it soon.
  static Result<std::optional<QueueLock>> Take(const spool::SpoolPaths& paths, Microseconds patience);

 private:
  explicit QueueLock(sys::UniqueFd fd) : fd_(std::move(fd)) {}
  sys::UniqueFd fd_;
};

// What became of a damaged database (salvage.h).
struct Salvaged {
  static constexpr size_t kNamed = 1000;  // at most so many are named
  std::string aside;                      // the damaged one, with its log beside it; kept until somebody removes it
  bool was_interrupted = false;           // begun by a process before this one; nothing else is known of it
  uint64_t messages = 0;                  // are in the new one
  uint64_t damaged_count = 0;             // of these are damaged: kept as dead letters, in whole or part
  std::vector<std::string> damaged;       // "ID: why"
  uint64_t lost_count = 0;                // are known by their id alone
  std::vector<std::string> lost;          // ids
  uint64_t unreadable_pages = 0;
  uint64_t unreadable_rows = 0;
};

class Queue {
 public:
  // Makes the database when there is none. Refuses a newer schema. Sweeps messages left half stored. Recipients
  // found in kDispatched stay so: see Undecided().
  static Result<Queue> Open(const spool::SpoolPaths& paths, const QueueLock& lock);
  // The same; a damaged database is set aside and salvaged, and a salvage that was interrupted is finished.
  struct Opened;
  // `on_damage` is told before that is done: it may take as long as reading the whole of it twice.
  static Result<Opened> OpenOrSalvage(const spool::SpoolPaths& paths, const QueueLock& lock,
                                      const std::function<void(const sys::Error&)>& on_damage);
  // Whether SQLite has found the open database damaged; then nothing of it should be believed until Salvage(), outside a
  // batch, has put another in its place. Keys stay what they were; recipients in kDispatched stay so. On an Error the
  // damaged one is still open, or, where that says so (EUCLEAN), nothing is and this must be destroyed.
  bool is_damaged() const;
  // Whether something could not be read or written since the last call: what a disk does not give now, it may give later.
  bool TakeFailure();
  // Reads all of it: what is wrong, in SQLite's words, at most 100; none: all is well. It takes as long as that takes.
  Result<std::vector<std::string>> Verify();
  Result<Salvaged> Salvage();
  Queue(Queue&&) noexcept;
  Queue& operator=(Queue&&) noexcept;
  ~Queue();

  Result<void> Begin();
  Result<void> Commit();
  void Rollback();
  bool in_batch() const;
  // The open batch has changed something: its commit will show that the queue can be changed.
  bool has_changed() const;

  // The clock by which messages age: the time in which mail could have left, whatever the wall clock says. Whoever has
  // opened the queue sets it, never back; a commit keeps it, so that the next one goes on from there.
  Microseconds waiting_clock() const;
  void SetWaitingClock(Microseconds reading);

  // --- intake
  // What is known of this submission: same uid, and the same token or id, with size and digest agreeing.
  Result<std::optional<KnownSubmission>> FindKnown(const IntakeKey& key);
  // Whether a message of this id is or was here (history included).
  Result<bool> IsIdTaken(const mail::QueueId& id);
  // Message, content, intake row and its "submitted" event. `content` of at most kContentChunk. Recipients begin as
  // kQueued, due at once, with `routes` (one each) of configuration `generation`.
  Result<Stored> Insert(const NewMessage& message, const sys::ReadOnlyFd& content, std::span<const Route> routes,
                        int64_t generation);
  // Larger content: the message begins invisible, chunks follow in order in batches of their own, and Publish makes
  // it a queued message.
  Result<Stored> InsertInvisible(const NewMessage& message, uint64_t content_bytes, std::span<const Route> routes,
                                 int64_t generation);
  Result<void> AppendContent(MessageKey message, std::string_view chunk);
  Result<void> Publish(MessageKey message, Microseconds now);
  // Deletes an invisible message that will not be completed; no trace of it is left.
  Result<void> Discard(MessageKey message);
  // The submissions of these ids cannot come again.
  Result<void> ForgetIntake(std::span<const mail::QueueId> ids);
  // What has been accepted under ids that were made before `made_before`: the first `limit` after `after`, in order.
  Result<std::vector<mail::QueueId>> AcceptedBefore(Microseconds made_before, const mail::QueueId& after,
                                                    size_t limit);

  // --- limits of users
  // Submissions of this user that are here and not held as surplus. The first call counts all, by an index.
  Result<uint64_t> CountInLine(uint32_t uid);
  // How many of each user are held as surplus; most often of nobody.
  Result<std::map<uint32_t, uint64_t>> Surplus();
  // The oldest of them, at most `limit`, wait like all others from now on, due at `now`. How many there were.
  Result<size_t> ReleaseSurplus(uint32_t uid, size_t limit, Microseconds now);

  // --- what is due
  // A step of a walk over all destinations of what waits (kQueued or kInDoubt): which have something due at `now`, and
  // when the next will have. Bounded work a call, however many there are.
  Result<DueStep> WalkDue(const DuePlace& after, Microseconds now);
  // Due recipients for `route` in one lane, at most `limit`: users in turn, so that none waits behind what another has
  // queued, each one's oldest next_attempt first; of one message together and in order.
  Result<std::vector<QueuedRecipient>> Due(const Route& route, Lane lane, Microseconds now, size_t limit);
  // Nothing when it is not there, or was damaged and has been set aside.
  Result<std::optional<QueuedMessage>> Message(MessageKey key);
  // A step of a walk over messages with or without a sender (notices) that wait since before `before` of the waiting
  // clock: those of their recipients that wait. Bounded work a call, however old and deep the queue is.
  Result<OldStep> WalkOld(bool null_sender, Microseconds before, const OldPlace& after);
  // Waiting recipients whose route was decided by another configuration.
  Result<std::vector<QueuedRecipient>> RoutedByOther(int64_t generation, size_t limit);
  Result<void> SetRoute(RecipientKey recipient, const Route& route, int64_t generation);
  // Everything that waits is due at `now`. True: more is left, call again; bounded work a call, whatever the queue's
  // depth.
  Result<bool> MakeAllDue(Microseconds now);
  // What is due at `now` for `route` is due at `until`, and says why. True: more is left, call again.
  Result<bool> PutOff(const Route& route, Microseconds now, Microseconds until, std::string_view status,
                      std::string_view text);
  // A step of a walk to the end of message `last`; bounded work a call, whatever waits.
  Result<WaitingStep> WalkWaiting(const WalkPlace& after, MessageKey last);
  // As SetRoute, and due at `now` if it was not before.
  Result<void> MakeDue(RecipientKey recipient, const Route& route, int64_t generation, Microseconds now);

  // --- delivery
  Result<void> MarkDispatched(std::span<const RecipientKey> recipients, Microseconds now);
  // Recipients that a runner before this one had dispatched and never heard of again.
  Result<std::vector<QueuedRecipient>> Undecided(size_t limit);
  // Row and event of each.
  Result<void> Record(MessageKey message, std::span<const Outcome> outcomes, Microseconds now);
  // Recipients of `message` that are neither sent nor returned; a dead one keeps its message.
  Result<uint64_t> Unfinished(MessageKey message);
  // The message is gone for every other call; Tidy() deletes content and rows. Events stay, with "removed".
  Result<void> Remove(MessageKey message, Microseconds now);
  // The content, in a sealed memfd or, when larger than sys::Scratch::kMemoryBytes, an unlinked file of
  // `scratch_directory`.
  Result<sys::ReadOnlyFd> Content(MessageKey message, sys::FdView scratch_directory);
  // At most `max_bytes` of the front of the content.
  Result<std::string> ContentHead(MessageKey message, size_t max_bytes);
  // Gives `take` the first `bytes` of it, piece by piece, until there is an Error; `take` may store other messages.
  Result<void> VisitContent(MessageKey message, uint64_t bytes,
                            const std::function<Result<void>(std::string_view)>& take);

  // --- reports to senders
  // Messages that have a sender and wait since before `before` of the waiting clock, oldest first, at most `limit`;
  // those that cannot be believed as well.
  Result<std::vector<QueuedMessage>> WaitingLonger(const AgePlace& after, Microseconds before, size_t limit);
  // Its recipients that wait or are dispatched, at most `limit`.
  Result<std::vector<QueuedRecipient>> Unsettled(MessageKey message, size_t limit);
  Result<void> MarkWarned(MessageKey message, Warning warning);
  Result<void> KeepUntold(const Untold& untold);
  Result<std::vector<UntoldSummary>> SummarizeUntold(size_t limit);
  Result<std::vector<Untold>> ReadUntold(const std::string& reader, ReportKind kind, size_t limit);
  Result<void> EraseUntold(const std::string& reader, ReportKind kind, int64_t up_to);

  // --- history and listing
  // In order of time, at most kMaxTrace; then where its unfinished recipients are now. A repeat of one of a
  // recipient's last events is that one, with its count and time.
  Result<std::vector<Event>> Trace(const mail::QueueId& id);
  // The message of this id, while it is in the queue.
  Result<std::optional<MessageKey>> Find(const mail::QueueId& id);
  // The submitter, while the history knows it.
  Result<std::optional<uint32_t>> Submitter(const mail::QueueId& id);
  // Of messages that are finished, oldest first: those removed before `older_than`, and more until the history is
  // no larger than the limit. True: more is left, call again.
  Result<bool> TrimHistory(Microseconds older_than, uint64_t size_limit_bytes);
  // In order of arrival, after `after` (0: from the start).
  Result<std::vector<Listed>> List(MessageKey after, size_t limit, size_t recipients_limit);
  Result<Counts> Count();

  // --- destinations
  // Nothing when none is remembered, or what is cannot be true.
  Result<std::optional<Destination>> FindDestination(std::string_view next_hop, std::string_view account);
  Result<void> SaveDestination(const Destination& destination);
  Result<void> ForgetDestination(std::string_view next_hop, std::string_view account);
  // Those whose circuit is as it is since before `before`; but neither what the administrator was told of ("... told"),
  // which would be told once more, nor an account's outage, whose mail waits for as long as it lasts.
  Result<void> ForgetDestinations(Microseconds before);

  // --- what was found wrong since the last call
  std::vector<Damaged> TakeDamaged();

  // --- housekeeping between events, bounded work a call
  // Outside a batch. Checkpoint, content of removed messages, incremental vacuum; true when there is more to do.
  Result<bool> Tidy();
  // Nothing is expected for a while: the page cache, and what else of the heap is free, is given back.
  void GiveBackMemory();

 private:
  struct Impl;
  static Result<std::unique_ptr<Impl>> OpenImpl(const std::string& path);
  explicit Queue(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct Queue::Opened {
  Queue queue;
  std::optional<Salvaged> salvaged;
};

}  // namespace outpost::queue
