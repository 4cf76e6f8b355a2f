// One question to DNS, for `outpost conf check`.
#pragma once

#include <string>

#include "conf/practice.h"

namespace outpost::admin {

// Which mail servers the domain `name` has. Takes at most a few seconds; no answer is an answer too.
conf::MailServers AskForMailServers(const std::string& name);

}  // namespace outpost::admin
