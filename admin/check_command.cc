#include "admin/check_command.h"

#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf/settings.h"
#include "conf/tables/table.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

using Severity = conf::Finding::Severity;

void CheckPrograms(Environment& environment) {
  auto& configuration = environment.configuration;
  const std::string directory = conf::ReadQueueRunnerSettings(configuration).daemon_directory;
  for (const char* program : {"outpost-queue-runner", "outpost-pickup", "outpost-smtp"}) {
    const std::string path = sys::Cat(directory, "/", program);
    if (access(path.c_str(), X_OK) != 0) {
      configuration.AddFinding(Severity::kError, "daemon_directory",
                               sys::Cat(sys::Error::FromErrno(path).text(), "; is outpost installed?"));
    }
  }
}

// The spool is made when the mailer starts; what is there already must be safe.
void CheckSpool(Environment& environment) {
  const auto add = [&](const std::string& path, std::string_view what) {
    environment.configuration.AddFinding({Severity::kError, path, 0, std::string(what)});
  };
  const auto& paths = environment.paths;
  struct stat status {};
  if (stat(paths.root().c_str(), &status) != 0) {
    if (errno != ENOENT) add(paths.root(), sys::Error::FromErrno("cannot be looked at").text());
    return;
  }
  if ((status.st_mode & S_IWOTH) != 0) add(paths.root(), "others may write here: chmod o-w it");
  if (stat(paths.Private().c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    add(paths.Private(), "others may look in here: chmod 0700 it");
  }
  if (stat(paths.Maildrop().c_str(), &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
    add(paths.Maildrop(), "others may look in here: chmod 1770 it");
  }
}

}  // namespace

void CheckConfiguration(Environment& environment) {
  auto& configuration = environment.configuration;
  conf::CheckSettings(configuration);
  configuration.CheckNames();
  const auto smtp = conf::ReadSmtpClientSettings(configuration);
  conf::TableList::Open(configuration, "smtp_sasl_password_maps", smtp.smtp_sasl_password_maps);
}

int Check(Environment& environment) {
  CheckConfiguration(environment);
  CheckPrograms(environment);
  CheckSpool(environment);
  PrintFindings(environment.configuration);
  return environment.configuration.HasErrors() ? EX_CONFIG : EX_OK;
}

}  // namespace outpost::admin
