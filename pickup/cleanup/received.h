// The trace line of this host (RFC 5321 section 4.4).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/mail/queue_id.h"

namespace outpost::pickup {

// "Received: by HOST (MAIL_NAME, from userid UID)", folded before "id ID; DATE".
std::string ReceivedField(std::string_view hostname, std::string_view mail_name, uint32_t uid,
                          const mail::QueueId& id, std::chrono::microseconds arrival);

}  // namespace outpost::pickup
