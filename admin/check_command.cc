#include "admin/check_command.h"

#include <sysexits.h>
#include <unistd.h>

#include "admin/check_report.h"
#include "admin/installation_check.h"
#include "admin/mailer_user.h"
#include "admin/practice_check.h"
#include "conf/compiled_in.h"
#include "conf/settings.h"
#include "conf/tables/address_keys.h"
#include "conf/tables/table.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

using Severity = conf::Finding::Severity;

constexpr std::string_view kPasswords = "smtp_sasl_password_maps";

struct Checked {
  conf::QueueRunnerSettings runner;
  conf::SmtpClientSettings smtp;
  conf::FileReader mailer;
};

void CheckHasPassword(conf::Configuration& configuration, conf::TableList& tables,
                      const conf::SmtpClientSettings& smtp) {
  const conf::LookupKeys keys = conf::PasswordKeys(smtp.relayhost, static_cast<uint16_t>(smtp.smtp_tcp_port));
  const auto found = conf::FindFirst(tables, keys);
  if (keys.empty() || !found || *found) return;
  configuration.AddFinding(
      Severity::kWarning, kPasswords,
      sys::Cat("has no line \"", smtp.relayhost, " user:password\": mail will be sent without login"));
}

void CheckPasswords(conf::Configuration& configuration, const conf::SmtpClientSettings& smtp,
                    const conf::FileReader& mailer) {
  if (!smtp.smtp_sasl_auth_enable) {
    if (!smtp.smtp_sasl_password_maps.empty()) {
      configuration.AddFinding(Severity::kWarning, kPasswords, "is not used: smtp_sasl_auth_enable is no");
    }
    return;
  }
  // Who is neither root nor the mailer may not read them, and need not.
  const bool readable = conf::CheckSecretTables(configuration, kPasswords, mailer);
  if (!readable || (geteuid() != 0 && geteuid() != mailer.uid)) return;
  conf::TableList tables = conf::TableList::Open(configuration, kPasswords, smtp.smtp_sasl_password_maps);
  if (!tables.empty() && !smtp.relayhost.empty()) CheckHasPassword(configuration, tables, smtp);
}

void CheckTrust(conf::Configuration& configuration, const conf::SmtpClientSettings& smtp) {
  const std::pair<std::string_view, const std::string&> places[] = {{"smtp_tls_CAfile", smtp.smtp_tls_CAfile},
                                                                    {"smtp_tls_CApath", smtp.smtp_tls_CApath}};
  for (const auto& [name, path] : places) {
    if (path.empty() || access(path.c_str(), R_OK) == 0) continue;
    configuration.AddFinding(Severity::kError, name,
                             sys::Cat(sys::Error::FromErrno(sys::Cat("read ", path)).text(),
                                      "; with neither smtp_tls_CAfile nor smtp_tls_CApath the system's "
                                      "certificates are trusted: outpost conf "
                                      "unset ",
                                      name));
  }
}

// Root reads any main.cf; the programs read it again as the mailer's user.
void CheckMainCf(conf::Configuration& configuration, const conf::FileReader& mailer) {
  const std::string path = configuration.location().MainCf();
  if (access(path.c_str(), R_OK) != 0) return;  // Load() has found that
  if (!conf::MayRead(path, mailer)) configuration.AddFinding(conf::UnreadableFile(path, mailer));
}

// The mailer's user, or this process's after a finding that there is none.
conf::FileReader MailerUser(Environment& environment, const conf::QueueRunnerSettings& settings) {
  sys::Result<conf::FileReader> mailer = FindMailerUser(environment.paths, settings.mail_owner);
  if (mailer) return std::move(*mailer);
  environment.configuration.AddFinding(
      Severity::kError, "mail_owner",
      sys::Cat(mailer.error().text(),
               HowToUnset(
                   environment.configuration, "mail_owner",
                   sys::Cat("; make it with: useradd --system --shell /usr/sbin/nologin ", settings.mail_owner))));
  return conf::CurrentReader();
}

// Each with the program's name, as all that it says on stderr.
void PrintLines(std::string_view lines) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    PrintError(lines.substr(0, end));
    lines.remove_prefix(end + 1);
  }
}

Checked CheckAll(Environment& environment) {
  conf::Configuration& configuration = environment.configuration;
  conf::CheckSettings(configuration);
  Checked checked{conf::ReadQueueRunnerSettings(configuration), conf::ReadSmtpClientSettings(configuration), {}};
  checked.mailer = MailerUser(environment, checked.runner);
  CheckMainCf(configuration, checked.mailer);
  CheckPasswords(configuration, checked.smtp, checked.mailer);
  CheckTrust(configuration, checked.smtp);
  return checked;
}

}  // namespace

void CheckConfiguration(Environment& environment) { CheckAll(environment); }

int Check(Environment& environment, const CheckOptions& options) {
  const auto [settings, smtp, mailer] = CheckAll(environment);
  conf::Configuration& configuration = environment.configuration;
  CheckPractice(configuration, settings, smtp, options.may_ask);
  CheckPrograms(configuration, settings, settings.common.queue_directory == conf::CompiledQueueDirectory());
  if (options.installation) CheckSpool(configuration, environment.paths, mailer);
  const CheckReport report = MakeReport(configuration);
  if (options.json) {
    PrintOut(ReportJson(report));
  } else {
    PrintLines(ReportText(report));
  }
  return configuration.HasErrors() ? EX_CONFIG : EX_OK;
}

}  // namespace outpost::admin
