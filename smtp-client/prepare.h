// What the parent gets ready, once, for one next hop and account: everything that needs a file, a table or a
// plug-in, so that the processes which meet the network need none.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "conf/configuration.h"
#include "conf/settings.h"
#include "lib/ipc/delivery.h"
#include "lib/mail/verdict.h"
#include "lib/sys/log.h"
#include "smtp-client/mechanisms.h"
#include "smtp-client/next_hop.h"
#include "smtp-client/relay.h"
#include "smtp-client/secret.h"
#include "smtp-client/tls.h"

namespace outpost::smtp_client {

struct Provision {
  conf::SmtpClientSettings settings;
  NextHop next_hop;
  ResolvePolicy resolve;
  std::optional<TlsContext> tls;  // nothing at level none
  std::optional<Credential> credential;
  SaslPolicy sasl;
};

// A configuration that is broken is a path fault (it says nothing about the account), credentials that cannot be
// read an account fault: neither returns mail. Warnings of the tables, such as a password file that others can
// read, are logged.
std::variant<Provision, mail::Deferred> Prepare(conf::Configuration& configuration, const ipc::Prepare& request,
                                                const sys::Log& log);

// "user:password" (smtp_sasl_password_maps): all after the first colon is the password.
Credential ParseCredential(std::string_view value);

}  // namespace outpost::smtp_client
