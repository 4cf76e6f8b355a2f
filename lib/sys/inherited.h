// What a program has from whoever started it, made safe: any user may start sendmail and drop with anything closed,
// open, ignored or set.
#pragma once

#include "lib/sys/error.h"

namespace outpost::sys {

// Opens /dev/null for each of 0, 1 and 2 that is closed, so that no file of ours ever gets such a number and takes
// in what was meant for the terminal (attack S4). Call before anything is opened.
Result<void> OpenStandardDescriptors();

// Closes all from 3.
void CloseInheritedDescriptors();

}  // namespace outpost::sys
