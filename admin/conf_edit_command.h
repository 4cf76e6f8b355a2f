// outpost conf set, outpost conf unset.
#pragma once

#include <string>
#include <vector>

#include "admin/environment.h"

namespace outpost::admin {

// Writes "name=value" words into main.cf, or with `dry_run` shows what would change. Nothing is written when any of them is
// wrong, or when a start would refuse the whole: EX_DATAERR, all reasons on stderr.
int SetParameters(const Environment& environment, const std::vector<std::string>& assignments, bool dry_run);

// Takes `names` out of main.cf, so that their defaults hold. The same otherwise.
int UnsetParameters(const Environment& environment, const std::vector<std::string>& names, bool dry_run);

}  // namespace outpost::admin
