#include "queue-runner/resolve.h"

#include <algorithm>
#include <optional>

#include "lib/mail/enhanced_status.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

constexpr size_t kMaxDomain = 255;
constexpr size_t kMaxLabel = 63;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsBeyondAscii(char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }

// Where the local part ends: the '@' after a quoted string, or the last one of plain text.
std::optional<size_t> FindAt(std::string_view address) {
  if (address.empty() || address.front() != '"') {
    const size_t at = address.rfind('@');
    return at == std::string_view::npos ? std::nullopt : std::optional(at);
  }
  for (size_t i = 1; i < address.size(); ++i) {
    if (address[i] == '\\') {
      ++i;
    } else if (address[i] == '"') {
      return i + 1 < address.size() && address[i + 1] == '@' ? std::optional(i + 1) : std::nullopt;
    }
  }
  return std::nullopt;
}

// Dots are not looked at: "a..b@example.org" exists, and its server decides.
bool IsLocalPart(std::string_view local) {
  if (local.empty()) return false;
  if (local.front() == '"') return true;  // FindAt has seen its end
  constexpr std::string_view kSpecials = "<>()[]\\,;:\"@";
  return std::ranges::all_of(
      local, [&](char c) { return c != ' ' && c != '\t' && kSpecials.find(c) == std::string_view::npos; });
}

bool IsLabel(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(
      label, [](char c) { return IsLetter(c) || IsDigit(c) || c == '-' || c == '_' || IsBeyondAscii(c); });
}

bool IsAddressLiteral(std::string_view domain) {
  if (domain.size() < 3 || domain.front() != '[' || domain.back() != ']') return false;
  return std::ranges::all_of(domain.substr(1, domain.size() - 2),
                             [](char c) { return IsLetter(c) || IsDigit(c) || c == '.' || c == ':' || c == '-'; });
}

// A name; "192.0.2.1" without brackets is none (Postfix's resolve_numeric_domain = no).
bool IsDomain(std::string_view domain) {
  if (IsAddressLiteral(domain)) return true;
  if (domain.empty() || domain.size() > kMaxDomain) return false;
  bool numeric = true;
  for (std::string_view rest = domain; !rest.empty();) {
    const size_t dot = std::min(rest.find('.'), rest.size());
    const std::string_view label = rest.substr(0, dot);
    if (!IsLabel(label)) return false;
    numeric = numeric && std::ranges::all_of(label, IsDigit);
    if (dot + 1 == rest.size()) return false;  // a dot at the end
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  return !numeric;
}

// "5.7.1 text" as it is; text without a code of this category gets `standard`.
std::string WithStatus(std::string_view reason, std::string_view standard) {
  const auto status = mail::EnhancedStatus::ParsePrefix(reason);
  if (status && status->ToString().front() == standard.front()) return std::string(reason);
  return sys::Cat(standard, reason.empty() ? "" : " ", reason);
}

// default_transport in its two parts.
struct Transport {
  std::string_view name;
  std::string_view next_hop;  // "" without
};

Transport DefaultTransport(const RoutingRules& rules) {
  const std::string_view configured = rules.default_transport;
  const size_t colon = std::min(configured.find(':'), configured.size());
  return {configured.substr(0, colon), configured.substr(std::min(colon + 1, configured.size()))};
}

}  // namespace

queue::Route Resolve(std::string_view address, const RoutingRules& rules) {
  const auto at = FindAt(address);
  if (!at || !IsLocalPart(address.substr(0, *at)) || !IsDomain(address.substr(*at + 1))) {
    return {std::string(kErrorTransport), "5.1.3 bad address syntax"};
  }
  if (!rules.discarded.empty() && sys::EqualsIgnoringCase(address, rules.discarded)) {
    return {std::string(kDiscardTransport), ""};
  }
  const auto [transport, next_hop] = DefaultTransport(rules);
  if (transport == kErrorTransport) return {std::string(transport), WithStatus(next_hop, "5.0.0")};
  if (transport == kRetryTransport) return {std::string(transport), WithStatus(next_hop, "4.0.0")};
  if (transport != kSmtpTransport) {
    return {std::string(kRetryTransport), sys::Cat("4.3.5 mail transport unavailable: ", transport)};
  }
  if (!next_hop.empty()) return {std::string(transport), std::string(next_hop)};
  if (!rules.relayhost.empty()) return {std::string(transport), rules.relayhost};
  return {std::string(transport), sys::LowerCase(address.substr(*at + 1))};
}

bool GoesToRecipientsDomains(const RoutingRules& rules) {
  return rules.relayhost.empty() && DefaultTransport(rules).next_hop.empty();
}

queue::Route ResolveAgain(const queue::QueuedRecipient& recipient, const RoutingRules& rules) {
  if (recipient.route.transport == kRefusedTransport) return recipient.route;
  return Resolve(recipient.recipient.address, rules);
}

int64_t Generation(const RoutingRules& rules) {
  uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    hash = (hash ^ 0xffU) * 0x100000001b3U;  // no text holds this byte: "a","b" is not "ab",""
  };
  mix(rules.relayhost);
  mix(rules.default_transport);
  mix(rules.discarded);
  return static_cast<int64_t>(hash >> 1U);
}

}  // namespace outpost::queue_runner
