#include "smtp-client/prepare.h"

#include <algorithm>
#include <utility>

#include "lib/sys/text.h"
#include "smtp-client/credential_lookup.h"
#include "smtp-client/sasl.h"
#include "smtp-client/tls_policy.h"

namespace outpost::smtp_client {
namespace {

using conf::Finding;
using conf::SmtpClientSettings;
using conf::TlsLevel;

mail::Deferred ConfigurationFault(std::string_view why, Trouble trouble = Trouble::kConfiguration) {
  return Defer(Judge(Party::kRelay, trouble), sys::Cat("mail system configuration error: ", why));
}

mail::Deferred AccountFault(Trouble trouble, std::string why) {
  return Defer(Judge(Party::kRelay, trouble), std::move(why));
}

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
  if (is_recipient_domain) policy.party = Party::kRecipientDomain;
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

}  // namespace

std::variant<Provision, mail::Deferred> Prepare(conf::Configuration& configuration, const ipc::Prepare& request,
                                                const sys::Log& log) {
  Provision provision;
  provision.settings = conf::ReadSmtpClientSettings(configuration);
  if (const auto error = FirstError(configuration)) return ConfigurationFault(*error);
  const auto& settings = provision.settings;

  auto parsed = ParseNextHop(request.next_hop, static_cast<uint16_t>(settings.smtp_tcp_port));
  if (!parsed && request.is_recipient_domain) {
    provision.refusal = Decide(Judge(Party::kRecipientDomain, Trouble::kBadDomain), parsed.error().text());
    return provision;
  }
  if (!parsed) return ConfigurationFault(parsed.error().text(), Trouble::kBadDomain);
  provision.next_hop = std::move(*parsed);
  provision.verified_elsewhere = request.verified_elsewhere;
  provision.wants_transcripts = request.wants_transcripts;
  provision.resolve = MakeResolvePolicy(settings, request.is_recipient_domain);
  auto sasl = MakeSaslPolicy(settings);
  if (!sasl) return ConfigurationFault(sasl.error().text());
  provision.sasl = std::move(*sasl);

  if (settings.smtp_tls_security_level != TlsLevel::kNone || settings.smtp_tls_wrappermode) {
    auto tls = MakeTls(settings);
    if (!tls) return ConfigurationFault(tls.error().text());
    provision.tls = std::move(*tls);
  }

  if (!settings.smtp_sasl_auth_enable) return provision;
  auto credential = LookUpCredential(configuration, provision.next_hop, log);
  if (!credential)
    return AccountFault(Trouble::kNoCredentials, sys::Cat("cannot read credentials: ", credential.error().text()));
  provision.credential = std::move(*credential);
  if (provision.credential) {
    if (auto loaded = LoadSaslPlugins(); !loaded) return AccountFault(Trouble::kNoPlugins, loaded.error().text());
    // Whoever has an account there says so in main.cf: it is a relay.
    provision.resolve.party = Party::kRelay;
  }
  return provision;
}

}  // namespace outpost::smtp_client
