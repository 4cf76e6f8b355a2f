// Which SASL mechanisms a credential may be shown through, on a connection of a given kind. Pure.
//
// Three rules, all of which must agree: smtp_sasl_mechanism_filter; smtp_sasl_security_options, or its _tls_ form;
// and the known-peer rule: a secret in the clear (PLAIN, LOGIN, tokens) goes only to a relay that is known, by a
// certificate that verifies for the configured relay, or as localhost or a loopback address in main.cf (attacks S15,
// S17, S18).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::smtp_client {

struct SecurityOptions {
  bool noplaintext = false;
  bool noactive = false;
  bool nodictionary = false;
  bool noanonymous = false;
  bool mutual_auth = false;
  bool forward_secrecy = false;
};
// The error names the unknown word.
sys::Result<SecurityOptions> ParseSecurityOptions(const std::vector<std::string>& words);

struct SaslPolicy {
  SecurityOptions plain_options;    // smtp_sasl_security_options
  SecurityOptions tls_options;      // smtp_sasl_tls_security_options
  std::vector<std::string> filter;  // smtp_sasl_mechanism_filter; empty allows all
  bool require_known_peer = true;
};

struct PeerStanding {
  bool tls = false;
  bool known = false;
};

struct MechanismChoice {
  std::vector<std::string> candidates;      // best first
  SecurityOptions options;                  // what the library shall insist on
  bool withheld_from_unknown_peer = false;  // something was left out by the known-peer rule
};

// `offered`: upper case, as the relay named them.
MechanismChoice ChooseMechanisms(const std::vector<std::string>& offered, const SaslPolicy& policy,
                                 const PeerStanding& peer);

}  // namespace outpost::smtp_client
