// What became of one recipient, for those who are told of it.
#pragma once

#include <string>

#include "lib/mail/envelope.h"
#include "lib/queue/queue.h"

namespace outpost::queue_runner {

struct RecipientReport {
  queue::RecipientKey key = 0;
  mail::Recipient recipient;
  std::string status;  // "5.1.1"; of an expired one that of the last attempt, "4.4.1"
  std::string text;    // printable
  std::string relay;   // "host[address]:port", "" when none was asked
  bool expired = false;
};

}  // namespace outpost::queue_runner
