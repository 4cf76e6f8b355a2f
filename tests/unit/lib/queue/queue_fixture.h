// A queue in a directory of its own, messages to put into it, and sqlite3's view of its file while it is closed.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "lib/queue/queue.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::queue {

using std::chrono::seconds;

constexpr Microseconds kStart = std::chrono::hours(500000);  // a day in 2027
inline const Route kRelay{"smtp", "[relay.example.org]:587"};

class QueueTest : public ::testing::Test {
 protected:
  explicit QueueTest(const std::string& where = "/tmp") {
    std::string pattern = where + "/outpost-queue-XXXXXX";
    root_ = mkdtemp(pattern.data());
    paths_ = std::make_unique<spool::SpoolPaths>(root_);
    std::filesystem::create_directories(paths_->Private());
    std::filesystem::create_directories(paths_->Temporary());
  }
  ~QueueTest() override {
    Close();
    std::filesystem::remove_all(root_);
  }

  Queue& queue() {
    if (!queue_) Open();
    return *queue_;
  }
  void Open() {
    auto opened = TryOpen(*paths_);
    ASSERT_TRUE(opened) << opened.error().text();
    queue_ = std::make_unique<Queue>(std::move(*opened));
  }
  void Close() {
    queue_.reset();
    lock_.reset();
  }
  // As after a crash: what is in the file and its log at this moment, opened anew.
  void CrashAndReopen() {
    const std::string saved = root_ + "/saved";
    std::filesystem::remove_all(saved);
    std::filesystem::copy(paths_->Private(), saved);
    Close();
    std::filesystem::remove_all(paths_->Private());
    std::filesystem::rename(saved, paths_->Private());
    std::filesystem::create_directories(paths_->Temporary());
    Open();
  }
  Result<Queue> TryOpen(const spool::SpoolPaths& paths) {
    lock_.reset();
    auto lock = QueueLock::TryTake(paths);
    if (!lock) return lock.error();
    if (!lock.value()) return sys::Error("locked by another");
    lock_ = std::move(lock.value());
    return Queue::Open(paths, *lock_);
  }

