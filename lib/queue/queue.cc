// The room's parts put together behind queue.h.
#include "lib/queue/queue.h"

#include <cerrno>

#include "lib/queue/batch.h"
#include "lib/queue/connection.h"
#include "lib/queue/content.h"
#include "lib/queue/damaged_file.h"
#include "lib/queue/destinations.h"
#include "lib/queue/due.h"
#include "lib/queue/history.h"
#include "lib/queue/housekeeping.h"
#include "lib/queue/intake.h"
#include "lib/queue/ledger.h"
#include "lib/queue/listing.h"
#include "lib/queue/quarantine.h"
#include "lib/queue/reports.h"
#include "lib/queue/salvage.h"
#include "lib/queue/schema.h"
#include "lib/queue/totals.h"
#include "lib/queue/users.h"
#include "lib/sys/text.h"

namespace outpost::queue {

// In the order of their making: each uses only those before it.
struct Queue::Impl {
  explicit Impl(std::unique_ptr<Connection> opened)
      : connection(std::move(opened)),
        totals(*connection),
        history(*connection, totals),
        users(*connection, history, totals),
        batch(*connection, totals, users),
        quarantine(*connection, batch, totals),
        contents(*connection),
        intake(*connection, contents, history, totals, users),
        due(*connection, quarantine),
        ledger(*connection, contents, history, quarantine, totals, users),
        reports(*connection, quarantine),
        listing(*connection),
        destinations(*connection),
        housekeeping(*connection, batch, ledger) {}

  std::unique_ptr<Connection> connection;
  Totals totals;
  History history;
  Users users;
  Batch batch;
  Quarantine quarantine;
  Contents contents;
  Intake intake;
  DueIndex due;
  Ledger ledger;
  Reports reports;
  Listing listing;
  Destinations destinations;
  Housekeeping housekeeping;
};

Queue::Queue(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Queue::Queue(Queue&&) noexcept = default;
Queue& Queue::operator=(Queue&&) noexcept = default;
Queue::~Queue() = default;

Result<std::unique_ptr<Queue::Impl>> Queue::OpenImpl(const std::string& path) {
  if (HasBrokenLog(path)) {
    return sys::Error(sys::Cat("open ", path, ": its log has lost what was committed"), EUCLEAN);
  }
  auto connection = Connection::Open(path);
  if (!connection) return connection.error();
  if (auto prepared = PrepareSchema(**connection); !prepared) return prepared.error();
  auto impl = std::make_unique<Impl>(std::move(*connection));
  if (auto loaded = impl->totals.Load(); !loaded) return loaded.error();
  if (auto started = impl->intake.Start(); !started) return started.error();
  auto swept = impl->batch.Within([&] { return impl->intake.Sweep(); });
  if (!swept) return swept.error();
  if (auto set = impl->quarantine.SetAsideUnknown(); !set) return set.error();
  return impl;
}

Result<Queue> Queue::Open(const spool::SpoolPaths& paths, const QueueLock&) {
  auto impl = OpenImpl(paths.QueueDatabase());
  if (!impl) return impl.error();
  return Queue(std::move(*impl));
}

Result<Queue::Opened> Queue::OpenOrSalvage(const spool::SpoolPaths& paths, const QueueLock& lock,
                                           const std::function<void(const sys::Error&)>& on_damage) {
  const std::string path = paths.QueueDatabase();
  std::optional<Salvaged> salvaged;
  const auto finished = FinishSalvage(path);
  if (!finished) return finished.error();
  if (!finished->empty()) {
    salvaged.emplace().aside = *finished;
    salvaged->was_interrupted = true;
  }
  auto opened = Open(paths, lock);
  if (!opened && opened.error().code() == EUCLEAN) {
    on_damage(opened.error());
    auto made = queue::Salvage(path);
    if (!made) return made.error().Within(opened.error().text());
    auto aside = FinishSalvage(path);
    if (!aside) return aside.error();
    made->aside = std::move(*aside);
    salvaged = std::move(*made);
    opened = Open(paths, lock);
  }
  if (!opened) return opened.error();
  return Opened{std::move(*opened), std::move(salvaged)};
}

Result<std::vector<std::string>> Queue::Verify() {
  Statement check(*impl_->connection, "verify", "PRAGMA integrity_check(100)");
  std::vector<std::string> wrong;
  Rows rows(check);
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) break;
    wrong.push_back(sys::Printable(rows.Text(0)));
  }
  if (wrong == std::vector<std::string>{"ok"}) wrong.clear();
  return wrong;
}

bool Queue::is_damaged() const { return impl_->connection->is_damaged(); }
bool Queue::TakeFailure() { return impl_->connection->TakeFailure(); }

