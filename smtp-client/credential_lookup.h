// The account for a next hop, from smtp_sasl_password_maps.
#pragma once

#include <optional>
#include <string_view>

#include "conf/configuration.h"
#include "lib/sys/error.h"
#include "lib/sys/log.h"
#include "smtp-client/next_hop.h"
#include "smtp-client/secret.h"

namespace outpost::smtp_client {

// Nothing where no table has a line for `next_hop`. Keys in their order, each in all tables before the next.
//
// The tables hold other accounts' passwords as well, and what has been read stays in freed memory, which processes
// that meet the network would inherit. So a process of its own looks and ends; only what it found comes here.
// It logs the tables' warnings, such as a password file that others can read. To be called before anything is confined.
sys::Result<std::optional<Credential>> LookUpCredential(conf::Configuration& configuration, const NextHop& next_hop,
                                                        const sys::Log& log);

// "user:password" (smtp_sasl_password_maps): all after the first colon is the password.
Credential ParseCredential(std::string_view value);

}  // namespace outpost::smtp_client
