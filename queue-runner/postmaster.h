// How any part of the runner tells the administrator something by mail: one call. The notice goes to the
// *_notice_recipient of its class, if notify_classes has the class, as a new message from double_bounce_sender, in the
// round's commit. Notices are bounded and joined (WaitingNotices); what waits for that is in memory alone, and so lost
// with the process: the log, where whoever calls has told the same, is the record.
//
// No loop: nothing is made of what becomes of these messages (Origin::kBounce), and whoever meets trouble with a message
// of that origin does not tell of it here.
#pragma once

#include <string>

#include "queue-runner/context.h"
#include "queue-runner/waiting_notices.h"

namespace outpost::queue_runner {

class Postmaster {
 public:
  // `due_now` is called with the route of a notice that has been committed.
  Postmaster(Context& context, std::function<void(const queue::Route&)> due_now)
      : context_(context), due_now_(std::move(due_now)) {}
  ~Postmaster() { context_.loop.Cancel(timer_); }

  void Tell(AdministratorNotice notice);
  // Adds what may go now to the batch.
  void Contribute();
  bool empty() const { return waiting_.empty(); }

 private:
  void Arm();

  Context& context_;
  std::function<void(const queue::Route&)> due_now_;
  WaitingNotices waiting_;
  sys::EventLoop::TimerId timer_ = 0;
};

// Subject and body of the mail that tells of `mail.notices`. Pure.
struct AdministratorMail {
  std::string subject;
  std::string body;
};
AdministratorMail FormatAdministratorMail(const WaitingNotices::Mail& mail, const Policy& policy);

}  // namespace outpost::queue_runner
