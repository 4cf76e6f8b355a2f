// The facts for conf/practice.h, from this host and from DNS.
#pragma once

#include "conf/configuration.h"
#include "conf/settings.h"

namespace outpost::admin {

// Adds to the findings what is legal in main.cf and wrong in practice. `may_ask`: DNS may be asked about the relay, which
// takes some seconds where nobody answers.
void CheckPractice(conf::Configuration& configuration, const conf::QueueRunnerSettings& runner,
                   const conf::SmtpClientSettings& smtp, bool may_ask);

}  // namespace outpost::admin
