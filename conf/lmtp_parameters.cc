// The parameters of the transport lmtp, which are those of smtp once more.
#include <algorithm>
#include <array>

#include "conf/parameters.h"

namespace outpost::conf {
namespace {

using values::Bool;
using values::Integer;
using values::List;
using values::NonEmpty;
using values::Patterns;
using values::Size;
using values::String;
using values::Tables;
using values::Time;
using values::Word;
using values::Words;
using values::WordsAndNames;
using enum Effect;
using enum Feature;

// name, values, default, readers, doc, what it waits for (or why it never comes), what is said when it is set
// clang-format off
constexpr auto kLmtpParameters = std::to_array<Parameter>({
    {"lmtp_address_preference", Word("any, ipv4, ipv6"), "any", kSmtp, "smtp_address_preference of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_address_verify_target", Word("rcpt, data"), "rcpt", kSmtp, "smtp_address_verify_target of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_assume_final", Bool(), "no", kSmtp, "Takes what an LMTP server accepts for delivered.", kLmtp, kAccepted},
    {"lmtp_balance_inet_protocols", Bool(), "yes", kSmtp, "smtp_balance_inet_protocols of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_bind_address", String(), "", kSmtp, "smtp_bind_address of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_bind_address6", String(), "", kSmtp, "smtp_bind_address6 of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_bind_address_enforce", Bool(), "no", kSmtp, "smtp_bind_address_enforce of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_body_checks", Tables(), "", kSmtp, "smtp_body_checks of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_cache_connection", Bool(), "yes", kSmtp, "An old switch: keeps connections for more than one message.", kLmtp, kAccepted},
    {"lmtp_cname_overrides_servername", Bool(), "no", kSmtp, "smtp_cname_overrides_servername of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_connect_timeout", Time('s', 0), "0s", kSmtp, "smtp_connect_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_connection_cache_destinations", Patterns(), "", kSmtp, "smtp_connection_cache_destinations of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_connection_cache_on_demand", Bool(), "yes", kSmtp, "smtp_connection_cache_on_demand of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_connection_cache_time_limit", Time('s', 0), "2s", kSmtp, "smtp_connection_cache_time_limit of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_connection_reuse_count_limit", Integer(0), "0", kSmtp, "smtp_connection_reuse_count_limit of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_connection_reuse_time_limit", Time('s', 0), "300s", kSmtp, "smtp_connection_reuse_time_limit of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_data_done_timeout", Time('s', 1), "600s", kSmtp, "smtp_data_done_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_data_init_timeout", Time('s', 1), "120s", kSmtp, "smtp_data_init_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_data_xfer_timeout", Time('s', 1), "180s", kSmtp, "smtp_data_xfer_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_defer_if_no_mx_address_found", Bool(), "no", kSmtp, "smtp_defer_if_no_mx_address_found of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_delivery_status_filter", Tables(), "$default_delivery_status_filter", kSmtp, "smtp_delivery_status_filter of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_destination_concurrency_limit", Integer(0), "$default_destination_concurrency_limit", kRunner, "smtp_destination_concurrency_limit of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_destination_recipient_limit", Integer(0), "$default_destination_recipient_limit", kRunner, "smtp_destination_recipient_limit of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_discard_lhlo_keyword_address_maps", Tables(), "", kSmtp, "smtp_discard_ehlo_keyword_address_maps of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_discard_lhlo_keywords", Words("pipelining, 8bitmime, size, etrn, auth, verp, starttls, xclient, xforward, enhancedstatuscodes, dsn, smtputf8, requiretls, chunking, silent-discard"), "", kSmtp, "smtp_discard_ehlo_keywords of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_dns_reply_filter", Tables(), "", kSmtp, "smtp_dns_reply_filter of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_dns_resolver_options", Words("res_defnames, res_dnsrch"), "", kSmtp, "smtp_dns_resolver_options of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_dns_support_level", Word(", disabled, enabled, dnssec"), "", kSmtp, "smtp_dns_support_level of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_enforce_tls", Bool(), "no", kSmtp, "smtp_enforce_tls of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_fallback_relay", List(), "", kSmtp, "smtp_fallback_relay of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_generic_maps", Tables(), "", kSmtp, "smtp_generic_maps of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_header_checks", Tables(), "", kSmtp, "smtp_header_checks of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_host_lookup", Words("dns, native"), "dns", kSmtp, "smtp_host_lookup of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_lhlo_name", NonEmpty(), "$myhostname", kSmtp, "smtp_helo_name of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_lhlo_timeout", Time('s', 1), "300s", kSmtp, "smtp_helo_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_line_length_limit", Size(0), "998", kSmtp, "smtp_line_length_limit of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_log_tls_feature_status", Bool(), "yes", kSmtp, "smtp_log_tls_feature_status of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_mail_timeout", Time('s', 1), "300s", kSmtp, "smtp_mail_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_mime_header_checks", Tables(), "", kSmtp, "smtp_mime_header_checks of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_min_data_rate", Size(1), "500", kSmtp, "smtp_min_data_rate of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_mx_address_limit", Integer(0), "5", kSmtp, "smtp_mx_address_limit of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_mx_session_limit", Integer(0), "2", kSmtp, "smtp_mx_session_limit of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_nested_header_checks", Tables(), "", kSmtp, "smtp_nested_header_checks of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_per_record_deadline", String(), "", kSmtp, "smtp_per_record_deadline of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_per_request_deadline", Bool(), "${lmtp_per_record_deadline?{$lmtp_per_record_deadline}:{no}}", kSmtp, "smtp_per_request_deadline of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_pix_workaround_delay_time", Time('s', 0), "10s", kSmtp, "smtp_pix_workaround_delay_time of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_pix_workaround_maps", Tables(), "", kSmtp, "smtp_pix_workaround_maps of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_pix_workaround_threshold_time", Time('s', 0), "500s", kSmtp, "smtp_pix_workaround_threshold_time of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_pix_workarounds", Words("disable_esmtp, delay_dotcrlf"), "disable_esmtp,delay_dotcrlf", kSmtp, "smtp_pix_workarounds of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_quit_timeout", Time('s', 1), "300s", kSmtp, "smtp_quit_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_quote_rfc821_envelope", Bool(), "yes", kSmtp, "smtp_quote_rfc821_envelope of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_randomize_addresses", Bool(), "yes", kSmtp, "smtp_randomize_addresses of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_rcpt_timeout", Time('s', 1), "300s", kSmtp, "smtp_rcpt_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_reply_filter", Tables(), "", kSmtp, "smtp_reply_filter of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_requiretls_policy", Patterns(), "opportunistic", kSmtp, "smtp_requiretls_policy of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_rset_timeout", Time('s', 1), "20s", kSmtp, "smtp_rset_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_auth_cache_name", String(), "", kSmtp, "smtp_sasl_auth_cache_name of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_auth_cache_time", Time('d', 0), "90d", kSmtp, "smtp_sasl_auth_cache_time of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_auth_enable", Bool(), "no", kSmtp, "smtp_sasl_auth_enable of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_auth_soft_bounce", Bool(), "yes", kSmtp, "smtp_sasl_auth_soft_bounce of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_mechanism_filter", Patterns(), "", kSmtp, "smtp_sasl_mechanism_filter of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_password_maps", Tables(TableTypes::kPasswords), "", kSmtp, "smtp_sasl_password_maps of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_password_result_delimiter", NonEmpty(), ":", kSmtp, "smtp_sasl_password_result_delimiter of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_path", String(), "", kSmtp, "smtp_sasl_path of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_security_options", Words("noplaintext, noactive, nodictionary, noanonymous, mutual_auth, forward_secrecy"), "noplaintext, noanonymous", kSmtp, "smtp_sasl_security_options of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_tls_security_options", Words("noplaintext, noactive, nodictionary, noanonymous, mutual_auth, forward_secrecy"), "$lmtp_sasl_security_options", kSmtp, "smtp_sasl_tls_security_options of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_tls_verified_security_options", Words("noplaintext, noactive, nodictionary, noanonymous, mutual_auth, forward_secrecy"), "$lmtp_sasl_tls_security_options", kSmtp, "smtp_sasl_tls_verified_security_options of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sasl_type", Word("cyrus"), "cyrus", kSmtp, "smtp_sasl_type of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_send_dummy_mail_auth", Bool(), "no", kSmtp, "smtp_send_dummy_mail_auth of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_send_xforward_command", Bool(), "no", kSmtp, "smtp_send_xforward_command of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_sender_dependent_authentication", Bool(), "no", kSmtp, "smtp_sender_dependent_authentication of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_skip_5xx_greeting", Bool(), "yes", kSmtp, "smtp_skip_5xx_greeting of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_skip_quit_response", Bool(), "no", kSmtp, "smtp_skip_quit_response of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_starttls_timeout", Time('s', 1), "300s", kSmtp, "smtp_starttls_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tcp_port", NonEmpty(), "24", kSmtp, "smtp_tcp_port of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_CAfile", String(), "", kSmtp, "smtp_tls_CAfile of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_CApath", String(), "", kSmtp, "smtp_tls_CApath of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_block_early_mail_reply", Bool(), "no", kSmtp, "smtp_tls_block_early_mail_reply of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_cert_file", String(), "", kSmtp, "smtp_tls_cert_file of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_chain_files", List(), "", kSmtp, "smtp_tls_chain_files of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_ciphers", Word("export, low, medium, high, null"), "medium", kSmtp, "smtp_tls_ciphers of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_connection_reuse", Bool(), "no", kSmtp, "smtp_tls_connection_reuse of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_dcert_file", String(), "", kSmtp, "smtp_tls_dcert_file of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_dkey_file", String(), "$lmtp_tls_dcert_file", kSmtp, "smtp_tls_dkey_file of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_eccert_file", String(), "", kSmtp, "smtp_tls_eccert_file of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_eckey_file", String(), "$lmtp_tls_eccert_file", kSmtp, "smtp_tls_eckey_file of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_enable_rpk", Bool(), "no", kSmtp, "smtp_tls_enable_rpk of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_enforce_peername", Bool(), "yes", kSmtp, "smtp_tls_enforce_peername of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_enforce_sts_mx_patterns", Bool(), "yes", kSmtp, "smtp_tls_enforce_sts_mx_patterns of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_exclude_ciphers", List(), "", kSmtp, "smtp_tls_exclude_ciphers of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_fingerprint_cert_match", List(), "", kSmtp, "smtp_tls_fingerprint_cert_match of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_fingerprint_digest", NonEmpty(), "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}", kSmtp, "smtp_tls_fingerprint_digest of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_force_insecure_host_tlsa_lookup", Bool(), "no", kSmtp, "smtp_tls_force_insecure_host_tlsa_lookup of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_key_file", String(), "$lmtp_tls_cert_file", kSmtp, "smtp_tls_key_file of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_loglevel", String(), "0", kSmtp, "smtp_tls_loglevel of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_loglevel_maps", Tables(), "", kSmtp, "smtp_tls_loglevel_maps of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_mandatory_ciphers", Word("export, low, medium, high, null"), "medium", kSmtp, "smtp_tls_mandatory_ciphers of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_mandatory_exclude_ciphers", List(), "", kSmtp, "smtp_tls_mandatory_exclude_ciphers of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_mandatory_protocols", List(), ">=TLSv1", kSmtp, "smtp_tls_mandatory_protocols of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_note_starttls_offer", Bool(), "no", kSmtp, "smtp_tls_note_starttls_offer of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_per_site", Tables(), "", kSmtp, "smtp_tls_per_site of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_policy_maps", Tables(), "", kSmtp, "smtp_tls_policy_maps of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_protocols", List(), ">=TLSv1", kSmtp, "smtp_tls_protocols of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_scert_verifydepth", Integer(0), "9", kSmtp, "smtp_tls_scert_verifydepth of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_secure_cert_match", WordsAndNames("nexthop, dot-nexthop, hostname"), "nexthop", kSmtp, "smtp_tls_secure_cert_match of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_security_level", Word(", none, may, encrypt, dane, dane-only, fingerprint, verify, secure"), "", kSmtp, "smtp_tls_security_level of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_servername", String(), "", kSmtp, "smtp_tls_servername of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_session_cache_database", String(), "", kSmtp, "smtp_tls_session_cache_database of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_session_cache_timeout", Time('s', 0), "3600s", kSmtp, "smtp_tls_session_cache_timeout of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_trace_size_limit", Size(0), "102400", kSmtp, "smtp_tls_trace_size_limit of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_trust_anchor_file", List(), "", kSmtp, "smtp_tls_trust_anchor_file of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_verify_cert_match", WordsAndNames("hostname, nexthop, dot-nexthop"), "hostname", kSmtp, "smtp_tls_verify_cert_match of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tls_wrappermode", Bool(), "no", kSmtp, "smtp_tls_wrappermode of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tlsrpt_enable", Bool(), "no", kSmtp, "smtp_tlsrpt_enable of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tlsrpt_skip_reused_handshakes", Bool(), "no", kSmtp, "smtp_tlsrpt_skip_reused_handshakes of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_tlsrpt_socket_name", String(), "", kSmtp, "smtp_tlsrpt_socket_name of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_use_tls", Bool(), "no", kSmtp, "smtp_use_tls of the transport lmtp.", kLmtp, kAccepted},
    {"lmtp_xforward_timeout", Time('s', 1), "300s", kSmtp, "smtp_xforward_timeout of the transport lmtp.", kLmtp, kAccepted},
});
// clang-format on

static_assert(std::ranges::is_sorted(kLmtpParameters, {}, &Parameter::name),
              "the registry is searched by bisection");

}  // namespace

std::span<const Parameter> LmtpParameters() { return kLmtpParameters; }

}  // namespace outpost::conf
