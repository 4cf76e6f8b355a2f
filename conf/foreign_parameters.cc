// Postfix's parameters that are not in the registry: which may be ignored silently, which with a word, and which
// must not be ignored because mail would then leave otherwise than its administrator asked for.
#include <algorithm>
#include <array>

#include "conf/parameters.h"

namespace outpost::conf {
namespace {

using enum ForeignParameter::Effect;

constexpr std::string_view kNoListener = "has no effect: nothing here listens on the network";
constexpr std::string_view kNoLocal =
    "has no effect: mail is not delivered on this host, all of it goes to the relay";
constexpr std::string_view kNoRewriting = "is not supported: mail would leave with other addresses than you expect";
constexpr std::string_view kNoRouting = "is not supported: mail would take another way than you expect";
constexpr std::string_view kNoFilter = "is not supported: mail would leave unfiltered";
constexpr std::string_view kNoTlsPolicy =
    "is not supported: mail could leave with less protection than you expect; use smtp_tls_security_level";

constexpr std::string_view kNoSlots =
    "has no effect: messages with many recipients or large content have a share of the connections, not slots";
constexpr std::string_view kNoRefill =
    "has no effect: recipients are read from the queue as connections can take them; see "
    "qmgr_message_recipient_limit";
constexpr std::string_view kOnlySmtp = "has no effect: all mail leaves by the transport smtp, with its parameters";

// clang-format off
constexpr auto kForeign = std::to_array<ForeignParameter>({
    {"address_verify_*", kNone, kNoListener},
    {"alias_database", kNone, kNoLocal},
    {"alias_maps", kNone, kNoLocal},
    {"always_bcc", kRefused, kNoRewriting},
    {"anvil_*", kNone, kNoListener},
    {"authorized_flush_users", kIgnored, "is not supported: root and mail_owner may flush, and nobody else"},
    {"authorized_mailq_users", kIgnored, "is not supported: users see their own mail, root and mail_owner see all"},
    {"authorized_submit_users", kRefused, "is not supported: mail would be taken from users whom you exclude"},
    {"biff", kNone, kNoLocal},
    {"body_checks", kRefused, kNoFilter},
    {"broken_sasl_auth_clients", kNone, kNoListener},
    {"canonical_maps", kRefused, kNoRewriting},
    {"command_directory", kNone, "has no effect: it is fixed when this is built"},
    {"compatibility_level", kNone, "has no effect: the newest defaults hold"},
    {"content_filter", kRefused, kNoFilter},
    {"data_directory", kNone, "has no effect: everything is kept in queue_directory"},
    {"debug_peer_*", kNone, "has no effect"},
    {"debugger_command", kNone, "has no effect"},
    {"default_database_type", kNone, "has no effect: tables are text files"},
    {"default_delivery_slot_*", kIgnored, kNoSlots},
    {"default_extra_recipient_limit", kIgnored, kNoSlots},
    {"default_minimum_delivery_slots", kIgnored, kNoSlots},
    {"default_recipient_limit", kIgnored, kNoRefill},
    {"default_recipient_refill_*", kIgnored, kNoRefill},
    {"disable_vrfy_command", kNone, kNoListener},
    {"header_checks", kRefused, kNoFilter},
    {"home_mailbox", kNone, kNoLocal},
    {"html_directory", kNone, "has no effect"},
    {"inet_interfaces", kNone, kNoListener},
    {"lmtp_*", kNone, "has no effect: there is no LMTP client"},
    {"local_*", kNone, kNoLocal},
    {"mailbox_*", kNone, kNoLocal},
    {"mailq_path", kNone, "has no effect"},
    {"manpage_directory", kNone, "has no effect"},
    {"masquerade_domains", kRefused, kNoRewriting},
    {"meta_directory", kNone, "has no effect"},
    {"milter_*", kNone, "has no effect: there are no milters"},
    {"mime_header_checks", kRefused, kNoFilter},
    {"mydestination", kIgnored, kNoLocal},
    {"mynetworks", kNone, kNoListener},
    {"mynetworks_style", kNone, kNoListener},
    {"nested_header_checks", kRefused, kNoFilter},
    {"newaliases_path", kNone, "has no effect"},
    {"non_smtpd_milters", kRefused, kNoFilter},
    {"postscreen_*", kNone, kNoListener},
    {"proxy_read_maps", kNone, "has no effect: every program reads its tables itself"},
    {"readme_directory", kNone, "has no effect"},
    {"recipient_bcc_maps", kRefused, kNoRewriting},
    {"recipient_canonical_maps", kRefused, kNoRewriting},
    {"recipient_delimiter", kNone, kNoLocal},
    {"relay_destination_*", kIgnored, kOnlySmtp},
    {"relay_domains", kNone, kNoListener},
    {"relay_initial_destination_concurrency", kIgnored, kOnlySmtp},
    {"relay_recipient_maps", kNone, kNoListener},
    {"relay_transport_rate_delay", kIgnored, kOnlySmtp},
    {"relocated_maps", kRefused, kNoRouting},
    {"sample_directory", kNone, "has no effect"},
    {"sender_bcc_maps", kRefused, kNoRewriting},
    {"sender_canonical_maps", kRefused, kNoRewriting},
    {"sender_dependent_default_transport_maps", kRefused, kNoRouting},
    {"sender_dependent_relayhost_maps", kRefused, kNoRouting},
    {"sendmail_path", kNone, "has no effect"},
    {"shlib_directory", kNone, "has no effect"},
    {"smtp_bind_address", kRefused, "is not supported: connections would come from another address than you expect"},
    {"smtp_bind_address6", kRefused, "is not supported: connections would come from another address than you expect"},
    {"smtp_body_checks", kRefused, kNoFilter},
    {"smtp_delivery_slot_*", kIgnored, kNoSlots},
    {"smtp_enforce_tls", kRefused, kNoTlsPolicy},
    {"smtp_extra_recipient_limit", kIgnored, kNoSlots},
    {"smtp_fallback_relay", kRefused, kNoRouting},
    {"smtp_generic_maps", kRefused, kNoRewriting},
    {"smtp_header_checks", kRefused, kNoFilter},
    {"smtp_host_lookup", kIgnored, "is not supported: use disable_dns_lookups to look hosts up as the system does"},
    {"smtp_minimum_delivery_slots", kIgnored, kNoSlots},
    {"smtp_recipient_limit", kIgnored, kNoRefill},
    {"smtp_recipient_refill_*", kIgnored, kNoRefill},
    {"smtp_sender_dependent_authentication", kRefused, "is not supported: all mail would log in with the relay's one password"},
    {"smtp_skip_5xx_greeting", kNone, "has no effect: a relay that greets with 5xx returns no mail, whatever this says"},
    {"smtp_tls_cert_file", kIgnored, "is not supported: no client certificate is sent"},
    {"smtp_tls_chain_files", kIgnored, "is not supported: no client certificate is sent"},
    {"smtp_tls_exclude_ciphers", kRefused, kNoTlsPolicy},
    {"smtp_tls_fingerprint_cert_match", kRefused, kNoTlsPolicy},
    {"smtp_tls_key_file", kNone, "is not supported: no client certificate is sent"},
    {"smtp_tls_mandatory_ciphers", kIgnored, "is not supported: the system's OpenSSL policy decides about ciphers"},
    {"smtp_tls_mandatory_exclude_ciphers", kRefused, kNoTlsPolicy},
    {"smtp_tls_note_starttls_offer", kNone, "has no effect"},
    {"smtp_tls_per_site", kRefused, kNoTlsPolicy},
    {"smtp_tls_policy_maps", kRefused, kNoTlsPolicy},
    {"smtp_tls_session_cache_*", kNone, "has no effect: connections are kept instead of sessions"},
    {"smtp_use_tls", kNone, "has no effect: smtp_tls_security_level is may unless set"},
    {"smtpd_*", kNone, kNoListener},
    {"smtputf8_enable", kNone, "has no effect"},
    {"strict_rfc821_envelopes", kNone, kNoListener},
    {"tls_preempt_cipherlist", kNone, kNoListener},
    {"tls_random_source", kNone, "has no effect"},
    {"tlsproxy_*", kNone, kNoListener},
    {"transport_maps", kRefused, kNoRouting},
    {"unknown_local_recipient_reject_code", kNone, kNoListener},
    {"virtual_alias_domains", kIgnored, kNoLocal},
    {"virtual_alias_maps", kRefused, kNoRewriting},
    {"virtual_mailbox_*", kIgnored, kNoLocal},
});
// clang-format on

bool Matches(const ForeignParameter& foreign, std::string_view name) {
  if (!foreign.name.ends_with('*')) return foreign.name == name;
  return name.starts_with(foreign.name.substr(0, foreign.name.size() - 1));
}

}  // namespace

const ForeignParameter* FindForeignParameter(std::string_view name) {
  const auto found = std::ranges::find_if(kForeign, [&](const auto& foreign) { return Matches(foreign, name); });
  return found == kForeign.end() ? nullptr : &*found;
}

}  // namespace outpost::conf
