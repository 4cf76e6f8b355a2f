#include "conf/parameters.h"

#include <algorithm>
#include <array>

namespace outpost::conf {
namespace {

using TableTypes::kPasswords;
using namespace values;  // NOLINT(google-build-using-namespace): the words of the table

// One line each, so that it can be read as a table: name, values, default, readers, doc
// clang-format off
constexpr auto kParameters = std::to_array<Parameter>({
    {"2bounce_notice_recipient", NonEmpty(), "postmaster", kRunner, "Who is sent what could not be returned to its sender (notify_classes: 2bounce)."},
    {"always_add_missing_headers", Bool(), "no", kPickup, "Adds From:, Date: and Message-Id: also to messages that were not submitted on this host."},
    {"append_at_myorigin", Bool(), "yes", kPickup, "Completes an address without a domain with @$myorigin."},
    {"append_dot_mydomain", Bool(), "${{$compatibility_level} <level {1} ? {yes} : {no}}", kPickup, "Completes a domain without a dot with .$mydomain."},
    {"bounce_notice_recipient", NonEmpty(), "postmaster", kRunner, "Who is sent copies of notices of failure, with the header of the message (notify_classes: bounce)."},
    {"bounce_queue_lifetime", Time('d', 0), "5d", kRunner, "How long a notice to a sender is tried before it becomes a dead letter."},
    {"bounce_size_limit", Size(1), "50000", kRunner, "The largest message that a notice returns whole; of a larger one it returns the header."},
    {"bounce_template_file", String(), "", kRunner, "A file with texts for notices to senders, in the form of Postfix's bounce(5); empty: the built-in ones."},
    {"compatibility_level", NonEmpty(), "3.11", kPickup, "The release of Postfix whose defaults hold, where they differ: append_dot_mydomain. Unset: the newest."},
    {"config_directory", Computed(NonEmpty()), "where main.cf was found", kRunner, "The directory that holds main.cf; set by -C or MAIL_CONFIG, not in main.cf."},
    {"confirm_delay_cleared", Bool(), "no", kRunner, "Tells a sender who was warned of a delay when the relay has taken the message."},
    {"daemon_directory", Computed(NonEmpty()), "beside the running program, or ../libexec/outpost", kRunner, "The directory of the programs that are started by the mailer itself."},
    {"daemon_timeout", Time('s', 1), "18000s", kRunner, "How long a delivery program, or a pickup that should look into the maildrop, may be silent before another takes its place."},
    {"default_destination_concurrency_failed_cohort_limit", Integer(0), "1", kRunner, "The default of smtp_destination_concurrency_failed_cohort_limit."},
    {"default_destination_concurrency_limit", Integer(0), "20", kRunner, "The default of smtp_destination_concurrency_limit."},
    {"default_destination_concurrency_negative_feedback", NonEmpty(), "1", kRunner, "The default of smtp_destination_concurrency_negative_feedback."},
    {"default_destination_concurrency_positive_feedback", NonEmpty(), "1", kRunner, "The default of smtp_destination_concurrency_positive_feedback."},
    {"default_destination_rate_delay", Time('s', 0), "0s", kRunner, "The default of smtp_destination_rate_delay."},
    {"default_destination_recipient_limit", Integer(1), "50", kRunner, "The default of smtp_destination_recipient_limit."},
    {"default_process_limit", Integer(1), "100", kRunner, "The most connections to relays at any time."},
    {"default_transport", NonEmpty(), "smtp", kRunner, "How mail leaves: smtp, smtp:NEXT-HOP, or error:TEXT to return all mail."},
    {"default_transport_rate_delay", Time('s', 0), "0s", kRunner, "The default of smtp_transport_rate_delay."},
    {"defer_transports", List(), "", kRunner, "With smtp in it, mail waits until a flush sends it: for hosts that are seldom connected."},
    {"delay_notice_recipient", NonEmpty(), "postmaster", kRunner, "Who is sent copies of warnings that mail is delayed (notify_classes: delay)."},
    {"delay_warning_time", Time('h', 0), "0h", kRunner, "After how long a sender is warned that a message still waits, time without a network not counted; 0: never."},
    {"destination_concurrency_feedback_debug", Bool(), "no", kRunner, "Logs each change of the number of connections to a next hop."},
    {"disable_dns_lookups", Bool(), "no", kSmtp, "Asks for no MX records: a host is found by /etc/hosts or its own address records."},
    {"double_bounce_sender", NonEmpty(), "double-bounce", kRunner, "The sender of notices to the administrator; mail to it is discarded, and its own is never returned."},
    {"empty_address_recipient", String(), "MAILER-DAEMON", kPickup, "The recipient of mail that is addressed to <>."},
    {"enable_original_recipient", Bool(), "yes", kPickup, "Keeps the address as submitted beside the completed one, for notices and the log."},
    {"error_notice_recipient", NonEmpty(), "postmaster", kRunner, "Who is sent notices of trouble (notify_classes: policy, protocol, resource, software, data)."},
    {"full_name_encoding_charset", NonEmpty(), "utf-8", kPickup, "The character set of full names from the command line, NAME and the user database."},
    {"header_address_token_limit", Integer(1), "10240", kPickup, "The most address tokens of one header line; the rest of the line is dropped."},
    {"header_size_limit", Size(1), "102400", kPickup, "The largest header line with its continuations; what is beyond is dropped."},
    {"history_retention_time", Time('d', 0), "30d", kRunner, "How long outpost trace can tell what became of a message."},
    {"history_size_limit", Size(0), "67108864", kRunner, "The largest size of that history; the oldest goes first."},
    {"hopcount_limit", Integer(1), "50", kPickup, "The most Received: lines of a message; with more it is in a loop and is returned."},
    {"inet_protocols", Words("all, ipv4, ipv6"), "all", kSmtp, "The protocols of connections: all, or ipv4, ipv6."},
    {"initial_destination_concurrency", Integer(1), "5", kRunner, "The default of smtp_initial_destination_concurrency."},
    {"mail_name", NonEmpty(), "Outpost", kPickup | kRunner, "The mail system's name in Received: lines and notices."},
    {"mail_owner", NonEmpty(), "outpost", kRunner, "The user that owns the queue and runs the mailer."},
    {"maillog_file", String(), "", kEverybody, "The log file; /dev/stdout and /dev/stderr are the process's own; empty is syslog."},
    {"max_idle", Time('s', 1), "100s", kPickup | kRunner, "How long a program without work waits for more before it ends."},
    {"maximal_backoff_time", Time('s', 1), "4000s", kRunner, "The longest time between two attempts to deliver a message."},
    {"maximal_queue_lifetime", Time('d', 0), "5d", kRunner, "How long a message is tried before it is returned, time without a network not counted; 0: one attempt."},
    {"message_drop_headers", List(), "bcc, content-length, resent-bcc, return-path", kPickup, "Header lines that are removed from every message."},
    {"message_size_limit", Size(0), "10240000", kSendmail | kPickup, "The largest message that is accepted, header included; 0: no limit."},
    {"minimal_backoff_time", Time('s', 1), "300s", kRunner | kSmtp, "The shortest time between two attempts to deliver a message, and how long a relay that failed is left alone."},
    {"mydomain", Computed(NonEmpty()), "$myhostname without its first label", kPickup, "This host's domain."},
    {"myhostname", Computed(NonEmpty()), "the system's host name", kPickup | kRunner | kSmtp, "This host's full name."},
    {"myorigin", NonEmpty(), "$myhostname", kPickup | kRunner, "The domain of addresses that have none; a value that begins with / is a file, its first line counts."},
    {"notify_classes", Words("bounce, 2bounce, delay, policy, protocol, resource, software, data"), "resource, software", kRunner, "What the administrator is told of by mail: bounce, 2bounce, delay, policy, protocol, resource, software, data."},
    {"qmgr_clog_warn_time", Time('s', 0), "300s", kRunner, "The shortest time between log lines that tell that mail for a next hop waits for its rate delay or its connections; 0: none are written."},
    {"qmgr_message_active_limit", Integer(1), "20000", kRunner, "The most messages in work at any time; the rest waits in the queue alone."},
    {"qmgr_message_recipient_limit", Integer(1), "20000", kRunner, "The most recipients held in memory until a connection can take them; the rest waits in the queue alone."},
    {"qmgr_message_recipient_minimum", Integer(1), "10", kRunner, "Recipients of each next hop that may be held in memory beyond that."},
    {"queue_directory", Computed(NonEmpty()), "where this was installed; $XDG_STATE_HOME/outpost for a user's own mailer", kEverybody, "The directory of queue, maildrop and sockets."},
    {"queue_minfree", Size(0), "0", kPickup | kRunner, "Bytes that a message must leave free in the queue's file system to be accepted; 0: the little that the mailer needs itself."},
    {"queue_run_delay", Time('s', 1), "300s", kRunner, "The longest time after which the maildrop is looked at again although nothing was reported."},
    {"queue_share_limit", Integer(0), "0", kRunner, "The most messages of one user that wait in the queue at any time; what is more is held until there are fewer; 0: no limit."},
    {"relayhost", String(), "", kRunner | kSmtp, "Where all mail goes: domain, [host], [host]:port; empty: to each recipient's own mail servers."},
    {"sendmail_fix_line_endings", Word("always, strict, never"), "always", kSendmail | kPickup, "Removes carriage returns at the end of submitted lines: always; strict: if the first line has one; never."},
    {"setgid_group", NonEmpty(), "outdrop", kRunner, "The group that owns the maildrop."},
    {"smtp_address_preference", Word("any, ipv4, ipv6"), "any", kSmtp, "Which addresses of a host are tried first: any, ipv4, ipv6."},
    {"smtp_always_send_ehlo", Bool(), "yes", kSmtp, "Says EHLO also where the greeting does not speak of ESMTP."},
    {"smtp_connect_timeout", Time('s', 0), "30s", kSmtp, "Time for a connection to be made; 0: the system's."},
    {"smtp_data_done_timeout", Time('s', 1), "600s", kSmtp, "Time for the answer to the end of a message."},
    {"smtp_data_init_timeout", Time('s', 1), "120s", kSmtp, "Time for the answer to DATA."},
    {"smtp_data_xfer_timeout", Time('s', 1), "180s", kSmtp, "Time without progress while a message's content is sent."},
    {"smtp_destination_concurrency_failed_cohort_limit", Integer(0), "$default_destination_concurrency_failed_cohort_limit", kRunner, "A next hop is left alone when so many times all of its connections have failed in a row; 0: never, each message is tried for itself. A refused login stops it in any case."},
    {"smtp_destination_concurrency_limit", Integer(0), "$default_destination_concurrency_limit", kRunner, "The most connections to one next hop; 0: as many as default_process_limit."},
    {"smtp_destination_concurrency_negative_feedback", NonEmpty(), "$default_destination_concurrency_negative_feedback", kRunner, "How many connections fewer a failed connection makes: a number from 0 to 1, 1/concurrency, 1/sqrt_concurrency."},
    {"smtp_destination_concurrency_positive_feedback", NonEmpty(), "$default_destination_concurrency_positive_feedback", kRunner, "How many connections more a delivery makes: a number from 0 to 1, 1/concurrency, 1/sqrt_concurrency."},
    {"smtp_destination_rate_delay", Time('s', 0), "$default_destination_rate_delay", kRunner, "The pause after each delivery to one next hop, which then has one connection; 0: none."},
    {"smtp_destination_recipient_limit", Integer(1), "$default_destination_recipient_limit", kRunner, "The most recipients of one message in one transaction."},
    {"smtp_helo_name", NonEmpty(), "$myhostname", kSmtp, "The name that is said in EHLO and HELO."},
    {"smtp_helo_timeout", Time('s', 1), "300s", kSmtp, "Time for the greeting, and for the answer to EHLO and HELO."},
    {"smtp_initial_destination_concurrency", Integer(1), "$initial_destination_concurrency", kRunner, "How many connections to one next hop are tried at first."},
    {"smtp_line_length_limit", Size(0), "998", kSmtp, "The longest line that is sent; a longer one is broken; 0: no limit."},
    {"smtp_mail_timeout", Time('s', 1), "300s", kSmtp, "Time for the answer to MAIL."},
    {"smtp_mx_address_limit", Integer(0), "5", kSmtp, "The most addresses of a next hop that are tried; 0: no limit."},
    {"smtp_mx_session_limit", Integer(0), "2", kSmtp, "The most sessions that are begun for one message; 0: no limit."},
    {"smtp_quit_timeout", Time('s', 1), "300s", kSmtp, "Time for the answer to QUIT."},
    {"smtp_randomize_addresses", Bool(), "yes", kSmtp, "Tries mail servers of equal preference in random order."},
    {"smtp_rcpt_timeout", Time('s', 1), "300s", kSmtp, "Time for the answer to RCPT."},
    {"smtp_rset_timeout", Time('s', 1), "20s", kSmtp, "Time for the answer to RSET."},
    {"smtp_sasl_auth_enable", Bool(), "no", kSmtp, "Logs in at relays for which smtp_sasl_password_maps has a password."},
    {"smtp_sasl_mechanism_filter", Patterns(), "", kSmtp, "Only these mechanisms are used, in no order; !NAME excludes, static:all is all others; empty: all."},
    {"smtp_sasl_password_maps", Tables(kPasswords), "", kSmtp, "Tables of \"next-hop user:password\"; a hash: table is its text file."},
    {"smtp_sasl_require_known_peer", Bool(), "yes", kSmtp, "Sends a password only to a relay on loopback or with a certificate that verifies, whatever smtp_tls_security_level asks for."},
    {"smtp_sasl_security_options", Words("noplaintext, noactive, nodictionary, noanonymous, mutual_auth, forward_secrecy"), "noplaintext, noanonymous", kSmtp, "Mechanisms not to use without TLS: noplaintext, noactive, nodictionary, noanonymous, mutual_auth."},
    {"smtp_sasl_tls_security_options", Words("noplaintext, noactive, nodictionary, noanonymous, mutual_auth, forward_secrecy"), "noanonymous", kSmtp, "The same within TLS."},
    {"smtp_starttls_timeout", Time('s', 1), "300s", kSmtp, "Time for the answer to STARTTLS and for the handshake."},
    {"smtp_tcp_port", NonEmpty(), "smtp", kSmtp, "The port of next hops that name none."},
    {"smtp_tls_CAfile", String(), "", kSmtp, "Certificates to trust, PEM; with smtp_tls_CApath empty as well: the system's."},
    {"smtp_tls_CApath", String(), "", kSmtp, "A directory of certificates to trust, hashed; with smtp_tls_CAfile empty as well: the system's."},
    {"smtp_tls_loglevel", Integer(0), "0", kSmtp, "0: nothing about TLS; 1: a line a handshake; up to 4: more."},
    {"smtp_tls_mandatory_protocols", List(), ">=TLSv1", kSmtp, "TLS versions at encrypt and above: >=TLSv1.2, <=TLSv1.3, !TLSv1.1, or names."},
    {"smtp_tls_protocols", List(), ">=TLSv1", kSmtp, "TLS versions at may; a version that is excluded leaves no other way but another version."},
    {"smtp_tls_secure_cert_match", WordsAndNames("nexthop, dot-nexthop, hostname"), "nexthop, dot-nexthop", kSmtp, "Names that a certificate may have at level secure: nexthop, dot-nexthop, hostname, example.com, .example.com."},
    {"smtp_tls_security_level", Word(", none, may, encrypt, verify, secure"), "may", kSmtp, "none; may: TLS where offered; encrypt: TLS or no delivery; verify, secure: and the certificate proves the name; empty: may."},
    {"smtp_tls_servername", String(), "", kSmtp, "The server name that is asked for in the handshake; hostname, nexthop, or a name; empty: none unless needed."},
    {"smtp_tls_verify_cert_match", WordsAndNames("hostname, nexthop, dot-nexthop"), "hostname", kSmtp, "Names that a certificate may have at level verify: hostname, nexthop, dot-nexthop, example.com, .example.com."},
    {"smtp_tls_wrappermode", Bool(), "no", kSmtp, "TLS from the first byte, as on port 465; needs level encrypt or stronger."},
    {"smtp_transport_rate_delay", Time('s', 0), "$default_transport_rate_delay", kRunner, "The shortest time between the beginnings of two deliveries, whatever their next hops; 0: none."},
    {"soft_bounce", Bool(), "no", kRunner | kSmtp, "Lets mail wait that was refused for good, until its lifetime is over: for tests of a configuration."},
    {"submit_connection_limit", Integer(1), "50", kPickup, "The most submissions of one user at any time on the socket; further ones wait or use the maildrop."},
    {"submit_rate_limit", Integer(0), "0", kRunner, "The most messages of one user in submit_rate_time_unit; what is more is accepted, held, and leaves at this pace; 0: no limit."},
    {"submit_rate_time_unit", Time('s', 1), "1h", kRunner, "The time that submit_rate_limit is for."},
    {"submit_timeout", Time('s', 1), "60s", kPickup, "Time for one submission to arrive whole on the socket."},
    {"syslog_name", NonEmpty(), "outpost", kEverybody, "The name before the program's in log lines."},
    {"tls_append_default_CA", Bool(), "no", kSmtp, "Trusts the system's certificates beside those of smtp_tls_CAfile and smtp_tls_CApath."},
    {"transport_retry_time", Time('s', 1), "60s", kRunner, "The time after which a delivery program that cannot be started, or that ends without a word, is tried again."},
    {"undisclosed_recipients_header", String(), "", kPickup, "A header line for messages without any recipient line; empty: none."},
});
// clang-format on

constexpr bool IsSorted() { return std::ranges::is_sorted(kParameters, {}, &Parameter::name); }
static_assert(IsSorted(), "the registry is searched by bisection");

}  // namespace

std::span<const Parameter> Parameters() { return kParameters; }

const Parameter* FindInEffect(std::string_view name) {
  const auto found = std::ranges::lower_bound(kParameters, name, {}, &Parameter::name);
  return found != kParameters.end() && found->name == name ? &*found : nullptr;
}

}  // namespace outpost::conf
