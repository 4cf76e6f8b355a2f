#include "conf/settings.h"

#include <algorithm>

#include "conf/compiled_in.h"
#include "conf/next_hop.h"
#include "conf/settings_checks.h"
#include "conf/value_types.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Severity = Finding::Severity;

constexpr size_t kMaxOriginFile = 64 * 1024;

std::string FirstLine(const std::string& text) {
  return std::string(sys::Trim(std::string_view(text).substr(0, text.find('\n'))));
}

// myorigin, or the first line of the file that it names.
std::string ReadOrigin(Configuration& configuration) {
  std::string origin = configuration.String("myorigin");
  if (origin.starts_with('/')) {
    const sys::Result<std::string> text = sys::ReadFile(origin, kMaxOriginFile);
    if (!text) {
      configuration.AddFinding(
          Severity::kError, "myorigin",
          sys::Cat(text.error().text(), "; write the domain of your senders into it, or set myorigin to it"));
      return configuration.String("myhostname");
    }
    origin = FirstLine(*text);
  }
  return CheckedHostName(configuration, "myorigin", std::move(origin));
}

FixLineEndings ReadFixLineEndings(Configuration& configuration) {
  static constexpr Choice<FixLineEndings> kChoices[] = {
      {"always", FixLineEndings::kAlways}, {"strict", FixLineEndings::kStrict}, {"never", FixLineEndings::kNever}};
  return ReadChoice<FixLineEndings>(configuration, "sendmail_fix_line_endings", kChoices);
}

std::vector<std::string> LowerCased(std::vector<std::string> items) {
  for (std::string& item : items) item = sys::LowerCase(item);
  return items;
}

// smtp[:next-hop] or error:text; what else mail could be given to does not exist here.
std::string ReadDefaultTransport(Configuration& configuration) {
  std::string transport = configuration.String("default_transport");
  const std::string name = transport.substr(0, transport.find(':'));
  const std::string rest = name.size() < transport.size() ? transport.substr(name.size() + 1) : "";
  if (name == "smtp" && !rest.empty()) {
    CheckNextHop(configuration, "default_transport", rest);
  } else if (name != "smtp" && name != "error") {
    configuration.AddFinding(Severity::kError, "default_transport",
                             sys::Cat("there is no transport \"", sys::Printable(name, 60),
                                      "\"; known are smtp, smtp:NEXT-HOP, error:TEXT"));
  }
  return transport;
}

void CheckBackoff(Configuration& configuration, const QueueRunnerSettings& settings) {
  if (settings.minimal_backoff_time <= settings.maximal_backoff_time) return;
  configuration.AddFinding(Severity::kError, "minimal_backoff_time", "is longer than maximal_backoff_time");
}

void CheckUndisclosed(Configuration& configuration, const std::string& header) {
  const size_t colon = header.find(':');
  if (header.empty() || (colon != std::string::npos && colon > 0 && header.find_first_of(" \t") > colon)) return;
  configuration.AddFinding(Severity::kError, "undisclosed_recipients_header", "is no header line \"Name: text\"");
}

}  // namespace

CommonSettings ReadCommonSettings(Configuration& configuration) {
  CommonSettings settings;
  settings.queue_directory = CheckedPath(configuration, "queue_directory");
  settings.syslog_name = configuration.String("syslog_name");
  settings.maillog_file = CheckedPath(configuration, "maillog_file");
  return settings;
}

SendmailSettings ReadSendmailSettings(Configuration& configuration) {
  SendmailSettings settings;
  settings.common = ReadCommonSettings(configuration);
  settings.queue_is_compiled_in = settings.common.queue_directory == CompiledQueueDirectory();
  settings.message_size_limit = configuration.Size("message_size_limit");
  settings.sendmail_fix_line_endings = ReadFixLineEndings(configuration);
  return settings;
}

