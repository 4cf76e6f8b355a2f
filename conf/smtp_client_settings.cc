#include <algorithm>
#include <array>

#include "conf/next_hop.h"
#include "conf/settings.h"
#include "conf/settings_checks.h"
#include "conf/value_types.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Severity = Finding::Severity;

// Postfix's levels that are not ours yet, and what serves instead.
constexpr std::pair<std::string_view, std::string_view> kOtherTlsLevels[] = {
    {"dane", "secure where the relay's certificate verifies, as that of a provider does, else encrypt"},
    {"dane-only", "secure, for a relay whose certificate verifies"},
    {"fingerprint", "secure, with the relay's certificate, or its CA's, in smtp_tls_CAfile"}};

TlsLevel ReadTlsLevel(Configuration& configuration) {
  static constexpr std::string_view kName = "smtp_tls_security_level";
  const sys::Result<std::string> written = configuration.Expanded(kName);
  for (const auto& [level, instead] : kOtherTlsLevels) {
    if (!written || !sys::EqualsIgnoringCase(*written, level)) continue;
    configuration.AddFinding(Severity::kError, kName,
                             sys::Cat("level ", level, " is not there yet; use ", instead));
    return TlsLevel::kSecure;
  }
  // The strongest first: it stands in for a level that is not known.
  static constexpr Choice<TlsLevel> kLevels[] = {
      {"secure", TlsLevel::kSecure}, {"verify", TlsLevel::kVerify}, {"encrypt", TlsLevel::kEncrypt},
      {"may", TlsLevel::kMay},       {"", TlsLevel::kMay},  // as where it is not set
      {"none", TlsLevel::kNone}};
  return ReadChoice<TlsLevel>(configuration, kName, kLevels);
}

