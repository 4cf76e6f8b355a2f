// What became of a message's recipients, told to the runner and to the log.
#pragma once

#include <string_view>
#include <vector>

#include "lib/sys/log.h"
#include "smtp-client/delivery_log.h"
#include "smtp-client/runner_line.h"
#include "smtp-client/transaction.h"
#include "smtp-client/transcript.h"

namespace outpost::smtp_client {

// What was refused for good is deferred (soft_bounce).
void SoftenRefusals(std::vector<Transaction::Outcome>& outcomes);

// One log line for each outcome, one packet for each run of recipients with the same verdict; the last packet is
// marked when `outcomes` holds every recipient. A refusal goes with the transcript. False: nobody hears any more.
bool Report(const Assignment& assignment, const std::vector<Transaction::Outcome>& outcomes, std::string_view relay,
            int connection_use, const DeliveryTimes& times, const Transcript& transcript, const RunnerLine& runner,
            const sys::Log& log);

}  // namespace outpost::smtp_client
