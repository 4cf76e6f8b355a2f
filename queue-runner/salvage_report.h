// What is said of a queue that was damaged: to the log, and to the administrator. Pure.
#pragma once

#include <string>
#include <vector>

#include "lib/queue/queue.h"
#include "queue-runner/waiting_notices.h"

namespace outpost::queue_runner {

// Lines for the log: the first tells all, each of the others names one message.
std::vector<std::string> SalvageLines(const queue::Salvaged& salvaged);
AdministratorNotice SalvageNotice(const queue::Salvaged& salvaged);

}  // namespace outpost::queue_runner