Result<Salvaged> Queue::Salvage() {
  const std::string path = impl_->connection->path();
  auto salvaged = queue::Salvage(path);
  if (!salvaged) return salvaged;
  const MessageKey last_key = impl_->intake.last_key();
  const Microseconds clock = waiting_clock();
  impl_.reset();
  const auto opened = [&]() -> Result<void> {
    auto aside = FinishSalvage(path);
    if (!aside) return aside.error();
    salvaged->aside = std::move(*aside);
    auto impl = OpenImpl(path);
    if (!impl) return impl.error();
    impl_ = std::move(*impl);
    return {};
  }();
  if (!opened) return sys::Error(opened.error().text(), EUCLEAN);
  // Whoever remembers a message that is lost must not meet another under its key.
  impl_->intake.KeepAbove(last_key);
  SetWaitingClock(std::max(clock, waiting_clock()));
  return salvaged;
}

Result<void> Queue::Begin() { return impl_->batch.Begin(); }
Result<void> Queue::Commit() {
  auto committed = impl_->batch.Commit();
  if (committed) impl_->housekeeping.BoundLog();
  return committed;
}
void Queue::Rollback() { impl_->batch.Rollback(); }
bool Queue::in_batch() const { return impl_->batch.is_open(); }
bool Queue::has_changed() const { return impl_->connection->has_changed(); }

Microseconds Queue::waiting_clock() const { return impl_->totals.clock(); }
void Queue::SetWaitingClock(Microseconds reading) { impl_->totals.SetClock(reading); }

Result<std::optional<KnownSubmission>> Queue::FindKnown(const IntakeKey& key) {
  return impl_->intake.FindKnown(key);
}
Result<bool> Queue::IsIdTaken(const mail::QueueId& id) { return impl_->intake.IsIdTaken(id); }
Result<Stored> Queue::Insert(const NewMessage& message, const sys::ReadOnlyFd& content,
                             std::span<const Route> routes, int64_t generation) {
  return impl_->intake.Insert(message, content, routes, generation);
}
Result<Stored> Queue::InsertInvisible(const NewMessage& message, uint64_t content_bytes,
                                      std::span<const Route> routes, int64_t generation) {
  return impl_->intake.InsertInvisible(message, content_bytes, routes, generation);
}
Result<void> Queue::AppendContent(MessageKey message, std::string_view chunk) {
  return impl_->intake.Append(message, chunk);
}
Result<void> Queue::Publish(MessageKey message, Microseconds now) { return impl_->intake.Publish(message, now); }
Result<void> Queue::Discard(MessageKey message) { return impl_->intake.Discard(message); }
Result<void> Queue::ForgetIntake(std::span<const mail::QueueId> ids) { return impl_->intake.Forget(ids); }
Result<std::vector<mail::QueueId>> Queue::AcceptedBefore(Microseconds made_before, const mail::QueueId& after,
                                                         size_t limit) {
  return impl_->intake.AcceptedBefore(made_before, after, limit);
}

Result<uint64_t> Queue::CountInLine(uint32_t uid) { return impl_->users.CountInLine(uid); }
Result<std::map<uint32_t, uint64_t>> Queue::Surplus() { return impl_->users.Surplus(); }
Result<size_t> Queue::ReleaseSurplus(uint32_t uid, size_t limit, Microseconds now) {
  return impl_->users.ReleaseSurplus(uid, limit, now);
}

Result<DueStep> Queue::WalkDue(const DuePlace& after, Microseconds now) { return impl_->due.WalkDue(after, now); }
Result<std::vector<QueuedRecipient>> Queue::Due(const Route& route, Lane lane, Microseconds now, size_t limit) {
  return impl_->due.Due(route, lane, now, limit);
}
Result<std::optional<QueuedMessage>> Queue::Message(MessageKey key) { return impl_->ledger.Message(key); }
Result<OldStep> Queue::WalkOld(bool null_sender, Microseconds before, const OldPlace& after) {
  return impl_->due.WalkOld(null_sender, before, after);
}
Result<std::vector<QueuedRecipient>> Queue::RoutedByOther(int64_t generation, size_t limit) {
  return impl_->due.RoutedByOther(generation, limit);
}
Result<void> Queue::SetRoute(RecipientKey recipient, const Route& route, int64_t generation) {
  return impl_->due.SetRoute(recipient, route, generation);
}
Result<bool> Queue::MakeAllDue(Microseconds now) { return impl_->due.MakeAllDue(now); }
Result<bool> Queue::PutOff(const Route& route, Microseconds now, Microseconds until, std::string_view status,
                           std::string_view text) {
  return impl_->due.PutOff(route, now, until, status, text);
}
Result<WaitingStep> Queue::WalkWaiting(const WalkPlace& after, MessageKey last) {
  return impl_->due.WalkWaiting(after, last);
}
Result<void> Queue::MakeDue(RecipientKey recipient, const Route& route, int64_t generation, Microseconds now) {
  return impl_->due.MakeDue(recipient, route, generation, now);
}

