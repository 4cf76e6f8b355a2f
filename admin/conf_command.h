// outpost conf: parameters shown. conf_edit_command.h has those that change main.cf.
#pragma once

#include <string>
#include <vector>

#include "admin/environment.h"

namespace outpost::admin {

// "name = value" a line: all parameters as in force, or those that main.cf sets as written (`explicit_only`), or
// `names` alone. EX_DATAERR when a name is unknown, after showing the others.
int ShowConfiguration(Environment& environment, bool explicit_only, const std::vector<std::string>& names);

struct GetOptions {
  std::vector<std::string> names;
  bool only_values = false;
  bool json = false;
};
// The values in force of `names`, after expansion: a line each, or one JSON object each. EX_DATAERR as above.
int GetParameters(Environment& environment, const GetOptions& options);

// What main.cf sets otherwise than the default, with that default.
int DiffParameters(Environment& environment, bool json);

// All that is known of each of `names`, or of every parameter. EX_DATAERR as above.
int ExplainParameters(Environment& environment, const std::vector<std::string>& names, bool json);

}  // namespace outpost::admin
