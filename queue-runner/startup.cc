#include "queue-runner/startup.h"

#include <cstdlib>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <utility>

#include "lib/sys/file.h"
#include "lib/sys/socket.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

// A runner that was killed a moment ago, or somebody who lists the queue of a stopped mailer, soon lets go of it.
constexpr Microseconds kLockPatience = std::chrono::seconds(3);

struct Directory {
  std::string path;
  mode_t mode;
  bool group = false;  // setgid_group's, where there is one
};

// What lies in the queue directory itself, which stays its maker's: nobody else can put a link in the place of one of
// these while root makes it.
std::vector<Directory> DirectoriesOf(const spool::SpoolPaths& paths, bool shared) {
  return {{paths.Maildrop(), shared ? mode_t{01770} : mode_t{0700}, shared},
          {paths.Public(), 0755},
          {paths.Private(), 0700},
          {paths.Corrupt(), 0700}};
}

bool IsThere(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0;
}

sys::Result<void> GiveToOwner(sys::FdView fd, const Directory& directory,
                              const conf::QueueRunnerSettings& settings) {
  const passwd* owner = getpwnam(settings.mail_owner.c_str());
  if (owner == nullptr) return sys::Error(Cat("mail_owner ", settings.mail_owner, ": no such user"));
  const group* drop_group = directory.group ? getgrnam(settings.setgid_group.c_str()) : nullptr;
  const gid_t gid = drop_group == nullptr ? owner->pw_gid : drop_group->gr_gid;
  if (fchown(fd.get(), owner->pw_uid, gid) == 0) return {};
  return sys::Error::FromErrno(Cat("change the owner of ", directory.path));
}

// What is there already is packaging's, or the administrator's, and stays as it is.
sys::Result<void> MakeMissing(const Directory& directory, const conf::QueueRunnerSettings& settings) {
  if (IsThere(directory.path)) return {};
  if (auto made = sys::MakeDirectories(directory.path, 0755); !made) return made;
  const auto fd = sys::OpenFile(directory.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!fd) return fd.error();
  if (geteuid() == 0) {
    if (auto given = GiveToOwner(*fd, directory, settings); !given) return given;
  }
  if (fchmod(fd->get(), directory.mode) == 0) return {};
  return sys::Error::FromErrno(Cat("change the mode of ", directory.path));
}

sys::Result<void> MakeQueueDirectory(const spool::SpoolPaths& paths, const conf::QueueRunnerSettings& settings) {
  if (!IsThere(paths.root())) {
    if (auto made = sys::MakeDirectories(paths.root(), 0755); !made) return made;
  }
  for (const Directory& directory : DirectoriesOf(paths, geteuid() == 0)) {
    if (auto made = MakeMissing(directory, settings); !made) return made;
  }
  return {};
}

sys::Result<sys::Log> OpenLog(const conf::CommonSettings& settings) {
  if (settings.maillog_file.empty()) return sys::Log::ToSyslog(settings.syslog_name, "qmgr");
  auto target = sys::Log::OpenTarget(settings.maillog_file);
  if (!target) return target.error().Within("maillog_file");
  return sys::Log::ToDescriptor(std::move(*target), settings.syslog_name, "qmgr");
}

// What our other programs may know of the environment.
std::vector<std::string> ProgramEnvironment() {
  std::vector<std::string> kept = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  for (const char* name : {"TZ", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
                           "DBUS_SESSION_BUS_ADDRESS", "CREDENTIALS_DIRECTORY"}) {
    if (const char* value = getenv(name)) kept.push_back(Cat(name, "=", value));
  }
  return kept;
}

std::string Errors(const conf::Configuration& configuration) {
  std::string text;
  for (const auto& finding : configuration.findings()) {
    if (finding.severity == conf::Finding::Severity::kError)
      text += Cat(text.empty() ? "" : "\n", finding.ToString());
  }
  return text;
}

