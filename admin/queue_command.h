// outpost queue list | mailq | trace
#pragma once

#include <string>

#include "admin/environment.h"

namespace outpost::admin {

// Each returns the exit status. `as_json`: one JSON object a line.
int ListQueue(Environment& environment, bool as_json);
// The form of Postfix's mailq.
int Mailq(Environment& environment);
int TraceMessage(Environment& environment, const std::string& id, bool as_json);

}  // namespace outpost::admin
