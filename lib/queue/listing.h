// The queue for people: pages of messages, and where a message's recipients are. Nothing is set aside here, and
// damaged rows are shown, as far as they can be read.
#pragma once

#include "lib/queue/queue.h"
#include "lib/queue/statement.h"

namespace outpost::queue {

class Listing {
 public:
  explicit Listing(Connection& connection);

  // As in Queue.
  Result<std::vector<Listed>> List(MessageKey after, size_t limit, size_t recipients_limit);
  // "now STATE" for each unfinished recipient of `message`, at most `limit`.
  Result<std::vector<Event>> Present(MessageKey message, size_t limit);

 private:
  Result<void> AddRecipients(Listed& listed, size_t limit);

  Statement page_;
  Statement unfinished_;
  Statement count_unfinished_;
  Statement present_;
};

}  // namespace outpost::queue
