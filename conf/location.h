// Where the configuration is.
#pragma once

#include <optional>
#include <string>

#include "lib/sys/error.h"

namespace outpost::conf {

struct Location {
  std::string directory;                // absolute
  bool user_mode = false;               // the user's own
  std::string default_queue_directory;  // what queue_directory is unless main.cf says otherwise
  bool was_named = false;               // by the option or MAIL_CONFIG
  std::string MainCf() const { return directory + "/main.cf"; }
};

// Order: `option` (sendmail -C, outpost -C: a directory, or a path that ends in main.cf), MAIL_CONFIG (not when
// privileged by set-id), a user's own ~/.config/outpost/main.cf where there is one (XDG_CONFIG_HOME honoured, never
// for root), the directory compiled in. Whether main.cf is there is not looked at but for the user's own.
sys::Result<Location> Locate(const std::optional<std::string>& option);

}  // namespace outpost::conf