// >=VERSION, <=VERSION, VERSION, !VERSION; names without regard to case.
std::string ReadProtocols(Configuration& configuration, std::string_view name) {
  static constexpr auto kVersions =
      std::to_array<std::string_view>({"sslv2", "sslv3", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3"});
  std::string joined;
  for (const std::string& item : configuration.List(name)) {
    std::string_view version = item;
    if (version.starts_with(">=") || version.starts_with("<=")) {
      version.remove_prefix(2);
    } else if (version.starts_with('!')) {
      version.remove_prefix(1);
    }
    if (std::ranges::find(kVersions, sys::LowerCase(version)) == kVersions.end()) {
      AddUnknownWord(configuration, name, item,
                     "SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3, each alone or after \">=\", \"<=\" or \"!\"");
    }
    joined += (joined.empty() ? "" : " ") + item;
  }
  return joined;
}

std::vector<std::string> ReadProtocolFamilies(Configuration& configuration) {
  std::vector<std::string> families = configuration.List("inet_protocols");
  if (families.empty()) configuration.AddFinding(Severity::kError, "inet_protocols", "must not be empty");
  if (std::ranges::find(families, "all") != families.end()) return {"ipv4", "ipv6"};
  return families;
}

int64_t ReadPort(Configuration& configuration) {
  const std::string text = configuration.String("smtp_tcp_port");
  const std::optional<uint16_t> port = ParsePort(text);
  if (!port) AddUnknownWord(configuration, "smtp_tcp_port", text, "1 to 65535, smtp, submission, submissions");
  return port.value_or(25);
}

// A host name, or an address literal.
std::string ReadHeloName(Configuration& configuration) {
  std::string name = configuration.String("smtp_helo_name");
  if (name.starts_with('[') && name.ends_with(']') && ParseNextHop(name)) return name;
  return CheckedHostName(configuration, "smtp_helo_name", std::move(name));
}

// Of Postfix's tables of patterns "static:" alone, which has every name.
std::vector<std::string> ReadMechanismFilter(Configuration& configuration) {
  static constexpr std::string_view kName = "smtp_sasl_mechanism_filter";
  static constexpr std::string_view kStatic = "static:";
  static constexpr std::string_view kNameBytes = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  std::vector<std::string> items = configuration.Patterns(kName);
  for (const std::string& item : items) {
    const std::string name = sys::LowerCase(std::string_view(item).substr(item.starts_with('!') ? 1 : 0));
    if (name.starts_with(kStatic)) continue;
    if (!name.empty() && name.find_first_not_of(kNameBytes) == std::string::npos) continue;
    AddUnknownWord(configuration, kName, item, "mechanism names and static:all, each alone or after \"!\"");
  }
  return items;
}

void ReadTls(Configuration& configuration, SmtpClientSettings* settings) {
  settings->smtp_tls_security_level = ReadTlsLevel(configuration);
  settings->smtp_tls_wrappermode = configuration.Bool("smtp_tls_wrappermode");
  if (settings->smtp_tls_wrappermode && settings->smtp_tls_security_level < TlsLevel::kEncrypt) {
    configuration.AddFinding(Severity::kError, "smtp_tls_wrappermode",
                             "needs smtp_tls_security_level = encrypt, verify or secure");
  }
  settings->smtp_tls_CAfile = CheckedPath(configuration, "smtp_tls_CAfile");
  settings->smtp_tls_CApath = CheckedPath(configuration, "smtp_tls_CApath");
  settings->tls_append_default_CA = configuration.Bool("tls_append_default_CA");
  settings->smtp_tls_protocols = ReadProtocols(configuration, "smtp_tls_protocols");
  settings->smtp_tls_mandatory_protocols = ReadProtocols(configuration, "smtp_tls_mandatory_protocols");
  settings->smtp_tls_verify_cert_match = configuration.List("smtp_tls_verify_cert_match");
  settings->smtp_tls_secure_cert_match = configuration.List("smtp_tls_secure_cert_match");
  settings->smtp_tls_servername = configuration.String("smtp_tls_servername");
  settings->smtp_tls_loglevel = configuration.Integer("smtp_tls_loglevel");
}

void ReadSasl(Configuration& configuration, SmtpClientSettings* settings) {
  settings->smtp_sasl_auth_enable = configuration.Bool("smtp_sasl_auth_enable");
  settings->smtp_sasl_password_maps = configuration.List("smtp_sasl_password_maps");
  // A list that is wrong is empty, and has a finding of its own.
  const auto is_right = [&] {
    const auto written = configuration.Expanded("smtp_sasl_password_maps");
    return written && SplitList(*written);
  };
  if (settings->smtp_sasl_auth_enable && settings->smtp_sasl_password_maps.empty() && is_right()) {
    configuration.AddFinding(Severity::kError, "smtp_sasl_auth_enable", "needs smtp_sasl_password_maps");
  }
  settings->smtp_sasl_security_options = configuration.List("smtp_sasl_security_options");
  settings->smtp_sasl_tls_security_options = configuration.List("smtp_sasl_tls_security_options");
  settings->smtp_sasl_mechanism_filter = ReadMechanismFilter(configuration);
  settings->smtp_sasl_require_known_peer = configuration.Bool("smtp_sasl_require_known_peer");
}

void ReadTimes(Configuration& configuration, SmtpClientSettings* settings) {
  settings->smtp_connect_timeout = configuration.Time("smtp_connect_timeout");
  settings->smtp_helo_timeout = configuration.Time("smtp_helo_timeout");
  settings->smtp_starttls_timeout = configuration.Time("smtp_starttls_timeout");
  settings->smtp_mail_timeout = configuration.Time("smtp_mail_timeout");
  settings->smtp_rcpt_timeout = configuration.Time("smtp_rcpt_timeout");
  settings->smtp_data_init_timeout = configuration.Time("smtp_data_init_timeout");
  settings->smtp_data_xfer_timeout = configuration.Time("smtp_data_xfer_timeout");
  settings->smtp_data_done_timeout = configuration.Time("smtp_data_done_timeout");
  settings->smtp_rset_timeout = configuration.Time("smtp_rset_timeout");
  settings->smtp_quit_timeout = configuration.Time("smtp_quit_timeout");
  settings->minimal_backoff_time = configuration.Time("minimal_backoff_time");
}

}  // namespace

SmtpClientSettings ReadSmtpClientSettings(Configuration& configuration) {
  SmtpClientSettings settings;
  settings.common = ReadCommonSettings(configuration);
  settings.myhostname = ReadHostName(configuration, "myhostname");
  settings.smtp_helo_name = ReadHeloName(configuration);
  settings.relayhost = ReadRelayhost(configuration);
  settings.smtp_tcp_port = ReadPort(configuration);
  ReadTls(configuration, &settings);
  ReadSasl(configuration, &settings);
  settings.soft_bounce = configuration.Bool("soft_bounce");
  settings.smtp_always_send_ehlo = configuration.Bool("smtp_always_send_ehlo");
  settings.smtp_line_length_limit = static_cast<int64_t>(configuration.Size("smtp_line_length_limit"));
  settings.smtp_mx_address_limit = configuration.Integer("smtp_mx_address_limit");
  settings.smtp_mx_session_limit = configuration.Integer("smtp_mx_session_limit");
  settings.smtp_randomize_addresses = configuration.Bool("smtp_randomize_addresses");
  settings.smtp_address_preference = configuration.Word("smtp_address_preference").value_or("any");
  settings.inet_protocols = ReadProtocolFamilies(configuration);
  settings.disable_dns_lookups = configuration.Bool("disable_dns_lookups");
  ReadTimes(configuration, &settings);
  return settings;
}

}  // namespace outpost::conf
