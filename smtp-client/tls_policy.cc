#include "smtp-client/tls_policy.h"

#include <algorithm>
#include <array>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr std::array<std::string_view, 4> kVersionNames = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
using VersionSet = std::array<bool, kVersionNames.size()>;

std::optional<size_t> VersionIndex(std::string_view word) {
  for (size_t i = 0; i < kVersionNames.size(); ++i) {
    if (sys::EqualsIgnoringCase(word, kVersionNames[i])) return i;
  }
  return std::nullopt;
}

bool IsOldWord(std::string_view word) {
  return sys::EqualsIgnoringCase(word, "SSLv2") || sys::EqualsIgnoringCase(word, "SSLv3");
}

// What a list of words has said so far.
struct ProtocolWords {
  VersionSet included{};
  VersionSet excluded{};
  bool any_included = false;
  size_t lowest = 0;
  size_t highest = kVersionNames.size() - 1;

  // False when `word` is none that we know.
  bool Take(std::string_view word) {
    const bool from = word.starts_with(">=");
    const bool to = word.starts_with("<=");
    const bool excludes = word.starts_with('!');
    word.remove_prefix(from || to ? 2 : excludes ? 1 : 0);
    if (IsOldWord(word)) return true;
    const auto version = VersionIndex(word);
    if (!version) return false;
    if (from) {
      lowest = *version;
    } else if (to) {
      highest = *version;
    } else if (excludes) {
      excluded[*version] = true;
    } else {
      included[*version] = any_included = true;
    }
    return true;
  }

  bool Allows(size_t version) const {
    return version >= lowest && version <= highest && !excluded[version] && (!any_included || included[version]);
  }
};

}  // namespace

sys::Result<TlsVersions> ParseTlsProtocols(std::string_view text) {
  constexpr std::string_view kSeparators = " \t\r\n,:";
  ProtocolWords words;
  while (true) {
    const size_t begin = text.find_first_not_of(kSeparators);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(kSeparators));
    if (!words.Take(word)) return sys::Error(sys::Cat("unknown TLS protocol \"", sys::Printable(word, 50), "\""));
    text.remove_prefix(word.size());
  }
  std::optional<size_t> lowest;
  size_t highest = 0;
  for (size_t version = 0; version < kVersionNames.size(); ++version) {
    if (!words.Allows(version)) continue;
    if (!lowest) lowest = version;
    highest = version;
  }
  if (!lowest) return sys::Error("no TLS protocol is left");
  for (size_t version = *lowest; version <= highest; ++version) {
    if (!words.Allows(version)) return sys::Error("the TLS protocols leave a gap");
  }
  return TlsVersions{static_cast<TlsVersion>(*lowest), static_cast<TlsVersion>(highest)};
}

std::vector<std::string> NamesToMatch(const std::vector<std::string>& match, const NextHop& next_hop,
                                      std::string_view host) {
  std::vector<std::string> names;
  for (const auto& word : match) {
    if (word == "nexthop") {
      names.push_back(next_hop.host);
    } else if (word == "dot-nexthop") {
      if (!next_hop.is_address) names.push_back(sys::Cat(".", next_hop.host));
    } else if (word == "hostname") {
      names.emplace_back(host);
    } else {
      names.push_back(sys::LowerCase(word));
    }
  }
  return names;
}

std::string ServerName(const std::string& smtp_tls_servername, const NextHop& next_hop, std::string_view host) {
  std::string name = smtp_tls_servername;
  if (name.empty() || name == "hostname") name = host;
  if (name == "nexthop") name = next_hop.host;
  return IsHostName(name) && !IsAddress(name) ? name : "";
}

}  // namespace outpost::smtp_client
