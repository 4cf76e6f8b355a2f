// What a process becomes when it gives up rights cannot be undone, so such tests run in a child.
#pragma once

#include <functional>

namespace outpost::tests {

// The exit status of a forked child that runs `body` and exits with what it returns (0 to 125); 128 and the signal's
// number when a signal ended it.
int RunForked(const std::function<int()>& body);

}  // namespace outpost::tests