PickupSettings ReadPickupSettings(Configuration& configuration) {
  PickupSettings settings;
  settings.common = ReadCommonSettings(configuration);
  settings.myhostname = ReadHostName(configuration, "myhostname");
  settings.mydomain = ReadHostName(configuration, "mydomain");
  settings.myorigin = ReadOrigin(configuration);
  settings.mail_name = ReadCleanText(configuration, "mail_name");
  settings.append_at_myorigin = configuration.Bool("append_at_myorigin");
  settings.append_dot_mydomain = configuration.Bool("append_dot_mydomain");
  settings.always_add_missing_headers = configuration.Bool("always_add_missing_headers");
  settings.enable_original_recipient = configuration.Bool("enable_original_recipient");
  settings.undisclosed_recipients_header = ReadCleanText(configuration, "undisclosed_recipients_header");
  CheckUndisclosed(configuration, settings.undisclosed_recipients_header);
  settings.empty_address_recipient = ReadCleanText(configuration, "empty_address_recipient");
  settings.full_name_encoding_charset = ReadCleanText(configuration, "full_name_encoding_charset");
  settings.message_drop_headers = LowerCased(configuration.List("message_drop_headers"));
  settings.sendmail_fix_line_endings = ReadFixLineEndings(configuration);
  settings.message_size_limit = configuration.Size("message_size_limit");
  settings.header_size_limit = configuration.Size("header_size_limit");
  settings.header_address_token_limit = configuration.Integer("header_address_token_limit");
  settings.hopcount_limit = configuration.Integer("hopcount_limit");
  settings.queue_minfree = configuration.Size("queue_minfree");
  settings.max_idle = configuration.Time("max_idle");
  settings.submit_connection_limit = configuration.Integer("submit_connection_limit");
  settings.submit_timeout = configuration.Time("submit_timeout");
  return settings;
}

QueueRunnerSettings ReadQueueRunnerSettings(Configuration& configuration) {
  QueueRunnerSettings settings;
  settings.common = ReadCommonSettings(configuration);
  settings.config_directory = configuration.String("config_directory");
  settings.daemon_directory = CheckedPath(configuration, "daemon_directory");
  settings.mail_owner = configuration.String("mail_owner");
  settings.setgid_group = configuration.String("setgid_group");
  settings.myhostname = ReadHostName(configuration, "myhostname");
  settings.myorigin = ReadOrigin(configuration);
  settings.mail_name = ReadCleanText(configuration, "mail_name");
  settings.relayhost = ReadRelayhost(configuration);
  settings.default_transport = ReadDefaultTransport(configuration);
  settings.minimal_backoff_time = configuration.Time("minimal_backoff_time");
  settings.maximal_backoff_time = configuration.Time("maximal_backoff_time");
  CheckBackoff(configuration, settings);
  settings.maximal_queue_lifetime = configuration.Time("maximal_queue_lifetime");
  settings.bounce_queue_lifetime = configuration.Time("bounce_queue_lifetime");
  settings.queue_run_delay = configuration.Time("queue_run_delay");
  settings.max_idle = configuration.Time("max_idle");
  settings.notices = ReadNoticeSettings(configuration, settings.myorigin);
  settings.scheduling = ReadSchedulingSettings(configuration);
  settings.queue_minfree = configuration.Size("queue_minfree");
  settings.history_retention_time = configuration.Time("history_retention_time");
  settings.history_size_limit = configuration.Size("history_size_limit");
  settings.daemon_timeout = configuration.Time("daemon_timeout");
  settings.submit_rate_limit = configuration.Integer("submit_rate_limit");
  settings.submit_rate_time_unit = configuration.Time("submit_rate_time_unit");
  settings.queue_share_limit = configuration.Integer("queue_share_limit");
  return settings;
}

void CheckSettings(Configuration& configuration) {
  configuration.CheckNames();
  ReadSendmailSettings(configuration);
  ReadPickupSettings(configuration);
  ReadQueueRunnerSettings(configuration);
  ReadSmtpClientSettings(configuration);
}

}  // namespace outpost::conf
