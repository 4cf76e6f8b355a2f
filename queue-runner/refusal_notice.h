// What the administrator is told of a relay that refuses mail by its policy, or does not understand us (notify_classes:
// policy, protocol). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/mail/enhanced_status.h"
#include "queue-runner/waiting_notices.h"

namespace outpost::queue_runner {

// Nothing where the verdict is of neither kind. `text` is the reason as it is logged, `transcript` the session's last lines.
std::optional<AdministratorNotice> RefusalNotice(const mail::EnhancedStatus& status, std::string_view text,
                                                 std::string_view relay,
                                                 const std::vector<std::string>& transcript);

}  // namespace outpost::queue_runner