Result<void> Queue::MarkDispatched(std::span<const RecipientKey> recipients, Microseconds now) {
  return impl_->ledger.MarkDispatched(recipients, now);
}
Result<std::vector<QueuedRecipient>> Queue::Undecided(size_t limit) { return impl_->due.Undecided(limit); }
Result<void> Queue::Record(MessageKey message, std::span<const Outcome> outcomes, Microseconds now) {
  return impl_->ledger.Record(message, outcomes, now);
}
Result<uint64_t> Queue::Unfinished(MessageKey message) { return impl_->ledger.Unfinished(message); }
Result<void> Queue::Remove(MessageKey message, Microseconds now) { return impl_->ledger.Remove(message, now); }

Result<sys::ReadOnlyFd> Queue::Content(MessageKey message, sys::FdView scratch_directory) {
  const auto queued = Message(message);
  if (!queued) return queued.error();
  if (!queued.value()) return sys::Error("read content: no such message", ENOENT);
  auto content = impl_->contents.Copy(message, queued.value()->content_bytes, scratch_directory);
  if (content || content.error().code() != EBADMSG) return content;
  auto set = impl_->quarantine.SetAside(message, queued.value()->id.text(), content.error().text());
  if (!set) return set.error();
  return content;
}
Result<std::string> Queue::ContentHead(MessageKey message, size_t max_bytes) {
  return impl_->contents.Head(message, max_bytes);
}

Result<void> Queue::VisitContent(MessageKey message, uint64_t bytes,
                                 const std::function<Result<void>(std::string_view)>& take) {
  return impl_->contents.Visit(message, bytes, take);
}

Result<std::vector<QueuedMessage>> Queue::WaitingLonger(const AgePlace& after, Microseconds before, size_t limit) {
  return impl_->reports.WaitingLonger(after, before, limit);
}
Result<std::vector<QueuedRecipient>> Queue::Unsettled(MessageKey message, size_t limit) {
  return impl_->reports.Unsettled(message, limit);
}
Result<void> Queue::MarkWarned(MessageKey message, Warning warning) {
  return impl_->reports.MarkWarned(message, warning);
}
Result<void> Queue::KeepUntold(const Untold& untold) { return impl_->reports.KeepUntold(untold); }
Result<std::vector<UntoldSummary>> Queue::SummarizeUntold(size_t limit) {
  return impl_->reports.SummarizeUntold(limit);
}
Result<std::vector<Untold>> Queue::ReadUntold(const std::string& reader, ReportKind kind, size_t limit) {
  return impl_->reports.ReadUntold(reader, kind, limit);
}
Result<void> Queue::EraseUntold(const std::string& reader, ReportKind kind, int64_t up_to) {
  return impl_->reports.EraseUntold(reader, kind, up_to);
}

Result<std::vector<Event>> Queue::Trace(const mail::QueueId& id) {
  auto trace = impl_->history.Trace(id);
  if (!trace) return trace;
  const auto message = impl_->history.Find(id);
  if (!message) return message.error();
  if (!message.value()) return trace;
  auto present = impl_->listing.Present(**message, kMaxTrace);
  if (!present) return present;
  trace->insert(trace->end(), present->begin(), present->end());
  return trace;
}
Result<std::optional<MessageKey>> Queue::Find(const mail::QueueId& id) { return impl_->history.Find(id); }
Result<std::optional<uint32_t>> Queue::Submitter(const mail::QueueId& id) { return impl_->history.Submitter(id); }
Result<bool> Queue::TrimHistory(Microseconds older_than, uint64_t size_limit_bytes) {
  return impl_->history.Trim(older_than, size_limit_bytes);
}
Result<std::vector<Listed>> Queue::List(MessageKey after, size_t limit, size_t recipients_limit) {
  return impl_->listing.List(after, limit, recipients_limit);
}
Result<Counts> Queue::Count() {
  const auto numbers = impl_->totals.Read();
  if (!numbers) return numbers.error();
  return Counts{static_cast<uint64_t>(numbers->messages), static_cast<uint64_t>(numbers->dead)};
}

Result<std::optional<Destination>> Queue::FindDestination(std::string_view next_hop, std::string_view account) {
  return impl_->destinations.Find(next_hop, account);
}
Result<void> Queue::SaveDestination(const Destination& destination) {
  return impl_->destinations.Save(destination);
}
Result<void> Queue::ForgetDestination(std::string_view next_hop, std::string_view account) {
  return impl_->destinations.Forget(next_hop, account);
}
Result<void> Queue::ForgetDestinations(Microseconds before) { return impl_->destinations.ForgetBefore(before); }

std::vector<Damaged> Queue::TakeDamaged() { return impl_->quarantine.Take(); }

Result<bool> Queue::Tidy() { return impl_->housekeeping.Tidy(); }
void Queue::GiveBackMemory() { impl_->housekeeping.GiveBackMemory(); }

}  // namespace outpost::queue
