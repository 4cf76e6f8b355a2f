// Changes to main.cf on their way to the file.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "conf/configuration.h"
#include "conf/main_cf_edit.h"
#include "lib/sys/error.h"

namespace outpost::admin {

// What a start would refuse of the text `after` and not of `before`, main.cf of `location`; warnings are left out.
std::vector<conf::Finding> NewErrors(const conf::Location& location, std::string_view before,
                                     std::string_view after);

// Makes the edits in main.cf. `agree` sees the text as it was and what becomes of it, and says whether to go on: nothing is
// written when it does not, or where nothing changes.
using Agree = std::function<bool(std::string_view before, const conf::EditedMainCf& edited)>;
sys::Result<void> EditFile(const conf::Location& location, std::span<const conf::Edit> edits, const Agree& agree);

}  // namespace outpost::admin
