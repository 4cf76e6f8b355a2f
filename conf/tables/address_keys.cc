#include "conf/tables/address_keys.h"

#include <algorithm>

#include <idn2.h>

#include "conf/next_hop.h"
#include "conf/value_types.h"
#include "lib/mail/address.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using mail::AddressParts;

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Adds keys; one that is there already is asked for once.
class Keys {
 public:
  void Add(std::string text, KeyPart part, std::string_view extension = "") {
    if (text.empty() || std::ranges::find(keys_, text, &LookupKey::text) != keys_.end()) return;
    keys_.push_back({std::move(text), part, std::string(extension)});
  }

  // Both forms of a local part, before "@domain" or alone.
  void AddUser(std::string_view local_part, std::string_view at_domain, KeyPart part, std::string_view extension) {
    if (local_part.empty()) return;
    const std::string quoted = mail::QuoteLocalPart(local_part);
    Add(sys::Cat(quoted, at_domain), part, extension);
    if (quoted != local_part) Add(sys::Cat(local_part, at_domain), part, extension);
  }

  void AddDomain(std::string_view domain, Parents parents, bool patterns_see_parents) {
    KeyPart part = KeyPart::kWhole;
    for (std::string_view rest = domain; !rest.empty();) {
      Add(std::string(rest), part);
      if (!patterns_see_parents) part = KeyPart::kPart;
      const size_t dot = domain.starts_with('[') ? std::string_view::npos : rest.find('.', 1);
      if (dot == std::string_view::npos) break;
      rest.remove_prefix(parents == Parents::kDotted ? dot : dot + 1);
    }
  }

  void AddAll(LookupKeys keys) {
    for (LookupKey& key : keys) Add(std::move(key.text), key.part, key.extension);
  }
  LookupKeys Finished() && { return std::move(keys_); }

 private:
  LookupKeys keys_;
};

// The domain as it is written and, where it differs, as DNS knows it.
std::vector<std::string> FormsOf(const std::string& domain) {
  std::string ascii = DomainInAscii(domain);
  if (ascii == domain) return {domain};
  return {domain, std::move(ascii)};
}

// Its user, with and without extension.
void AddMailbox(Keys& keys, const AddressParts& parts, std::string_view extension) {
  const std::string_view user = parts.local_part;
  const std::string_view bare = user.substr(0, user.size() - extension.size());
  const auto forms = parts.domain ? FormsOf(*parts.domain) : std::vector<std::string>{""};
  const auto at = [&](const std::string& domain) { return parts.domain ? sys::Cat("@", domain) : std::string(); };
  for (const std::string& domain : forms) {
    keys.AddUser(user, at(domain), domain == forms.front() ? KeyPart::kWhole : KeyPart::kPart, "");
  }
  if (extension.empty()) return;
  for (const std::string& domain : forms) keys.AddUser(bare, at(domain), KeyPart::kPart, extension);
}

}  // namespace

std::string_view ExtensionOf(std::string_view local_part, const ExtensionRules& rules) {
  constexpr std::string_view kOwner = "owner-";
  constexpr std::string_view kRequest = "-request";
  for (const std::string_view whole : {std::string_view("postmaster"), std::string_view("MAILER-DAEMON"),
                                       std::string_view(rules.double_bounce_sender)}) {
    if (sys::EqualsIgnoringCase(local_part, whole)) return {};
  }
  if (rules.owner_request_special && rules.recipient_delimiter.find('-') != std::string::npos) {
    if (sys::EqualsIgnoringCase(local_part.substr(0, kOwner.size()), kOwner)) return {};
    if (local_part.size() > kRequest.size() &&
        sys::EqualsIgnoringCase(local_part.substr(local_part.size() - kRequest.size()), kRequest)) {
      return {};
    }
  }
  const size_t place = local_part.find_first_of(rules.recipient_delimiter);
  if (place == 0 || place == std::string_view::npos) return {};
  return local_part.substr(place);
}