// After root is gone: the queue and all that lies in it.
sys::Result<Prepared> OpenAll(const conf::Location& location, const conf::QueueRunnerSettings& settings,
                              sys::Log log, queue::QueueLock lock) {
  const spool::SpoolPaths paths(settings.common.queue_directory);
  auto scratch = sys::OpenDirectory(paths.Temporary());
  if (!scratch) return scratch.error();
  auto agents_lock = sys::OpenFile(paths.AgentsLock(), O_RDWR | O_CREAT, 0600);
  if (!agents_lock) return agents_lock.error();
  auto spawner = Spawner::Start({settings.daemon_directory, location.directory, ProgramEnvironment()});
  if (!spawner) return spawner.error();
  auto opened = queue::Queue::OpenOrSalvage(
      paths, lock, [&](const sys::Error& error) { log.Error(Cat(error.text(), "; it is being salvaged")); });
  if (!opened) return opened.error();
  auto loop = sys::EventLoop::Make();
  if (!loop) return loop.error();
  auto submit = sys::ListenUnix(paths.SubmitSocket(), 0666);
  if (!submit) return submit.error();
  auto control = sys::ListenUnix(paths.ControlSocket(), 0666);
  if (!control) return control.error();
  SweepTemporary(paths.Temporary());
  std::optional<MaildropWatch> watch;
  if (auto made = MaildropWatch::Make(paths.Maildrop())) {
    watch = std::move(*made);
  } else {
    log.Warning(Cat(made.error().text(), "; the maildrop is looked at once a minute"));
  }
  std::optional<Network> network;
  if (auto made = Network::Make()) {
    network = std::move(*made);
  } else {
    log.Warning(Cat(made.error().text(), "; the network is taken as always there"));
  }
  std::optional<sys::ClockWatch> clock_watch;
  if (auto made = sys::ClockWatch::Make()) clock_watch = std::move(*made);
  Belongings belongings{location,
                        paths,
                        std::move(log),
                        std::move(opened->queue),
                        std::move(*spawner),
                        std::move(*loop),
                        std::move(*submit),
                        std::move(*control),
                        std::move(*scratch),
                        std::move(*agents_lock),
                        std::move(watch),
                        std::move(network),
                        std::move(clock_watch),
                        std::move(opened->salvaged)};
  return Prepared{std::move(belongings), std::move(lock), MakePolicy(settings)};
}

}  // namespace

sys::Result<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    if (argument == "--once") {
      options.once = true;
    } else if (argument == "-C" && has_value) {
      options.config_directory = arguments[++i];
    } else if (argument == "--notify" && has_value) {
      const auto number = sys::ParseDecimal(arguments[++i]);
      if (!number || *number > 65535 || fcntl(static_cast<int>(*number), F_SETFD, FD_CLOEXEC) != 0) {
        return sys::Error(Cat("--notify ", arguments[i], ": no such descriptor"));
      }
      options.notify = sys::UniqueFd(static_cast<int>(*number));
    } else {
      return sys::Error(Cat("unknown option ", argument, "; usage: outpost-queue-runner [-C DIR] [--once]"));
    }
  }
  return options;
}

std::variant<Prepared, Trouble> Prepare(const Options& options) {
  const auto location = conf::Locate(options.config_directory);
  if (!location) return Trouble{EX_CONFIG, location.error().text()};
  auto configuration = conf::Configuration::Load(*location);
  const auto settings = conf::ReadQueueRunnerSettings(configuration);
  configuration.CheckNames();
  if (configuration.HasErrors()) return Trouble{EX_CONFIG, Errors(configuration)};
  const spool::SpoolPaths paths(settings.common.queue_directory);
  if (auto made = MakeQueueDirectory(paths, settings); !made) return Trouble{EX_CANTCREAT, made.error().text()};
  auto log = OpenLog(settings.common);
  if (!log) return Trouble{EX_CANTCREAT, log.error().text()};
  LogWarnings(configuration, *log);
  if (auto dropped = confine::DropPrivileges(settings.mail_owner); !dropped) {
    return Trouble{EX_CONFIG, dropped.error().text()};
  }
  // Root may read what the programs, which read it again, may not.
  if (access(location->MainCf().c_str(), R_OK) != 0) {
    return Trouble{EX_CONFIG,
                   sys::Error::FromErrno(Cat("open ", location->MainCf(), " as ", settings.mail_owner)).text()};
  }
  if (auto made = MakeMissing({paths.Temporary(), 0700}, settings); !made) {
    return Trouble{EX_CANTCREAT, made.error().text()};
  }
  auto lock = queue::QueueLock::Take(paths, kLockPatience);
  if (!lock) return Trouble{EX_CANTCREAT, lock.error().text()};
  if (!*lock) return Trouble{EX_TEMPFAIL, Cat("another queue-runner has ", paths.root())};
  auto prepared = OpenAll(*location, settings, std::move(*log), std::move(**lock));
  if (!prepared) return Trouble{EX_OSERR, prepared.error().text()};
  return std::move(*prepared);
}

void Notify(Options& options, std::string_view text) {
  if (!options.notify) return;
  (void)sys::WriteAll(options.notify, Cat(text, "\n"), "the notify descriptor");
  options.notify.reset();
}

}  // namespace outpost::queue_runner
