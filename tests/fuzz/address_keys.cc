// Addresses, domains and next hops under which tables are asked: of any bytes each key is there once, and none is empty.
#include "conf/tables/address_keys.h"

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

namespace {

using namespace outpost::conf;

void Require(bool holds) {
  if (!holds) std::abort();
}

void Check(const LookupKeys& keys) {
  std::set<std::string_view> seen;
  for (const LookupKey& key : keys) Require(!key.text.empty() && seen.insert(key.text).second);
}

void CheckExtension(std::string_view local_part, const ExtensionRules& rules) {
  const std::string_view extension = ExtensionOf(local_part, rules);
  Require(local_part.ends_with(extension));
  if (extension.empty()) return;
  Require(extension.size() < local_part.size());
  Require(rules.recipient_delimiter.find(extension.front()) != std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  AddressRules rules;
  rules.is_local = [](std::string_view domain) { return domain.size() % 2 == 0; };
  for (const std::string_view delimiters : {"", "+", "+-"}) {
    rules.extension.recipient_delimiter = delimiters;
    CheckExtension(text, rules.extension);
    Check(AddressKeys(text, rules, "<>"));
    Check(AliasKeys(text, rules.extension));
    for (const Parents parents : {Parents::kDotted, Parents::kPlain}) {
      Check(TransportKeys(text, rules, parents));
      Check(DomainKeys(text, parents));
    }
    Check(PasswordKeys(text, rules, {std::string(text), std::string(text), 587}));
  }
  Check(TlsPolicyKeys(text));
  return 0;
}
