// outpost conf [-n | --describe] [NAME...]
#pragma once

#include <string>
#include <vector>

#include "admin/environment.h"

namespace outpost::admin {

// "name = value" a line: all parameters as in force, or those that main.cf sets as written (`explicit_only`), or
// `names` alone. EX_DATAERR when a name is unknown, after showing the others.
int ShowConfiguration(Environment& environment, bool explicit_only, const std::vector<std::string>& names);

// What each of `names`, or every parameter, is for: type, default, a sentence. EX_DATAERR as above.
int DescribeParameters(const std::vector<std::string>& names);

}  // namespace outpost::admin
