// Who is told what of a message's recipients, and when: at once in a notice of its own, or later with others.
//
// A reader (a sender, or the administrator who gets copies) gets kAnHour notices of single messages in an hour. What
// follows is kept in the queue, in the commit that settles its recipients, and told at the end of the hour, or as soon as
// there is enough for a long notice: several messages in one, by queue id. So a script that sends to ten thousand bad
// addresses is answered by a handful of notices, and none of its failures goes untold.
//
// No loop, whatever main.cf says: only submissions that have a sender are reported to it, from the null sender. What
// fails of mail without a sender is told to 2bounce_notice_recipient if notify_classes has 2bounce, from
// double_bounce_sender; what fails of that, and of other notices to the administrator, is told to nobody.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "queue-runner/bounce.h"
#include "queue-runner/context.h"

namespace outpost::queue_runner {

class Reports {
 public:
  static constexpr size_t kAnHour = 10;
  static constexpr size_t kTellAtOnce = 1000;  // recipients that wait for one notice
  static constexpr Microseconds kHour = std::chrono::hours(1);

  // `due_now` is called with the route of a joined notice that has been committed.
  Reports(Context& context, std::function<void(const queue::Route&)> due_now)
      : context_(context), due_now_(std::move(due_now)) {}
  ~Reports() { context_.loop.Cancel(timer_); }

  // What a runner before this one has left to be told.
  void Start();

  // What has been told in the open batch: for the log and the dispatcher, once it is committed.
  struct Told {
    std::vector<std::string> lines;
    std::vector<queue::Route> routes;
  };

  // Whether there is a sender who may be told anything.
  bool HasSender(const queue::QueuedMessage& message) const;
  // In the open batch: tells the sender of those of `reports` that it wants to be told of, and the administrator, if
  // notify_classes says so. `reports` may be empty.
  sys::Result<void> Tell(const queue::QueuedMessage& message, queue::ReportKind kind,
                         std::span<const RecipientReport> reports, Told& told);
  // The same of mail without sender. False: nobody is told, and the recipients are dead letters.
  sys::Result<bool> TellDoubleBounce(const queue::QueuedMessage& message, std::span<const RecipientReport> reports,
                                     Told& told);

  // Adds joined notices whose time has come to the batch.
  void Contribute();

 private:
  using JoinKey = std::pair<std::string, queue::ReportKind>;
  struct Reader {
    Microseconds since{};  // monotonic: when its hour began
    size_t told = 0;
    mail::QueueId last;  // the message of the last notice: more of its recipients are no notice more
  };
  struct Joined {
    uint64_t count = 0;
    Microseconds due{};  // monotonic
  };

  bool MayTellNow(const std::string& reader, const mail::QueueId& message);
  sys::Result<void> TellReader(const std::string& reader, queue::ReportKind kind,
                               const queue::QueuedMessage& message, std::span<const RecipientReport> reports,
                               Told& told);
  sys::Result<void> Keep(const std::string& reader, queue::ReportKind kind, const queue::QueuedMessage& message,
                         std::span<const RecipientReport> reports);
  sys::Result<void> StoreAll(const std::string& reader, ReportRequest request, const queue::QueuedMessage& message,
                             std::span<const RecipientReport> reports, Told& told);
  sys::Result<Quotation> Quote(const queue::QueuedMessage& message, const ReportRequest& request) const;
  sys::Result<Quotation> ChooseQuotation(const queue::QueuedMessage& message, const ReportRequest& request) const;
  sys::Result<mail::QueueId> Store(const std::string& reader, const ReportRequest& request,
                                   const queue::QueuedMessage* quoted, Told& told);
  Microseconds RetryUntil(const queue::QueuedMessage& message) const;
  void ContributeJoined(const JoinKey& key);
  sys::Result<uint64_t> StoreJoined(const JoinKey& key, Told& told);
  void Arm();
  void ForgetReaders(Microseconds now);

  Context& context_;
  std::function<void(const queue::Route&)> due_now_;
  std::map<std::string, Reader> readers_;
  std::map<JoinKey, Joined> joined_;
  sys::EventLoop::TimerId timer_ = 0;
};

}  // namespace outpost::queue_runner
