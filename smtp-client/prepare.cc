#include "smtp-client/prepare.h"

#include <algorithm>
#include <utility>

#include "conf/tables/table.h"
#include "lib/sys/text.h"
#include "smtp-client/sasl.h"
#include "smtp-client/tls_policy.h"

namespace outpost::smtp_client {
namespace {

using conf::Finding;
using conf::SmtpClientSettings;
using conf::TlsLevel;

mail::Deferred ConfigurationFault(std::string_view why) {
  return {{4, 3, 5}, sys::Cat("mail system configuration error: ", why), mail::Fault::kPath};
}

mail::Deferred AccountFault(std::string_view why) { return {{4, 7, 0}, std::string(why), mail::Fault::kAccount}; }

std::optional<std::string> FirstError(const conf::Configuration& configuration) {
  for (const auto& finding : configuration.findings()) {
    if (finding.severity == Finding::Severity::kError) return finding.ToString();
  }
  return std::nullopt;
}

bool Has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

ResolvePolicy MakeResolvePolicy(const SmtpClientSettings& settings, bool is_recipient_domain) {
  ResolvePolicy policy;
  policy.families = {Has(settings.inet_protocols, "ipv4"), Has(settings.inet_protocols, "ipv6")};
  if (settings.smtp_address_preference == "ipv4") policy.order.preference = AddressPreference::kIpv4;
  if (settings.smtp_address_preference == "ipv6") policy.order.preference = AddressPreference::kIpv6;
  policy.order.randomize = settings.smtp_randomize_addresses;
  policy.order.limit = static_cast<size_t>(std::max<int64_t>(settings.smtp_mx_address_limit, 0));
  policy.mx_lookups = !settings.disable_dns_lookups;
  policy.failures_are_final = is_recipient_domain;
  return policy;
}

sys::Result<SaslPolicy> MakeSaslPolicy(const SmtpClientSettings& settings) {
  SaslPolicy policy;
  auto plain = ParseSecurityOptions(settings.smtp_sasl_security_options);
  if (!plain) return plain.error();
  auto tls = ParseSecurityOptions(settings.smtp_sasl_tls_security_options);
  if (!tls) return tls.error();
  policy.plain_options = *plain;
  policy.tls_options = *tls;
  policy.filter = settings.smtp_sasl_mechanism_filter;
  policy.require_known_peer = settings.smtp_sasl_require_known_peer;
  return policy;
}

sys::Result<TlsContext> MakeTls(const SmtpClientSettings& settings) {
  const bool mandatory = settings.smtp_tls_security_level >= TlsLevel::kEncrypt || settings.smtp_tls_wrappermode;
  auto versions =
      ParseTlsProtocols(mandatory ? settings.smtp_tls_mandatory_protocols : settings.smtp_tls_protocols);
  if (!versions) return versions.error();
  TrustSettings trust{settings.smtp_tls_CAfile, settings.smtp_tls_CApath, settings.tls_append_default_CA};
  if (trust.ca_file.empty() && trust.ca_path.empty()) trust.system = true;
  return TlsContext::Make(*versions, trust);
}

using CredentialOutcome = std::variant<std::optional<Credential>, mail::Deferred>;

// Keys in their order, each in all tables before the next.
CredentialOutcome FindCredential(conf::Configuration& configuration, const SmtpClientSettings& settings,
                                 const NextHop& next_hop) {
  if (!settings.smtp_sasl_auth_enable) return std::nullopt;
  auto tables = conf::TableList::Open(configuration, "smtp_sasl_password_maps", settings.smtp_sasl_password_maps);
  if (const auto error = FirstError(configuration))
    return AccountFault(sys::Cat("cannot read credentials: ", *error));
  for (const auto& key : next_hop.CredentialKeys()) {
    auto value = tables.Find(key);
    if (!value) return AccountFault(sys::Cat("cannot read credentials: ", value.error().text()));
    if (!*value) continue;
    Credential credential = ParseCredential(**value);
    Wipe(**value);
    return std::optional<Credential>(std::move(credential));
  }
  return std::nullopt;
}

void LogWarnings(const conf::Configuration& configuration, size_t from, const sys::Log& log) {
  const auto& findings = configuration.findings();
  for (size_t i = from; i < findings.size(); ++i) {
    if (findings[i].severity == Finding::Severity::kWarning) log.Warning(findings[i].ToString());
  }
}

}  // namespace

Credential ParseCredential(std::string_view value) {
  const size_t colon = value.find(':');
  if (colon == std::string_view::npos) return {std::string(value), Secret()};
  return {std::string(value.substr(0, colon)), Secret(value.substr(colon + 1))};
}

std::variant<Provision, mail::Deferred> Prepare(conf::Configuration& configuration, const ipc::Prepare& request,
                                                const sys::Log& log) {
  Provision provision;
  provision.settings = conf::ReadSmtpClientSettings(configuration);
  if (const auto error = FirstError(configuration)) return ConfigurationFault(*error);
  const auto& settings = provision.settings;

  auto parsed = ParseNextHop(request.next_hop, static_cast<uint16_t>(settings.smtp_tcp_port));
  if (!parsed) return ConfigurationFault(parsed.error().text());
  provision.next_hop = std::move(*parsed);
  provision.resolve = MakeResolvePolicy(settings, request.is_recipient_domain);
  auto sasl = MakeSaslPolicy(settings);
  if (!sasl) return ConfigurationFault(sasl.error().text());
  provision.sasl = std::move(*sasl);

  if (settings.smtp_tls_security_level != TlsLevel::kNone || settings.smtp_tls_wrappermode) {
    auto tls = MakeTls(settings);
    if (!tls) return ConfigurationFault(tls.error().text());
    provision.tls = std::move(*tls);
  }

  const size_t known = configuration.findings().size();
  auto credential = FindCredential(configuration, settings, provision.next_hop);
  LogWarnings(configuration, known, log);
  if (auto* fault = std::get_if<mail::Deferred>(&credential)) return std::move(*fault);
  provision.credential = std::move(std::get<std::optional<Credential>>(credential));
  if (provision.credential) {
    if (auto loaded = LoadSaslPlugins(); !loaded) return AccountFault(loaded.error().text());
  }
  return provision;
}

}  // namespace outpost::smtp_client
