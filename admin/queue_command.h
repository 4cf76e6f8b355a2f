// outpost queue list | mailq | trace
#pragma once

#include <string>

#include "admin/environment.h"

namespace outpost::admin {

// Each returns the exit status. `as_json`: one JSON object a line.
int ListQueue(Environment& environment, bool as_json);
// Reads all of a stopped mailer's queue. With `salvage`, what is damaged is set aside and what can be read of it kept.
int VerifyQueue(Environment& environment, bool salvage);
// The form of Postfix's mailq.
int Mailq(Environment& environment);
int TraceMessage(Environment& environment, const std::string& id, bool as_json);

}  // namespace outpost::admin
