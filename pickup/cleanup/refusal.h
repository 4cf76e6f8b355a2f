// Why a message cannot be taken, however often it is tried.
#pragma once

#include <string>

#include "lib/mail/enhanced_status.h"

namespace outpost::pickup {

struct Refusal {
  int exit_code = 0;            // sysexits.h, for a caller that waits
  mail::EnhancedStatus status;  // for a report to the sender
  std::string text;
};

}  // namespace outpost::pickup
