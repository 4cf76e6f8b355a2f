#include "admin/installation_check.h"

#include <grp.h>
#include <optional>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/compiled_in.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

using Severity = conf::Finding::Severity;

struct Directory {
  std::string path;
  mode_t forbidden;  // bits that it must not have
  std::string_view mode;
  std::string_view who;  // gains by such a bit
};

void Add(conf::Configuration& configuration, const std::string& path, std::string text) {
  configuration.AddFinding({Severity::kError, path, 0, std::move(text)});
}

void CheckDirectory(conf::Configuration& configuration, const Directory& directory,
                    const std::optional<uid_t>& owner, const std::string& owner_name) {
  struct stat status {};
  if (lstat(directory.path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != EACCES) {
      Add(configuration, directory.path, sys::Error::FromErrno("inspect it").text());
    }
    return;
  }
  if (!S_ISDIR(status.st_mode)) {
    Add(configuration, directory.path, "is no directory");
    return;
  }
  if ((status.st_mode & directory.forbidden) != 0) {
    Add(configuration, directory.path,
        sys::Cat(directory.who, "; mend it with: chmod ", directory.mode, " ", directory.path));
  }
  if (owner && status.st_uid != *owner) {
    Add(configuration, directory.path,
        sys::Cat("belongs to another user than the mailer's; mend it with: chown ", owner_name, " ",
                 directory.path));
  }
}

void CheckDrop(conf::Configuration& configuration, const std::string& path, const std::string& group_name) {
  const group* group = getgrnam(group_name.c_str());
  if (group == nullptr) {
    configuration.AddFinding(Severity::kError, "setgid_group",
                             sys::Cat("there is no group \"", sys::Printable(group_name, 80), "\"",
                                      HowToUnset(configuration, "setgid_group",
                                                 sys::Cat("; make it with: groupadd --system ", group_name))));
    return;
  }
  const gid_t gid = group->gr_gid;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    Add(configuration, path, sys::Error::FromErrno("inspect it").text());
  } else if ((status.st_mode & S_ISGID) == 0 || status.st_gid != gid) {
    Add(configuration, path,
        sys::Cat("cannot write into the maildrop; mend it with: chgrp ", group_name, " ", path, " && chmod 2755 ",
                 path));
  }
}

}  // namespace

std::string HowToUnset(const conf::Configuration& configuration, std::string_view parameter,
                       std::string_view otherwise) {
  if (!configuration.IsSet(parameter)) return std::string(otherwise);
  return sys::Cat("; is it another mailer's? Take it out of main.cf: outpost conf unset ", parameter);
}

void CheckPrograms(conf::Configuration& configuration, const conf::QueueRunnerSettings& settings, bool shared) {
  for (const std::string_view program : {"outpost-queue-runner", "outpost-pickup", "outpost-smtp"}) {
    const std::string path = sys::Cat(settings.daemon_directory, "/", program);
    if (access(path.c_str(), X_OK) == 0) continue;
    configuration.AddFinding(
        Severity::kError, "daemon_directory",
        sys::Error::FromErrno(sys::Cat("execute ", path)).text() + HowToUnset(configuration, "daemon_directory"));
    break;  // the others' absence says no more
  }
  if (!shared && configuration.IsSet("queue_directory") && !configuration.location().user_mode && geteuid() == 0) {
    configuration.AddFinding(
        Severity::kWarning, "queue_directory",
        sys::Cat("outpost-drop writes to ", conf::CompiledQueueDirectory(),
                 " alone: while the mailer does not run, nobody but root and mail_owner can submit",
                 HowToUnset(configuration, "queue_directory")));
  }
  if (shared) CheckDrop(configuration, settings.daemon_directory + "/outpost-drop", settings.setgid_group);
}

void CheckSpool(conf::Configuration& configuration, const spool::SpoolPaths& paths,
                const conf::FileReader& mailer) {
  constexpr size_t kMaxSocketPath = sizeof(sockaddr_un{}.sun_path) - 1;
  if (paths.ControlSocket().size() > kMaxSocketPath) {
    configuration.AddFinding(Severity::kError, "queue_directory",
                             sys::Cat("is so long that sockets below it have no valid name: ",
                                      paths.ControlSocket(), " is longer than ", kMaxSocketPath, " bytes"));
  }
  constexpr std::string_view kWritable = "other users may change it";
  constexpr std::string_view kReadable = "other users may look into it";
  CheckDirectory(configuration, {paths.root(), S_IWGRP | S_IWOTH, "0755", kWritable}, std::nullopt, mailer.user);
  const Directory owned[] = {
      {paths.Maildrop(), S_IRWXO, "1770", kReadable},
      {paths.Public(), S_IWGRP | S_IWOTH, "0755", kWritable},
      {paths.Private(), S_IRWXG | S_IRWXO, "0700", kReadable},
      {paths.Corrupt(), S_IRWXG | S_IRWXO, "0700", kReadable},
  };
  for (const Directory& directory : owned) CheckDirectory(configuration, directory, mailer.uid, mailer.user);
}

}  // namespace outpost::admin