LookupKeys AddressKeys(std::string_view address, const AddressRules& rules, std::string_view null_key) {
  Keys keys;
  if (address.empty()) {
    keys.Add(std::string(null_key), KeyPart::kWhole);
    return std::move(keys).Finished();
  }
  const AddressParts parts = mail::SplitAddress(address);
  const std::string_view user = parts.local_part;
  const std::string_view extension = ExtensionOf(user, rules.extension);
  AddMailbox(keys, parts, extension);
  if (!parts.domain) return std::move(keys).Finished();
  if (rules.is_local && rules.is_local(*parts.domain)) {
    keys.AddUser(user, "", KeyPart::kPart, "");
    keys.AddUser(user.substr(0, user.size() - extension.size()), "", KeyPart::kPart, extension);
  }
  for (const std::string& domain : FormsOf(*parts.domain)) keys.Add(sys::Cat("@", domain), KeyPart::kPart);
  return std::move(keys).Finished();
}

LookupKeys TransportKeys(std::string_view recipient, const AddressRules& rules, Parents parents) {
  Keys keys;
  const AddressParts parts = mail::SplitAddress(recipient);
  AddMailbox(keys, parts, ExtensionOf(parts.local_part, rules.extension));
  Keys domains;
  for (const std::string& domain : FormsOf(parts.domain.value_or(""))) domains.AddDomain(domain, parents, false);
  LookupKeys of_domains = std::move(domains).Finished();
  for (LookupKey& key : of_domains) key.part = KeyPart::kPart;  // here the address is the whole
  keys.AddAll(std::move(of_domains));
  keys.Add("*", KeyPart::kWhole);
  return std::move(keys).Finished();
}

LookupKeys DomainKeys(std::string_view domain, Parents parents) {
  Keys keys;
  for (const std::string& form : FormsOf(std::string(domain))) keys.AddDomain(form, parents, false);
  return std::move(keys).Finished();
}

LookupKeys TlsPolicyKeys(std::string_view next_hop) {
  Keys keys;
  if (!IsHostName(next_hop)) {
    keys.Add(std::string(next_hop), KeyPart::kWhole);
  } else {
    for (const std::string& form : FormsOf(std::string(next_hop))) keys.AddDomain(form, Parents::kDotted, true);
  }
  return std::move(keys).Finished();
}

LookupKeys AliasKeys(std::string_view local_part, const ExtensionRules& rules) {
  Keys keys;
  const std::string_view extension = ExtensionOf(local_part, rules);
  keys.Add(std::string(local_part), KeyPart::kWhole);
  keys.Add(std::string(local_part.substr(0, local_part.size() - extension.size())), KeyPart::kWhole, extension);
  return std::move(keys).Finished();
}

LookupKeys PasswordKeys(const CredentialPlace& place) {
  Keys keys;
  keys.Add(place.host, KeyPart::kWhole);
  keys.Add(place.configured, KeyPart::kWhole);
  for (const std::string& name : {sys::Cat("[", place.host, "]"), place.host}) {
    keys.Add(sys::Cat(name, ":", place.port), KeyPart::kWhole);
    keys.Add(name, KeyPart::kWhole);
  }
  return std::move(keys).Finished();
}

LookupKeys PasswordKeys(std::string_view next_hop, uint16_t default_port) {
  const auto parsed = ParseNextHop(next_hop);
  if (!parsed) return {};
  return PasswordKeys(
      {std::string(next_hop), sys::LowerCase(DomainInAscii(parsed->host)), parsed->port.value_or(default_port)});
}

LookupKeys PasswordKeys(std::string_view sender, const AddressRules& rules, const CredentialPlace& place) {
  Keys keys;
  keys.AddAll(AddressKeys(sender, rules));
  keys.AddAll(PasswordKeys(place));
  return std::move(keys).Finished();
}

std::string DomainInAscii(std::string_view domain) {
  std::string same(domain);
  char* converted = nullptr;
  if (IsAscii(domain)) return same;
  if (idn2_to_ascii_8z(same.c_str(), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) return same;
  std::string ascii = converted;
  idn2_free(converted);
  return ascii;
}

sys::Result<std::optional<Match>> FindFirst(TableList& tables, const LookupKeys& keys) {
  for (const LookupKey& key : keys) {
    Found found = tables.Find(key.text, key.part);
    if (!found) return found.error();
    if (*found) return std::optional(Match{std::move(**found), key.extension});
  }
  return std::optional<Match>();
}

}  // namespace outpost::conf
