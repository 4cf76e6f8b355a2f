// A next hop's name becomes addresses, by its MX records and their hosts' addresses (RFC 5321 section 5.1).
//
// For a relay that main.cf names, every failure is a path fault. For a recipient's own domain, when no relayhost is
// set, DNS can say for good that nobody takes mail there: no such domain, no address, or a null MX (RFC 7505); then
// the mail is returned (faults.h).
#pragma once

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "lib/mail/verdict.h"
#include "lib/sys/unique_fd.h"
#include "smtp-client/faults.h"
#include "smtp-client/next_hop.h"
#include "smtp-client/relay_address.h"
#include "smtp-client/resolver.h"

namespace outpost::smtp_client {

struct ResolvePolicy {
  AddressFamilies families;
  AddressOrder order;
  bool mx_lookups = true;  // disable_dns_lookups: no
  Party party = Party::kRelay;
  std::chrono::seconds limit{100};
};

// Addresses in the order in which to try them, at least one; or why there are none: Deferred or Returned.
using Resolution = std::variant<std::vector<RelayAddress>, mail::Verdict, RunnerGone>;

// Ends early when the other end of `channel` closes.
Resolution ResolveRelay(const NextHop& next_hop, const ResolvePolicy& policy, sys::FdView channel);

// Its two decisions. Pure.
//
// The hosts to look for, best first, after DNS has answered on the MX records of `domain`.
std::variant<std::vector<MailHost>, mail::Verdict> ChooseMailHosts(const std::string& domain, MailHostAnswer answer,
                                                                   const ResolvePolicy& policy);
// The addresses to try, after DNS has answered on each of `hosts`; `random` shuffles equals.
Resolution ChooseAddresses(const std::vector<MailHost>& hosts, std::vector<AddressAnswer> answers,
                           const ResolvePolicy& policy, unsigned random);

}  // namespace outpost::smtp_client
