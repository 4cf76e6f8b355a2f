// One call of `sendmail` in submit mode, from options to the answer.
#pragma once

#include <string>
#include <vector>

#include "sendmail/caller.h"
#include "sendmail/failure.h"
#include "sendmail/options.h"

namespace outpost::sendmail {

struct Submitted {
  std::string id;
  std::vector<std::string> warnings;
};

// Reads main.cf (the parameters of SendmailSettings alone: no mistake in it refuses a message), makes the record of
// standard input and hands it over.
Attempt<Submitted> Submit(const Options& options, const Caller& caller);

}  // namespace outpost::sendmail
