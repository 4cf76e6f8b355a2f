// One record from a descriptor into the maildrop.
#pragma once

#include <chrono>
#include <string>

#include "lib/spool/maildrop_file.h"
#include "lib/sys/unique_fd.h"

namespace outpost::drop {

constexpr std::chrono::seconds kTimeLimit{600};  // from the start to the last byte of input

struct Outcome {
  int exit_code = 0;  // of sysexits.h
  std::string text;   // for the caller, when it is not 0
};

// Reads `input` to its end into a file of the directory `maildrop`, named by the ID in the record's first line.
// Nothing of a record is left behind unless exit_code is 0. A signal that is pending or comes while input is awaited
// (HUP, INT, QUIT, TERM, XCPU: the caller has blocked them) ends it; once the input is whole, none does.
Outcome Drop(sys::FdView input, const std::string& maildrop,
             const spool::MaildropLimits& limits = spool::kMaildropLimits,
             std::chrono::seconds time_limit = kTimeLimit);

}  // namespace outpost::drop
