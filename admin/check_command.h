// outpost check: everything wrong that can be seen without sending anything, at once.
#pragma once

#include "admin/environment.h"

namespace outpost::admin {

// Adds to the findings whatever is wrong in main.cf, in any program's part of it, and in the tables it names.
void CheckConfiguration(Environment& environment);

// The above, and programs, directories, owners and modes. EX_CONFIG when there is an error; warnings are printed.
int Check(Environment& environment);

}  // namespace outpost::admin
