// Postfix's parameters of what is no part of this mailer. They are accepted without a word; outpost conf check lists them
// with the reason. Their names are texts, not an array, so that they cost a program's start nothing.
#include <algorithm>
#include <array>

#include "conf/parameters.h"

namespace outpost::conf {
namespace {

struct Group {
  std::string_view reason;
  std::string_view names;  // between blanks and line ends
};

// clang-format off
constexpr auto kGroups = std::to_array<Group>({
    {"has no effect: Postfix itself no longer has it", R"(
enable_errors_to extract_recipient_limit qmgr_fudge_factor sender_based_routing smtp_skip_4xx_greeting
smtp_tls_cipherlist tls_dane_digest_agility tls_dane_trust_anchor_digest_enable
tls_legacy_public_key_fingerprints)"},
    {"has no effect: addresses are not probed", R"(
address_verify_cache_cleanup_interval address_verify_default_transport address_verify_local_transport
address_verify_map address_verify_negative_cache address_verify_negative_expire_time
address_verify_negative_refresh_time address_verify_pending_request_limit address_verify_poll_count
address_verify_poll_delay address_verify_positive_expire_time address_verify_positive_refresh_time
address_verify_relay_transport address_verify_relayhost address_verify_sender
address_verify_sender_dependent_default_transport_maps address_verify_sender_dependent_relayhost_maps
address_verify_sender_ttl address_verify_service_name address_verify_transport_maps
address_verify_virtual_transport unverified_recipient_defer_code unverified_recipient_reject_code
unverified_recipient_reject_reason unverified_recipient_tempfail_action unverified_sender_defer_code
unverified_sender_reject_code unverified_sender_reject_reason unverified_sender_tempfail_action)"},
    {"has no effect: each mailer is started by itself, with -C DIR", R"(
multi_instance_group multi_instance_wrapper postmulti_control_commands postmulti_start_commands
postmulti_stop_commands)"},
    {"has no effect: it is for tests of Postfix's own programs", R"(
fault_injection_code)"},
    {"has no effect: nothing here listens on the network", R"(
access_map_defer_code access_map_reject_code allow_untrusted_routing authorized_verp_clients
broken_sasl_auth_clients default_rbl_reply defer_code disable_vrfy_command dnsblog_reply_delay
dnsblog_service_name invalid_hostname_reject_code maps_rbl_domains maps_rbl_reject_code
multi_recipient_bounce_reject_code non_fqdn_reject_code permit_mx_backup_networks plaintext_reject_code
postscreen_access_list postscreen_allowlist_interfaces postscreen_bare_newline_action
postscreen_bare_newline_enable postscreen_bare_newline_ttl postscreen_blacklist_action
postscreen_cache_cleanup_interval postscreen_cache_map postscreen_cache_retention_time
postscreen_client_connection_count_limit postscreen_command_count_limit postscreen_command_filter
postscreen_command_time_limit postscreen_denylist_action postscreen_disable_vrfy_command
postscreen_discard_ehlo_keyword_address_maps postscreen_discard_ehlo_keywords postscreen_dnsbl_action
postscreen_dnsbl_allowlist_threshold postscreen_dnsbl_max_ttl postscreen_dnsbl_min_ttl
postscreen_dnsbl_reply_map postscreen_dnsbl_sites postscreen_dnsbl_threshold postscreen_dnsbl_timeout
postscreen_dnsbl_ttl postscreen_dnsbl_whitelist_threshold postscreen_enforce_tls postscreen_expansion_filter
postscreen_forbidden_commands postscreen_greet_action postscreen_greet_banner postscreen_greet_ttl
postscreen_greet_wait postscreen_helo_required postscreen_non_smtp_command_action
postscreen_non_smtp_command_enable postscreen_non_smtp_command_ttl postscreen_pipelining_action
postscreen_pipelining_enable postscreen_pipelining_ttl postscreen_post_queue_limit postscreen_pre_queue_limit
postscreen_reject_footer postscreen_reject_footer_maps postscreen_starttls_timeout postscreen_tls_CAfile
postscreen_tls_CApath postscreen_tls_always_issue_session_ids postscreen_tls_ask_ccert
postscreen_tls_ccert_verifydepth postscreen_tls_cert_file postscreen_tls_chain_files postscreen_tls_ciphers
postscreen_tls_dcert_file postscreen_tls_dh1024_param_file postscreen_tls_dh512_param_file
postscreen_tls_dkey_file postscreen_tls_eccert_file postscreen_tls_eckey_file postscreen_tls_eecdh_grade
postscreen_tls_enable_rpk postscreen_tls_exclude_ciphers postscreen_tls_fingerprint_digest
postscreen_tls_key_file postscreen_tls_loglevel postscreen_tls_loglevel_maps postscreen_tls_mandatory_ciphers
postscreen_tls_mandatory_exclude_ciphers postscreen_tls_mandatory_protocols postscreen_tls_protocols
postscreen_tls_req_ccert postscreen_tls_security_level postscreen_tls_trace_size_limit
postscreen_upstream_proxy_protocol postscreen_upstream_proxy_timeout postscreen_use_tls
postscreen_watchdog_timeout postscreen_whitelist_interfaces qmqpd_authorized_clients qmqpd_client_port_logging
qmqpd_error_delay qmqpd_timeout rbl_reply_maps reject_code reject_tempfail_action
relay_clientcerts relay_domains_reject_code relay_recipient_maps smtpd_authorized_verp_clients
smtpd_authorized_xclient_hosts smtpd_authorized_xforward_hosts smtpd_banner smtpd_client_auth_rate_limit
smtpd_client_connection_count_limit smtpd_client_connection_limit_exceptions
smtpd_client_connection_rate_limit smtpd_client_event_limit_exceptions smtpd_client_ipv4_prefix_length
smtpd_client_ipv6_prefix_length smtpd_client_message_rate_limit smtpd_client_new_tls_session_rate_limit
smtpd_client_port_logging smtpd_client_recipient_rate_limit smtpd_client_restrictions smtpd_command_filter
smtpd_data_restrictions smtpd_delay_open_until_valid_rcpt smtpd_delay_reject
smtpd_discard_ehlo_keyword_address_maps smtpd_discard_ehlo_keywords smtpd_dns_reply_filter
smtpd_end_of_data_restrictions smtpd_enforce_tls smtpd_error_sleep_time smtpd_etrn_restrictions
smtpd_expansion_filter smtpd_forbid_bare_newline smtpd_forbid_bare_newline_exclusions
smtpd_forbid_bare_newline_reject_code smtpd_forbid_unauth_pipelining smtpd_forbidden_commands
smtpd_hard_error_limit smtpd_helo_required smtpd_helo_restrictions smtpd_hide_client_session
smtpd_history_flush_threshold smtpd_junk_command_limit smtpd_log_access_permit_actions smtpd_min_data_rate
smtpd_noop_commands smtpd_null_access_lookup_key smtpd_peername_lookup smtpd_per_record_deadline
smtpd_per_request_deadline smtpd_policy_service_default_action smtpd_policy_service_max_idle
smtpd_policy_service_max_ttl smtpd_policy_service_policy_context smtpd_policy_service_request_limit
smtpd_policy_service_retry_delay smtpd_policy_service_timeout smtpd_policy_service_try_limit smtpd_proxy_ehlo
smtpd_proxy_filter smtpd_proxy_options smtpd_proxy_timeout smtpd_recipient_limit
smtpd_recipient_overshoot_limit smtpd_recipient_restrictions smtpd_reject_filter_maps smtpd_reject_footer
smtpd_reject_footer_maps smtpd_reject_unlisted_recipient smtpd_reject_unlisted_sender
smtpd_relay_before_recipient_restrictions smtpd_relay_restrictions smtpd_restriction_classes
smtpd_sasl_application_name smtpd_sasl_auth_enable smtpd_sasl_authenticated_header
smtpd_sasl_exceptions_networks smtpd_sasl_local_domain smtpd_sasl_mechanism_filter smtpd_sasl_path
smtpd_sasl_response_limit smtpd_sasl_security_options smtpd_sasl_service smtpd_sasl_tls_security_options
smtpd_sasl_type smtpd_sender_login_maps smtpd_sender_restrictions smtpd_service_name smtpd_soft_error_limit
smtpd_starttls_timeout smtpd_timeout smtpd_tls_CAfile smtpd_tls_CApath smtpd_tls_always_issue_session_ids
smtpd_tls_ask_ccert smtpd_tls_auth_only smtpd_tls_ccert_verifydepth smtpd_tls_cert_file smtpd_tls_chain_files
smtpd_tls_cipherlist smtpd_tls_ciphers smtpd_tls_dcert_file smtpd_tls_dh1024_param_file
smtpd_tls_dh512_param_file smtpd_tls_dkey_file smtpd_tls_eccert_file smtpd_tls_eckey_file
smtpd_tls_eecdh_grade smtpd_tls_enable_rpk smtpd_tls_exclude_ciphers smtpd_tls_fingerprint_digest
smtpd_tls_key_file smtpd_tls_loglevel smtpd_tls_loglevel_maps smtpd_tls_mandatory_ciphers
smtpd_tls_mandatory_exclude_ciphers smtpd_tls_mandatory_protocols smtpd_tls_protocols
smtpd_tls_received_header smtpd_tls_req_ccert smtpd_tls_security_level smtpd_tls_session_cache_database
smtpd_tls_session_cache_timeout smtpd_tls_trace_size_limit smtpd_tls_wrappermode smtpd_upstream_proxy_protocol
smtpd_upstream_proxy_timeout smtpd_use_tls strict_rfc821_envelopes tls_eecdh_strong_curve
tls_eecdh_ultra_curve tls_preempt_cipherlist tls_server_sni_maps tls_session_ticket_cipher
tls_trust_server_ccerts unknown_address_reject_code unknown_address_tempfail_action unknown_client_reject_code
unknown_helo_hostname_tempfail_action unknown_hostname_reject_code unknown_local_recipient_reject_code
unknown_relay_recipient_reject_code unknown_virtual_alias_reject_code unknown_virtual_mailbox_reject_code)"},
    {"has no effect: tables are read from their text files", R"(
berkeley_db_create_buffer_size berkeley_db_read_buffer_size lmdb_map_size non_bdb_custom_mapping
non_bdb_migration_allow_root_prefixes non_bdb_migration_allow_user_prefixes non_bdb_migration_level
non_bdb_migration_log_redirect non_bdb_migration_service_name)"},
    {"has no effect: the programs find each other otherwise than by services", R"(
bounce_service_name cleanup_service_name defer_service_name error_service_name pickup_service_name
queue_service_name rewrite_service_name showq_service_name trace_service_name)"},
    {"has no effect: the programs speak otherwise with each other", R"(
application_event_drain_time ipc_idle ipc_timeout ipc_ttl qmgr_ipc_timeout trigger_timeout)"},
    {"has no effect: the queue is one database, not directories", R"(
backwards_bounce_logfile_compatibility hash_queue_depth hash_queue_names)"},
    {"has no effect: there are no milters: submitted mail is not filtered", R"(
milter_command_timeout milter_connect_macros milter_connect_timeout milter_content_timeout milter_data_macros
milter_default_action milter_end_of_data_macros milter_end_of_header_macros milter_header_checks
milter_helo_macros milter_macro_daemon_name milter_macro_defaults milter_macro_v milter_mail_macros
milter_protocol milter_rcpt_macros milter_unknown_command_macros non_smtpd_milters smtpd_milter_maps
smtpd_milters)"},
    {"has no effect: there is no TLS proxy: each connection has its own process", R"(
tlsproxy_client_CAfile tlsproxy_client_CApath tlsproxy_client_cert_file tlsproxy_client_chain_files
tlsproxy_client_dcert_file tlsproxy_client_dkey_file tlsproxy_client_eccert_file tlsproxy_client_eckey_file
tlsproxy_client_enforce_tls tlsproxy_client_fingerprint_digest tlsproxy_client_key_file tlsproxy_client_level
tlsproxy_client_loglevel tlsproxy_client_loglevel_parameter tlsproxy_client_per_site tlsproxy_client_policy
tlsproxy_client_policy_maps tlsproxy_client_scert_verifydepth tlsproxy_client_security_level
tlsproxy_client_use_tls tlsproxy_enforce_tls tlsproxy_service_name tlsproxy_tls_CAfile tlsproxy_tls_CApath
tlsproxy_tls_always_issue_session_ids tlsproxy_tls_ask_ccert tlsproxy_tls_ccert_verifydepth
tlsproxy_tls_cert_file tlsproxy_tls_chain_files tlsproxy_tls_ciphers tlsproxy_tls_dcert_file
tlsproxy_tls_dh1024_param_file tlsproxy_tls_dh512_param_file tlsproxy_tls_dkey_file tlsproxy_tls_eccert_file
tlsproxy_tls_eckey_file tlsproxy_tls_eecdh_grade tlsproxy_tls_enable_rpk tlsproxy_tls_exclude_ciphers
tlsproxy_tls_fingerprint_digest tlsproxy_tls_key_file tlsproxy_tls_loglevel tlsproxy_tls_mandatory_ciphers
tlsproxy_tls_mandatory_exclude_ciphers tlsproxy_tls_mandatory_protocols tlsproxy_tls_protocols
tlsproxy_tls_req_ccert tlsproxy_tls_security_level tlsproxy_tls_session_cache_timeout tlsproxy_use_tls
tlsproxy_watchdog_timeout)"},
    {"has no effect: there is no anvil: nothing here counts clients of a listener", R"(
anvil_rate_time_unit anvil_status_update_time)"},
    {"has no effect: there is no flush service: the queue knows what waits for whom", R"(
fast_flush_purge_time fast_flush_refresh_time flush_service_name)"},
    {"has no effect: there is no master: the queue runner starts the programs", R"(
fork_attempts fork_delay master_service_disable max_use qmgr_daemon_timeout
service_throttle_time)"},
    {"has no effect: there is no postlogd: each program writes the log itself", R"(
postlog_service_name postlogd_watchdog_timeout)"},
    {"has no effect: there is no proxymap: each program reads its tables itself", R"(
proxy_read_maps proxy_write_maps proxymap_service_name proxywrite_service_name)"},
    {"has no effect: there is no scache: a connection is kept by its own process", R"(
connection_cache_protocol_timeout connection_cache_service_name connection_cache_status_update_time
connection_cache_ttl_limit)"},
    {"has no effect: there is no tlsmgr: OpenSSL has its own random numbers", R"(
tls_daemon_random_bytes tls_random_bytes tls_random_exchange_name tls_random_prng_update_period
tls_random_reseed_period tls_random_source tlsmgr_service_name)"},
});
// clang-format on

constexpr std::string_view kBlanks = " \n";

// Calls `take` with each name of `names` until it returns true.
template <typename Take>
bool AnyName(std::string_view names, Take take) {
  while (true) {
    const size_t first = names.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return false;
    const size_t end = std::min(names.find_first_of(kBlanks, first), names.size());
    if (take(names.substr(first, end - first))) return true;
    names.remove_prefix(end);
  }
}

}  // namespace

std::vector<InapplicableParameter> InapplicableParameters() {
  std::vector<InapplicableParameter> all;
  for (const Group& group : kGroups) {
    AnyName(group.names, [&](std::string_view name) {
      all.push_back({name, group.reason});
      return false;
    });
  }
  std::ranges::sort(all, {}, &InapplicableParameter::name);
  return all;
}

std::optional<InapplicableParameter> FindInapplicable(std::string_view name) {
  for (const Group& group : kGroups) {
    std::string_view found;
    const auto is_it = [&](std::string_view other) {
      found = other;
      return other == name;
    };
    if (AnyName(group.names, is_it)) return InapplicableParameter{found, group.reason};
  }
  return std::nullopt;
}

}  // namespace outpost::conf
