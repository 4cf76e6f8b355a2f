// The way from a command line to a confined process: everything that needs rights, in the order in which they shrink.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "queue-runner/runner.h"

namespace outpost::queue_runner {

struct Options {
  std::optional<std::string> config_directory;  // -C
  bool once = false;
  sys::UniqueFd notify;  // --notify: told "ready" or what is wrong, then closed
};

struct Trouble {
  int exit_code = 0;  // sysexits.h
  std::string text;
};

// An Error says what is wrong with the command line.
sys::Result<Options> ParseOptions(const std::vector<std::string>& arguments);

struct Prepared {
  Belongings belongings;
  queue::QueueLock lock;  // held as long as the process lives
  Policy policy;
};

// Reads the settings, takes the lock, opens what is needed, as root if it must be, and gives up root. On trouble,
// whatever was opened is closed again.
std::variant<Prepared, Trouble> Prepare(const Options& options);

// Writes one line to the notify descriptor and closes it.
void Notify(Options& options, std::string_view text);

}  // namespace outpost::queue_runner
