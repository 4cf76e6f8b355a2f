// outpost check, outpost conf check: everything wrong that can be seen without sending anything, at once.
#pragma once

#include "admin/environment.h"

namespace outpost::admin {

// Adds to the findings whatever a start would refuse: what is wrong in main.cf, in any program's part of it, and in the
// tables it names.
void CheckConfiguration(Environment& environment);

struct CheckOptions {
  bool json = false;
  bool may_ask = true;       // DNS, about the relay
  bool installation = true;  // the queue directory's owners and modes as well
};

// The above, and what is legal and wrong in practice. EX_CONFIG when there is an error; warnings and notes are printed.
int Check(Environment& environment, const CheckOptions& options);

}  // namespace outpost::admin
