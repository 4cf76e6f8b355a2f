// A text file that somebody may be writing just now, in place: half of a main.cf would send mail another way than all of
// it. How old a last write must be to be believed the last.
#pragma once

#include <chrono>
#include <ctime>
#include <string>

#include "lib/sys/error.h"

namespace outpost::conf {

// Who reads for the first time has nothing older: a file that looks whole is believed so long after its last write.
constexpr std::chrono::milliseconds kFirstSettleTime{100};
// One that is empty or does not end in a line feed, as what an editor or a copy has not finished.
constexpr std::chrono::milliseconds kFirstCutTime{1000};

// Whether `modified` is so long ago. A time in the future is another clock's, not a recent change.
bool IsOlder(const timespec& modified, std::chrono::milliseconds age);

// sys::ReadFile once the file is no longer written: usually at once; after three seconds as it is then.
sys::Result<std::string> ReadSettled(const std::string& path, size_t max_bytes);

}  // namespace outpost::conf