  // Executes `sql` on the closed database, as an administrator with sqlite3 would.
  void Edit(const std::string& sql) {
    Close();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(paths_->QueueDatabase().c_str(), &database), SQLITE_OK);
    char* message = nullptr;
    sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message);
    EXPECT_EQ(message, nullptr) << message;
    sqlite3_close(database);
  }

  // The number that a query gives on the closed database.
  int64_t Look(const std::string& sql) { return std::stoll(LookAtText(sql)); }
  std::string LookAtText(const std::string& sql) {
    Close();
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(paths_->QueueDatabase().c_str(), &database), SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << sql;
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW) << sql;
    const auto* found = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    std::string text = found == nullptr ? "" : found;
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return text;
  }

  static mail::QueueId MakeId(uint64_t number) {
    return mail::QueueId::Make(kStart + Microseconds(number), number);
  }
  static NewMessage MakeMessage(uint64_t number, size_t recipients = 1) {
    NewMessage message;
    message.id = MakeId(number);
    message.envelope.sender = "sender@example.com";
    for (size_t i = 0; i < recipients; ++i) {
      mail::Recipient recipient;
      recipient.address = sys::Cat("r", i, "@example.net");
      message.envelope.recipients.push_back(recipient);
    }
    message.uid = 1000;
    message.arrival = kStart + Microseconds(number);
    message.token = sys::Cat("token-", number);
    message.record_bytes = 5;
    message.digest = "digest";
    return message;
  }
  static std::vector<Route> RoutesOf(const NewMessage& message, const Route& route = kRelay) {
    return std::vector<Route>(message.envelope.recipients.size(), route);
  }
  static sys::ReadOnlyFd MakeContent(std::string_view bytes) { return std::move(*sys::SealedCopy(bytes)); }

  // A batch of its own around `change`.
  template <typename Change>
  void Do(Change change) {
    auto begun = queue().Begin();
    ASSERT_TRUE(begun) << begun.error().text();
    auto changed = change();
    ASSERT_TRUE(changed) << changed.error().text();
    auto committed = queue().Commit();
    ASSERT_TRUE(committed) << committed.error().text();
  }
  Stored Put(const NewMessage& message, std::string_view content = "From: a\n\nbody\n", int64_t generation = 1) {
    Stored stored;
    Do([&] {
      auto inserted = queue().Insert(message, MakeContent(content), RoutesOf(message), generation);
      if (inserted) stored = *inserted;
      return inserted;
    });
    return stored;
  }
  Stored Put(uint64_t number, size_t recipients = 1) { return Put(MakeMessage(number, recipients)); }
  void Dispatch(RecipientKey key, Microseconds now = kStart) {
    Do([&] { return queue().MarkDispatched(std::vector<RecipientKey>{key}, now); });
  }
  void Record(MessageKey message, const Outcome& outcome, Microseconds now = kStart) {
    Do([&] { return queue().Record(message, std::vector<Outcome>{outcome}, now); });
  }
  static Outcome MakeOutcome(RecipientKey key, RecipientState state, std::string text = "250 2.0.0 ok") {
    Outcome outcome;
    outcome.recipient = key;
    outcome.state = state;
    outcome.status = state == RecipientState::kSent ? "2.0.0" : "4.4.1";
    outcome.text = std::move(text);
    outcome.relay = "relay.example.org[192.0.2.1]:587";
    outcome.next_attempt = kStart + seconds(300);
    return outcome;
  }
  std::vector<QueuedRecipient> DueAt(Microseconds now, size_t limit = 1000, const Route& route = kRelay) {
    std::vector<QueuedRecipient> all;
    for (const Lane lane : kLanes) {
      auto due = queue().Due(route, lane, now, limit - all.size());
      EXPECT_TRUE(due) << due.error().text();
      if (due) all.insert(all.end(), due->begin(), due->end());
    }
    return all;
  }
  // The walks of the queue, to their ends. Routes each once, in order.
  std::vector<Route> DueRoutesAt(Microseconds now) {
    std::vector<Route> routes;
    for (std::optional<DuePlace> place = DuePlace{}; place;) {
      const auto step = queue().WalkDue(*place, now);
      EXPECT_TRUE(step) << step.error().text();
      routes.insert(routes.end(), step->routes.begin(), step->routes.end());
      place = step->next;
    }
    std::ranges::sort(routes, {}, [](const Route& route) { return std::tie(route.transport, route.next_hop); });
    routes.erase(std::unique(routes.begin(), routes.end()), routes.end());
    return routes;
  }
  std::optional<Microseconds> NextDueAfter(Microseconds now) {
    std::optional<Microseconds> earliest;
    for (std::optional<DuePlace> place = DuePlace{}; place;) {
      const auto step = queue().WalkDue(*place, now);
      EXPECT_TRUE(step) << step.error().text();
      if (step->next_attempt && (!earliest || *step->next_attempt < *earliest)) earliest = step->next_attempt;
      place = step->next;
    }
    return earliest;
  }
  std::vector<QueuedRecipient> OldMail(bool null_sender, Microseconds before) {
    std::vector<QueuedRecipient> all;
    for (std::optional<OldPlace> place = OldPlace{}; place;) {
      const auto step = queue().WalkOld(null_sender, before, *place);
      EXPECT_TRUE(step) << step.error().text();
      all.insert(all.end(), step->recipients.begin(), step->recipients.end());
      place = step->next;
    }
    return all;
  }
  std::string ReadContent(MessageKey message) {
    auto directory = sys::OpenDirectory(paths_->Temporary());
    auto content = queue().Content(message, *directory);
    if (!content) return "error: " + content.error().text();
    std::string bytes(static_cast<size_t>(content->size()), '\0');
    EXPECT_EQ(*sys::ReadAt(content->view(), bytes, 0), bytes.size());
    return bytes;
  }
  std::vector<std::string> TraceOf(uint64_t number) {
    std::vector<std::string> lines;
    auto trace = queue().Trace(MakeId(number));
    EXPECT_TRUE(trace) << trace.error().text();
    for (const auto& event : *trace) {
      lines.push_back(sys::Cat(event.kind, " ", event.recipient, " x", event.count));
    }
    return lines;
  }

  std::string root_;
  std::unique_ptr<spool::SpoolPaths> paths_;
  std::optional<QueueLock> lock_;
  std::unique_ptr<Queue> queue_;
};

}  // namespace outpost::queue
