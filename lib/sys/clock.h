// The three clocks. Deciding code takes a time as an argument; only processes' edges ask the kernel.
#pragma once

#include <chrono>
#include <cstdint>

namespace outpost::sys {

using Microseconds = std::chrono::microseconds;

// Since the epoch; may jump.
Microseconds WallClock();
// Since some start; never jumps, stands still while suspended. For time-outs.
Microseconds MonotonicClock();
// As MonotonicClock, but goes on while suspended. The difference tells a resume.
Microseconds BootClock();

}  // namespace outpost::sys
