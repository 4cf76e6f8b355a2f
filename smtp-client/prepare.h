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
  // A recipient's domain that is no name: its mail is returned, without a connection.
  std::optional<mail::Verdict> refusal;
  conf::SmtpClientSettings settings;
  NextHop next_hop;
  // The relay's certificate was good on another network than the one that this host is in now.
  bool verified_elsewhere = false;
  bool wants_transcripts = false;  // for refusals
  ResolvePolicy resolve;
  std::optional<TlsContext> tls;  // nothing at level none
  std::optional<Credential> credential;
  SaslPolicy sasl;
};

// A configuration that is broken is a path fault (it says nothing about the account), credentials that cannot be
// read an account fault: neither returns mail.
std::variant<Provision, mail::Deferred> Prepare(conf::Configuration& configuration, const ipc::Prepare& request,
                                                const sys::Log& log);

}  // namespace outpost::smtp_client
