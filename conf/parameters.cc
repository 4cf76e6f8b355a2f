#include "conf/parameters.h"

#include <algorithm>
#include <array>

#include "conf/value_types.h"

namespace outpost::conf {
namespace {

using enum Type;

// One line each, so that it can be read as a table:
// name, type, default, unit, minimum, readers, doc[, computed]
// clang-format off
constexpr auto kParameters = std::to_array<Parameter>({
    {"2bounce_notice_recipient", kNonEmpty, "postmaster", 0, 0, kRunner, "Who is sent what could not be returned to its sender (notify_classes: 2bounce)."},
    {"always_add_missing_headers", kBool, "no", 0, 0, kPickup, "Adds From:, Date: and Message-Id: also to messages that were not submitted on this host."},
    {"append_at_myorigin", kBool, "yes", 0, 0, kPickup, "Completes an address without a domain with @$myorigin."},
    {"append_dot_mydomain", kBool, "no", 0, 0, kPickup, "Completes a domain without a dot with .$mydomain."},
    {"bounce_notice_recipient", kNonEmpty, "postmaster", 0, 0, kRunner, "Who is sent copies of notices of failure, with the header of the message (notify_classes: bounce)."},
    {"bounce_queue_lifetime", kTime, "5d", 'd', 0, kRunner, "How long a notice to a sender is tried before it becomes a dead letter."},
    {"bounce_size_limit", kSize, "50000", 0, 1, kRunner, "The largest message that a notice returns whole; of a larger one it returns the header."},
    {"bounce_template_file", kString, "", 0, 0, kRunner, "A file with texts for notices to senders, in the form of Postfix's bounce(5); empty: the built-in ones."},
    {"config_directory", kNonEmpty, "where main.cf was found", 0, 0, kRunner, "The directory that holds main.cf; set by -C or MAIL_CONFIG, not in main.cf.", true},
    {"confirm_delay_cleared", kBool, "no", 0, 0, kRunner, "Tells a sender who was warned of a delay when the relay has taken the message."},
    {"daemon_directory", kNonEmpty, "beside the running program, or ../libexec/outpost", 0, 0, kRunner, "The directory of the programs that are started by the mailer itself.", true},
    {"daemon_timeout", kTime, "18000s", 's', 1, kRunner, "How long a delivery program may be silent before it is ended."},
    {"default_destination_concurrency_failed_cohort_limit", kInteger, "1", 0, 0, kRunner, "The default of smtp_destination_concurrency_failed_cohort_limit."},
    {"default_destination_concurrency_limit", kInteger, "20", 0, 0, kRunner, "The default of smtp_destination_concurrency_limit."},
    {"default_destination_concurrency_negative_feedback", kNonEmpty, "1", 0, 0, kRunner, "The default of smtp_destination_concurrency_negative_feedback."},
    {"default_destination_concurrency_positive_feedback", kNonEmpty, "1", 0, 0, kRunner, "The default of smtp_destination_concurrency_positive_feedback."},
    {"default_destination_rate_delay", kTime, "0s", 's', 0, kRunner, "The default of smtp_destination_rate_delay."},
    {"default_destination_recipient_limit", kInteger, "50", 0, 1, kRunner, "The default of smtp_destination_recipient_limit."},
    {"default_process_limit", kInteger, "100", 0, 1, kRunner, "The most connections to relays at any time."},
    {"default_transport", kNonEmpty, "smtp", 0, 0, kRunner, "How mail leaves: smtp, smtp:NEXT-HOP, or error:TEXT to return all mail."},
    {"default_transport_rate_delay", kTime, "0s", 's', 0, kRunner, "The default of smtp_transport_rate_delay."},
    {"defer_transports", kList, "", 0, 0, kRunner, "With smtp in it, mail waits until a flush sends it: for hosts that are seldom connected."},
    {"delay_notice_recipient", kNonEmpty, "postmaster", 0, 0, kRunner, "Who is sent copies of warnings that mail is delayed (notify_classes: delay)."},
    {"delay_warning_time", kTime, "0h", 'h', 0, kRunner, "After how long a sender is warned that a message still waits, time without a network not counted; 0: never."},
    {"destination_concurrency_feedback_debug", kBool, "no", 0, 0, kRunner, "Logs each change of the number of connections to a next hop."},
    {"disable_dns_lookups", kBool, "no", 0, 0, kSmtp, "Asks for no MX records: a host is found by /etc/hosts or its own address records."},
    {"double_bounce_sender", kNonEmpty, "double-bounce", 0, 0, kRunner, "The sender of notices to the administrator; mail to it is discarded, and its own is never returned."},
    {"empty_address_recipient", kString, "MAILER-DAEMON", 0, 0, kPickup, "The recipient of mail that is addressed to <>."},
    {"enable_original_recipient", kBool, "yes", 0, 0, kPickup, "Keeps the address as submitted beside the completed one, for notices and the log."},
    {"error_notice_recipient", kNonEmpty, "postmaster", 0, 0, kRunner, "Who is sent notices of trouble (notify_classes: policy, protocol, resource, software, data)."},
    {"full_name_encoding_charset", kNonEmpty, "utf-8", 0, 0, kPickup, "The character set of full names from the command line, NAME and the user database."},
    {"header_address_token_limit", kInteger, "10240", 0, 1, kPickup, "The most address tokens of one header line; the rest of the line is dropped."},
    {"header_size_limit", kSize, "102400", 0, 1, kPickup, "The largest header line with its continuations; what is beyond is dropped."},
    {"history_retention_time", kTime, "30d", 'd', 0, kRunner, "How long outpost trace can tell what became of a message."},
    {"history_size_limit", kSize, "67108864", 0, 0, kRunner, "The largest size of that history; the oldest goes first."},
    {"hopcount_limit", kInteger, "50", 0, 1, kPickup, "The most Received: lines of a message; with more it is in a loop and is returned."},
    {"inet_protocols", kList, "all", 0, 0, kSmtp, "The protocols of connections: all, or ipv4, ipv6."},
    {"initial_destination_concurrency", kInteger, "5", 0, 1, kRunner, "The default of smtp_initial_destination_concurrency."},
    {"mail_name", kNonEmpty, "Outpost", 0, 0, kPickup | kRunner, "The mail system's name in Received: lines and notices."},
    {"mail_owner", kNonEmpty, "outpost", 0, 0, kRunner, "The user that owns the queue and runs the mailer."},
    {"maillog_file", kString, "", 0, 0, kEverybody, "The log file; /dev/stdout and /dev/stderr are the process's own; empty is syslog."},
    {"max_idle", kTime, "100s", 's', 1, kPickup | kRunner, "How long a program without work waits for more before it ends."},
    {"maximal_backoff_time", kTime, "4000s", 's', 1, kRunner, "The longest time between two attempts to deliver a message."},
    {"maximal_queue_lifetime", kTime, "5d", 'd', 0, kRunner, "How long a message is tried before it is returned, time without a network not counted; 0: one attempt."},
    {"message_drop_headers", kList, "bcc, content-length, resent-bcc, return-path", 0, 0, kPickup, "Header lines that are removed from every message."},
    {"message_size_limit", kSize, "10240000", 0, 0, kSendmail | kPickup, "The largest message that is accepted, header included; 0: no limit."},
    {"minimal_backoff_time", kTime, "300s", 's', 1, kRunner | kSmtp, "The shortest time between two attempts to deliver a message, and how long a relay that failed is left alone."},
    {"mydomain", kNonEmpty, "$myhostname without its first label", 0, 0, kPickup, "This host's domain.", true},
    {"myhostname", kNonEmpty, "the system's host name", 0, 0, kPickup | kRunner | kSmtp, "This host's full name.", true},
    {"myorigin", kNonEmpty, "$myhostname", 0, 0, kPickup | kRunner, "The domain of addresses that have none; a value that begins with / is a file, its first line counts."},
    {"notify_classes", kList, "resource, software", 0, 0, kRunner, "What the administrator is told of by mail: bounce, 2bounce, delay, policy, protocol, resource, software, data."},
    {"qmgr_clog_warn_time", kTime, "300s", 's', 0, kRunner, "The shortest time between log lines that tell that mail for a next hop waits for its rate delay or its connections; 0: none are written."},
    {"qmgr_message_active_limit", kInteger, "20000", 0, 1, kRunner, "The most messages in work at any time; the rest waits in the queue alone."},
    {"qmgr_message_recipient_limit", kInteger, "20000", 0, 1, kRunner, "The most recipients held in memory until a connection can take them; the rest waits in the queue alone."},
    {"qmgr_message_recipient_minimum", kInteger, "10", 0, 1, kRunner, "Recipients of each next hop that may be held in memory beyond that."},
    {"queue_directory", kNonEmpty, "where this was installed; $XDG_STATE_HOME/outpost for a user's own mailer", 0, 0, kEverybody, "The directory of queue, maildrop and sockets.", true},
    {"queue_minfree", kSize, "0", 0, 0, kPickup | kRunner, "Bytes that a message must leave free in the queue's file system to be accepted; 0: the little that the mailer needs itself."},
    {"queue_run_delay", kTime, "300s", 's', 1, kRunner, "The longest time after which the maildrop is looked at again although nothing was reported."},
    {"queue_share_limit", kInteger, "0", 0, 0, kRunner, "The most messages of one user that wait in the queue at any time; what is more is held until there are fewer; 0: no limit."},
    {"relayhost", kString, "", 0, 0, kRunner | kSmtp, "Where all mail goes: domain, [host], [host]:port; empty: to each recipient's own mail servers."},
    {"sendmail_fix_line_endings", kString, "always", 0, 0, kSendmail | kPickup, "Removes carriage returns at the end of submitted lines: always; strict: if the first line has one; never."},
    {"setgid_group", kNonEmpty, "outdrop", 0, 0, kRunner, "The group that owns the maildrop."},
    {"smtp_address_preference", kString, "any", 0, 0, kSmtp, "Which addresses of a host are tried first: any, ipv4, ipv6."},
    {"smtp_always_send_ehlo", kBool, "yes", 0, 0, kSmtp, "Says EHLO also where the greeting does not speak of ESMTP."},
    {"smtp_connect_timeout", kTime, "30s", 's', 0, kSmtp, "Time for a connection to be made; 0: the system's."},
    {"smtp_data_done_timeout", kTime, "600s", 's', 1, kSmtp, "Time for the answer to the end of a message."},
    {"smtp_data_init_timeout", kTime, "120s", 's', 1, kSmtp, "Time for the answer to DATA."},
    {"smtp_data_xfer_timeout", kTime, "180s", 's', 1, kSmtp, "Time without progress while a message's content is sent."},
    {"smtp_destination_concurrency_failed_cohort_limit", kInteger, "$default_destination_concurrency_failed_cohort_limit", 0, 0, kRunner, "A next hop is left alone when so many times all of its connections have failed in a row; 0: never, each message is tried for itself. A refused login stops it in any case."},
    {"smtp_destination_concurrency_limit", kInteger, "$default_destination_concurrency_limit", 0, 0, kRunner, "The most connections to one next hop; 0: as many as default_process_limit."},
    {"smtp_destination_concurrency_negative_feedback", kNonEmpty, "$default_destination_concurrency_negative_feedback", 0, 0, kRunner, "How many connections fewer a failed connection makes: a number from 0 to 1, 1/concurrency, 1/sqrt_concurrency."},
    {"smtp_destination_concurrency_positive_feedback", kNonEmpty, "$default_destination_concurrency_positive_feedback", 0, 0, kRunner, "How many connections more a delivery makes: a number from 0 to 1, 1/concurrency, 1/sqrt_concurrency."},
    {"smtp_destination_rate_delay", kTime, "$default_destination_rate_delay", 's', 0, kRunner, "The pause after each delivery to one next hop, which then has one connection; 0: none."},
    {"smtp_destination_recipient_limit", kInteger, "$default_destination_recipient_limit", 0, 1, kRunner, "The most recipients of one message in one transaction."},
    {"smtp_helo_name", kNonEmpty, "$myhostname", 0, 0, kSmtp, "The name that is said in EHLO and HELO."},
    {"smtp_helo_timeout", kTime, "300s", 's', 1, kSmtp, "Time for the greeting, and for the answer to EHLO and HELO."},
    {"smtp_initial_destination_concurrency", kInteger, "$initial_destination_concurrency", 0, 1, kRunner, "How many connections to one next hop are tried at first."},
    {"smtp_line_length_limit", kSize, "998", 0, 0, kSmtp, "The longest line that is sent; a longer one is broken; 0: no limit."},
    {"smtp_mail_timeout", kTime, "300s", 's', 1, kSmtp, "Time for the answer to MAIL."},
    {"smtp_mx_address_limit", kInteger, "5", 0, 0, kSmtp, "The most addresses of a next hop that are tried; 0: no limit."},
    {"smtp_mx_session_limit", kInteger, "2", 0, 0, kSmtp, "The most sessions that are begun for one message; 0: no limit."},
    {"smtp_quit_timeout", kTime, "300s", 's', 1, kSmtp, "Time for the answer to QUIT."},
    {"smtp_randomize_addresses", kBool, "yes", 0, 0, kSmtp, "Tries mail servers of equal preference in random order."},
    {"smtp_rcpt_timeout", kTime, "300s", 's', 1, kSmtp, "Time for the answer to RCPT."},
    {"smtp_rset_timeout", kTime, "20s", 's', 1, kSmtp, "Time for the answer to RSET."},
    {"smtp_sasl_auth_enable", kBool, "no", 0, 0, kSmtp, "Logs in at relays for which smtp_sasl_password_maps has a password."},
    {"smtp_sasl_mechanism_filter", kList, "", 0, 0, kSmtp, "Only these mechanisms are used, in no order; !NAME excludes, static:all is all others; empty: all."},
    {"smtp_sasl_password_maps", kList, "", 0, 0, kSmtp, "Tables of \"next-hop user:password\"; a hash: table is its text file."},
    {"smtp_sasl_require_known_peer", kBool, "yes", 0, 0, kSmtp, "Sends a password only to a relay on loopback or with a certificate that verifies, whatever smtp_tls_security_level asks for."},
    {"smtp_sasl_security_options", kList, "noplaintext, noanonymous", 0, 0, kSmtp, "Mechanisms not to use without TLS: noplaintext, noactive, nodictionary, noanonymous, mutual_auth."},
    {"smtp_sasl_tls_security_options", kList, "noanonymous", 0, 0, kSmtp, "The same within TLS."},
    {"smtp_starttls_timeout", kTime, "300s", 's', 1, kSmtp, "Time for the answer to STARTTLS and for the handshake."},
    {"smtp_tcp_port", kNonEmpty, "smtp", 0, 0, kSmtp, "The port of next hops that name none."},
    {"smtp_tls_CAfile", kString, "", 0, 0, kSmtp, "Certificates to trust, PEM; with smtp_tls_CApath empty as well: the system's."},
    {"smtp_tls_CApath", kString, "", 0, 0, kSmtp, "A directory of certificates to trust, hashed; with smtp_tls_CAfile empty as well: the system's."},
    {"smtp_tls_loglevel", kInteger, "0", 0, 0, kSmtp, "0: nothing about TLS; 1: a line a handshake; up to 4: more."},
    {"smtp_tls_mandatory_protocols", kList, ">=TLSv1", 0, 0, kSmtp, "TLS versions at encrypt and above: >=TLSv1.2, <=TLSv1.3, !TLSv1.1, or names."},
    {"smtp_tls_protocols", kList, ">=TLSv1", 0, 0, kSmtp, "TLS versions at may; a version that is excluded leaves no other way but another version."},
    {"smtp_tls_secure_cert_match", kList, "nexthop, dot-nexthop", 0, 0, kSmtp, "Names that a certificate may have at level secure: nexthop, dot-nexthop, hostname, domain, .domain."},
    {"smtp_tls_security_level", kNonEmpty, "may", 0, 0, kSmtp, "none; may: TLS where offered; encrypt: TLS or no delivery; verify, secure: and the certificate proves the name."},
    {"smtp_tls_servername", kString, "", 0, 0, kSmtp, "The server name that is asked for in the handshake; hostname, nexthop, or a name; empty: none unless needed."},
    {"smtp_tls_verify_cert_match", kList, "hostname", 0, 0, kSmtp, "Names that a certificate may have at level verify: hostname, nexthop, dot-nexthop, domain, .domain."},
    {"smtp_tls_wrappermode", kBool, "no", 0, 0, kSmtp, "TLS from the first byte, as on port 465; needs level encrypt or stronger."},
    {"smtp_transport_rate_delay", kTime, "$default_transport_rate_delay", 's', 0, kRunner, "The shortest time between the beginnings of two deliveries, whatever their next hops; 0: none."},
    {"soft_bounce", kBool, "no", 0, 0, kRunner | kSmtp, "Lets mail wait that was refused for good, until its lifetime is over: for tests of a configuration."},
    {"submit_connection_limit", kInteger, "50", 0, 1, kPickup, "The most submissions of one user at any time on the socket; further ones wait or use the maildrop."},
    {"submit_rate_limit", kInteger, "0", 0, 0, kRunner, "The most messages of one user in submit_rate_time_unit; what is more is accepted, held, and leaves at this pace; 0: no limit."},
    {"submit_rate_time_unit", kTime, "1h", 's', 1, kRunner, "The time that submit_rate_limit is for."},
    {"submit_timeout", kTime, "60s", 's', 1, kPickup, "Time for one submission to arrive whole on the socket."},
    {"syslog_name", kNonEmpty, "outpost", 0, 0, kEverybody, "The name before the program's in log lines."},
    {"tls_append_default_CA", kBool, "no", 0, 0, kSmtp, "Trusts the system's certificates beside those of smtp_tls_CAfile and smtp_tls_CApath."},
    {"transport_retry_time", kTime, "60s", 's', 1, kRunner, "The time after which a delivery program that cannot be started, or that ends without a word, is tried again."},
    {"undisclosed_recipients_header", kString, "", 0, 0, kPickup, "A header line for messages without any recipient line; empty: none."},
});
// clang-format on

constexpr bool IsSorted() { return std::ranges::is_sorted(kParameters, {}, &Parameter::name); }
static_assert(IsSorted(), "the registry is searched by bisection");

}  // namespace

std::span<const Parameter> Parameters() { return kParameters; }

const Parameter* FindParameter(std::string_view name) {
  const auto found = std::ranges::lower_bound(kParameters, name, {}, &Parameter::name);
  return found != kParameters.end() && found->name == name ? &*found : nullptr;
}

std::string_view ToString(Type type) {
  switch (type) {
    case kString:
    case kNonEmpty:
      return "string";
    case kBool:
      return "yes or no";
    case kInteger:
      return "number";
    case kSize:
      return "bytes";
    case kTime:
      return "time";
    case kList:
      return "list";
  }
  __builtin_unreachable();
}

std::string_view NearestName(std::string_view name) {
  std::string_view nearest;
  size_t distance = std::max<size_t>(2, name.size() / 5) + 1;
  for (const Parameter& parameter : kParameters) {
    const size_t here = EditDistance(name.substr(0, 100), parameter.name);
    if (here < distance) {
      distance = here;
      nearest = parameter.name;
    }
  }
  return nearest;
}

}  // namespace outpost::conf
