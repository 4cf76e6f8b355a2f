// One call of `sendmail` in submit mode, from options to the answer.
#pragma once

#include <string>
#include <vector>

#include "conf/location.h"
#include "conf/settings.h"
#include "sendmail/caller.h"
#include "sendmail/failure.h"
#include "sendmail/options.h"

namespace outpost::sendmail {

// Where the mailer is. No mistake in main.cf refuses a message: of it the parameters of SendmailSettings alone are read,
// and where one is wrong, its default holds.
struct Surroundings {
  conf::Location location;
  conf::SendmailSettings settings;
};
Attempt<Surroundings> FindMailer(const Options& options);

struct Submitted {
  std::string id;
  std::vector<std::string> warnings;
};

// Makes the record of standard input and hands it over.
Attempt<Submitted> Submit(const Options& options, const Caller& caller, const Surroundings& mailer);

}  // namespace outpost::sendmail
