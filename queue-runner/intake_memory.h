// How long the queue knows what it has accepted (its table `intake`). A maildrop file is forgotten when pickup says that
// its unlink is durable. What remains here: submissions by the socket, which nobody asks for again after a day, and
// files whose pickup died between the unlink and that word.
#pragma once

#include <string>

#include "lib/mail/queue_id.h"
#include "lib/queue/queue.h"

namespace outpost::queue_runner {

class IntakeMemory {
 public:
  // `queue` must outlive this.
  IntakeMemory(queue::Queue& queue, std::string maildrop) : queue_(queue), maildrop_(std::move(maildrop)) {}

  // Within a batch: forgets of the next slice what was made before `made_before` and cannot come back, which is all that
  // has no file in the maildrop, not even after a crash. True: call again, in a later batch.
  sys::Result<bool> ForgetSome(sys::Microseconds made_before);

 private:
  queue::Queue& queue_;
  std::string maildrop_;
  mail::QueueId after_;  // the last of the slice before
};

}  // namespace outpost::queue_runner
