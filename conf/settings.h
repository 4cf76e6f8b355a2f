// One struct a process, filled once from the Configuration and checked; below main.cc only plain arguments travel.
// Names are Postfix's parameters; their meaning and defaults stand in the registry (conf/parameters.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "conf/configuration.h"
#include "conf/notice_settings.h"
#include "conf/value_types.h"

namespace outpost::conf {

using std::chrono::seconds;

// What every process needs to log and to find the spool.
struct CommonSettings {
  std::string queue_directory;
  std::string syslog_name;
  std::string maillog_file;  // "" is syslog
};

enum class FixLineEndings { kAlways, kStrict, kNever };

struct SendmailSettings {
  CommonSettings common;
  bool queue_is_compiled_in = false;  // then `drop` writes the maildrop, else sendmail's own rights
  uint64_t message_size_limit = 0;    // 0: none
  FixLineEndings sendmail_fix_line_endings = FixLineEndings::kAlways;
};

struct PickupSettings {
  CommonSettings common;
  std::string myhostname;
  std::string mydomain;
  std::string myorigin;
  std::string mail_name;
  bool append_at_myorigin = true;
  bool append_dot_mydomain = false;
  bool always_add_missing_headers = false;
  bool enable_original_recipient = true;
  std::string undisclosed_recipients_header;  // "" adds nothing
  std::string empty_address_recipient;
  std::string full_name_encoding_charset;
  std::vector<std::string> message_drop_headers;  // lower case
  FixLineEndings sendmail_fix_line_endings = FixLineEndings::kAlways;
  uint64_t message_size_limit = 0;
  uint64_t header_size_limit = 0;
  int64_t header_address_token_limit = 0;
  int64_t hopcount_limit = 0;
  uint64_t queue_minfree = 0;
  seconds max_idle{};
  // Bounds by uid on public/submit.
  int64_t submit_connection_limit = 0;  // at once, for one uid
  seconds submit_timeout{};             // for one record, from accept to its last byte
};

// Of the transport smtp.
struct SchedulingSettings {
  int64_t initial_destination_concurrency = 0;
  int64_t destination_concurrency_limit = 0;  // 0: none
  Feedback positive_feedback;
  Feedback negative_feedback;
  int64_t failed_cohort_limit = 0;  // 0: none
  bool feedback_debug = false;
  int64_t destination_recipient_limit = 0;
  seconds destination_rate_delay{};
  seconds transport_rate_delay{};
  seconds transport_retry_time{};
  bool defers_smtp = false;  // defer_transports
  int64_t process_limit = 0;
  int64_t message_active_limit = 0;
  int64_t message_recipient_limit = 0;
  int64_t message_recipient_minimum = 0;
  seconds clog_warn_time{};  // 0: never
};

struct QueueRunnerSettings {
  CommonSettings common;
  std::string config_directory;
  std::string daemon_directory;
  std::string mail_owner;
  std::string setgid_group;  // owns maildrop/
  std::string myhostname;
  std::string myorigin;
  std::string mail_name;
  std::string relayhost;
  std::string default_transport;
  seconds minimal_backoff_time{};
  seconds maximal_backoff_time{};
  seconds maximal_queue_lifetime{};
  seconds bounce_queue_lifetime{};
  seconds queue_run_delay{};
  seconds max_idle{};
  NoticeSettings notices;
  SchedulingSettings scheduling;
  uint64_t queue_minfree = 0;
  seconds history_retention_time{};
  uint64_t history_size_limit = 0;
  seconds daemon_timeout{};
  int64_t submit_rate_limit = 0;  // messages of one uid in the unit; 0: none
  seconds submit_rate_time_unit{};
  int64_t queue_share_limit = 0;  // messages of one uid that wait; 0: none
};

enum class TlsLevel { kNone, kMay, kEncrypt, kVerify, kSecure };

struct SmtpClientSettings {
  CommonSettings common;
  std::string myhostname;
  std::string smtp_helo_name;
  std::string relayhost;
  int64_t smtp_tcp_port = 25;
  // TLS
  TlsLevel smtp_tls_security_level = TlsLevel::kMay;
  bool smtp_tls_wrappermode = false;
  std::string smtp_tls_CAfile;
  std::string smtp_tls_CApath;
  bool tls_append_default_CA = false;
  std::string smtp_tls_protocols;
  std::string smtp_tls_mandatory_protocols;
  std::vector<std::string> smtp_tls_verify_cert_match;
  std::vector<std::string> smtp_tls_secure_cert_match;
  std::string smtp_tls_servername;
  int64_t smtp_tls_loglevel = 0;
  // SASL
  bool smtp_sasl_auth_enable = false;
  std::vector<std::string> smtp_sasl_password_maps;
  std::vector<std::string> smtp_sasl_security_options;
  std::vector<std::string> smtp_sasl_tls_security_options;
  std::vector<std::string> smtp_sasl_mechanism_filter;
  bool smtp_sasl_require_known_peer = true;
  // Session
  bool soft_bounce = false;
  bool smtp_always_send_ehlo = true;
  int64_t smtp_line_length_limit = 998;  // 0: none
  int64_t smtp_mx_address_limit = 5;
  int64_t smtp_mx_session_limit = 2;
  bool smtp_randomize_addresses = true;
  std::string smtp_address_preference;
  std::vector<std::string> inet_protocols;  // "ipv4", "ipv6"
  bool disable_dns_lookups = false;
  seconds smtp_connect_timeout{};
  seconds smtp_helo_timeout{};
  seconds smtp_starttls_timeout{};
  seconds smtp_mail_timeout{};
  seconds smtp_rcpt_timeout{};
  seconds smtp_data_init_timeout{};
  seconds smtp_data_xfer_timeout{};
  seconds smtp_data_done_timeout{};
  seconds smtp_rset_timeout{};
  seconds smtp_quit_timeout{};
  seconds minimal_backoff_time{};  // at level may: how long mail waits before it goes where TLS fails
};

// Each adds what is wrong to the configuration's findings; the struct is whole in any case.
CommonSettings ReadCommonSettings(Configuration& configuration);
SendmailSettings ReadSendmailSettings(Configuration& configuration);
PickupSettings ReadPickupSettings(Configuration& configuration);
SchedulingSettings ReadSchedulingSettings(Configuration& configuration);
QueueRunnerSettings ReadQueueRunnerSettings(Configuration& configuration);
SmtpClientSettings ReadSmtpClientSettings(Configuration& configuration);

// All of the above, for those who start or check the whole: every finding that main.cf alone can give.
void CheckSettings(Configuration& configuration);

}  // namespace outpost::conf
