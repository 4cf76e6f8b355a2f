// Under which keys something is looked up in a table, in their order: for each kind of table, the one place that knows.
// Pure.
//
//   kind               keys in their order
//   canonical, sender and recipient canonical, virtual alias, generic, bcc, relocated, sender-dependent relayhost and
//   transport          user+ext@domain, user@domain, user+ext *, user *, @domain
//   transport          user+ext@domain, user@domain, domain, then .parent upwards (or parent), "*"
//   password           the sender's as above where it decides; host; next hop as configured; its other spellings
//   TLS policy         next hop as configured; of a bare domain also .parent upwards
//   alias              local+ext, local
//   domain list        domain, then .parent upwards (or parent)
//
//   *  where the domain is this host's (myorigin, mydestination, its own addresses)
//
// A key with a local part is tried quoted as in RFC 5321, then as it is without quotes where that differs; a domain that
// is not ASCII in its own letters, then in DNS's form (RFC 5891). Pattern tables are asked for the whole alone
// (KeyPart), but for TLS policies and aliases, where Postfix asks them for each key. Letters are not folded here: fixed
// tables fold, patterns do not.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/tables/table.h"

namespace outpost::conf {

struct LookupKey {
  std::string text;
  KeyPart part = KeyPart::kPart;
  std::string extension;  // with its delimiter: what the key leaves away, for propagate_unmatched_extensions
  bool operator==(const LookupKey&) const = default;
};
using LookupKeys = std::vector<LookupKey>;

struct ExtensionRules {
  std::string recipient_delimiter;                     // a set of characters; "" splits nothing
  bool owner_request_special = true;                   // owner-x and x-request are not split at '-'
  std::string double_bounce_sender = "double-bounce";  // is not split
};
// The extension of a local part without quotes, with its delimiter; "" where there is none. postmaster and MAILER-DAEMON
// have none, and nothing is split that would leave no user.
std::string_view ExtensionOf(std::string_view local_part, const ExtensionRules& rules);

struct AddressRules {
  ExtensionRules extension;
  std::function<bool(std::string_view domain)> is_local;  // may be empty: no domain is
};

// How a domain's parents are written.
enum class Parents { kDotted, kPlain };  // ".example.org"; "example.org", by parent_domain_matches_subdomains

// The null address is asked for as `null_key` (empty_address_*_lookup_key); "" asks for nothing.
LookupKeys AddressKeys(std::string_view address, const AddressRules& rules, std::string_view null_key = "");
LookupKeys TransportKeys(std::string_view recipient, const AddressRules& rules, Parents parents);
LookupKeys DomainKeys(std::string_view domain, Parents parents);
// `next_hop` as configured: domain, [host], host:port, [host]:port.
LookupKeys TlsPolicyKeys(std::string_view next_hop);
// `local_part` without quotes.
LookupKeys AliasKeys(std::string_view local_part, const ExtensionRules& rules);

// A next hop, as credentials are looked up for it.
struct CredentialPlace {
  std::string configured;  // the whole text
  std::string host;        // without brackets, in DNS's form
  uint16_t port = 0;
};
// Never a name that DNS made of the next hop.
LookupKeys PasswordKeys(const CredentialPlace& place);
// Those of a next hop as relayhost writes it (conf/next_hop.h); none of what is no next hop.
LookupKeys PasswordKeys(std::string_view next_hop, uint16_t default_port);
// With smtp_sender_dependent_authentication; a null sender has no keys of its own.
LookupKeys PasswordKeys(std::string_view sender, const AddressRules& rules, const CredentialPlace& place);

// A domain with other letters as DNS knows it (RFC 5891); as it is where it has none, or cannot be converted.
std::string DomainInAscii(std::string_view domain);

struct Match {
  std::string value;
  std::string extension;  // of the key that was found
};
// The first key that is there, in all tables before the next key. An Error ends the search.
sys::Result<std::optional<Match>> FindFirst(TableList& tables, const LookupKeys& keys);

}  // namespace outpost::conf
