#include "lib/mail/address.h"

#include <algorithm>
#include <arpa/inet.h>

#include "lib/mail/envelope.h"

namespace outpost::mail {
namespace {

constexpr size_t kMaxDomain = 255;
constexpr size_t kMaxLabel = 63;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
bool IsNotAscii(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// RFC 5322 section 3.2.3, with RFC 6532's letters.
bool IsAtomText(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~";
  return IsAlphanumeric(c) || IsNotAscii(c) || kOthers.find(c) != std::string_view::npos;
}

bool IsDotString(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.' ? text[i - 1] == '.' : !IsAtomText(text[i])) return false;
  }
  return true;
}

// The '@' between local part and domain; npos when there is none.
size_t FindAt(std::string_view address) {
  size_t found = std::string_view::npos;
  bool quoted = false;
  for (size_t i = 0; i < address.size(); ++i) {
    if (address[i] == '\\') {
      ++i;
    } else if (address[i] == '"') {
      quoted = !quoted;
    } else if (address[i] == '@' && !quoted) {
      found = i;
    }
  }
  return found;
}

std::string Unquote(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') continue;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

// A Dot-string or one Quoted-string, whole; control characters are looked for elsewhere.
bool IsLocalPart(std::string_view text) {
  if (IsDotString(text)) return true;
  if (text.size() < 3 || text.front() != '"' || text.back() != '"') return false;
  const std::string_view inside = text.substr(1, text.size() - 2);
  for (size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '"') return false;
    if (inside[i] == '\\' && ++i == inside.size()) return false;
  }
  return true;
}

bool IsValidLiteral(std::string_view domain) {
  constexpr std::string_view kIpv6 = "[IPv6:";
  if (domain.size() < 3 || domain.back() != ']' || std::ranges::any_of(domain, IsControl)) return false;
  const bool ipv6 = domain.starts_with(kIpv6);
  domain.remove_suffix(1);
  domain.remove_prefix(ipv6 ? kIpv6.size() : 1);
  in6_addr address{};
  return inet_pton(ipv6 ? AF_INET6 : AF_INET, std::string(domain).c_str(), &address) == 1;
}

bool IsValidLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label,
                             [](char c) { return IsAlphanumeric(c) || IsNotAscii(c) || c == '-' || c == '_'; });
}

// What an address without '@' means where it names a site in another way.
void ReadOldRoute(const CompletionRules& rules, AddressParts& parts) {
  const std::string bare = parts.local_part;
  if (const size_t bang = bare.find('!'); rules.swap_bangpath && bang != std::string::npos) {
    parts = {bare.substr(bang + 1), bare.substr(0, bang)};
  } else if (const size_t percent = bare.rfind('%'); rules.allow_percent_hack && percent != std::string::npos) {
    parts = {bare.substr(0, percent), bare.substr(percent + 1)};
  }
}

}  // namespace

AddressParts SplitAddress(std::string_view address) {
  const size_t at = FindAt(address);
  if (at == std::string_view::npos) return {Unquote(address), std::nullopt};
  return {Unquote(address.substr(0, at)), std::string(address.substr(at + 1))};
}

std::string QuoteLocalPart(std::string_view local_part) {
  if (IsDotString(local_part)) return std::string(local_part);
  std::string out = "\"";
  for (const char c : local_part) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string JoinAddress(const AddressParts& parts) {
  std::string out = parts.local_part.empty() ? "" : QuoteLocalPart(parts.local_part);
  if (parts.domain) out.append(1, '@').append(*parts.domain);
  return out;
}

bool IsValidAddress(std::string_view address) {
  if (address.size() > kMaxAddress || std::ranges::any_of(address, IsControl)) return false;
  const size_t at = FindAt(address);
  return at != std::string_view::npos && IsLocalPart(address.substr(0, at)) &&
         IsValidDomain(address.substr(at + 1));
}

bool IsValidDomain(std::string_view domain) {
  if (domain.empty() || domain.size() > kMaxDomain) return false;
  if (domain.front() == '[') return IsValidLiteral(domain);
  if (std::ranges::all_of(domain, [](char c) { return IsDigit(c) || c == '.'; })) return false;
  while (true) {
    const size_t dot = domain.find('.');
    if (!IsValidLabel(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

bool NeedsSmtpUtf8(std::string_view address) { return std::ranges::any_of(address, IsNotAscii); }

std::string CompleteAddress(std::string_view address, const CompletionRules& rules) {
  AddressParts parts = SplitAddress(address);
  if (!parts.domain) {
    if (parts.local_part.empty()) return {};
    ReadOldRoute(rules, parts);
  }
  if (!parts.domain && rules.append_at_myorigin) parts.domain = rules.myorigin;
  if (!parts.domain || parts.domain->empty() || parts.domain->front() == '[') return JoinAddress(parts);
  if (rules.append_dot_mydomain && !rules.mydomain.empty() && parts.domain->find('.') == std::string::npos) {
    parts.domain->append(1, '.').append(rules.mydomain);
  }
  if (parts.domain->back() == '.') parts.domain->pop_back();
  return JoinAddress(parts);
}

}  // namespace outpost::mail
