#include "admin/service_command.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sysexits.h>
#include <thread>
#include <unistd.h>

#include "admin/check_command.h"
#include "admin/control_client.h"
#include "admin/format.h"
#include "admin/mailer_user.h"
#include "admin/own_queue.h"
#include "admin/queue_view.h"
#include "lib/mail/address.h"
#include "lib/queue/queue.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/spawn.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

using Verb = ipc::Request::Verb;

constexpr int kStatusNotRunning = 3;
constexpr int kNotifyFd = 3;
constexpr auto kStartPatience = std::chrono::seconds(60);
constexpr auto kStopPatience = std::chrono::seconds(60);
constexpr auto kPollInterval = std::chrono::milliseconds(20);

std::vector<std::string> RunnerArguments(Environment& environment) {
  const std::string directory = conf::ReadQueueRunnerSettings(environment.configuration).daemon_directory;
  return {directory + "/outpost-queue-runner", "-C", environment.configuration.location().directory};
}

// What a daemon may know of the environment that it was started from.
std::vector<std::string> DaemonEnvironment() {
  std::vector<std::string> kept = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  for (const char* name : {"TZ", "LANG", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR",
                           "DBUS_SESSION_BUS_ADDRESS", "CREDENTIALS_DIRECTORY"}) {
    if (const char* value = getenv(name)) kept.push_back(sys::Cat(name, "=", value));
  }
  return kept;
}

// Refuses to start with a wrong configuration, all of it said.
bool ConfigurationIsRight(Environment& environment) {
  CheckConfiguration(environment);
  PrintFindings(environment.configuration);
  return !environment.configuration.HasErrors();
}

// Refuses a user who is neither root nor the one whose queue it is.
bool MayStart(Environment& environment) {
  const std::string owner = conf::ReadQueueRunnerSettings(environment.configuration).mail_owner;
  const auto mailer = FindMailerUser(environment.paths, owner);
  if (geteuid() == 0 || !mailer || mailer->uid == geteuid()) return true;
  PrintError(sys::Cat("only root and ", owner, " may start the mailer of ", environment.paths.root()));
  return false;
}

// What the runner wrote to its notify descriptor: "ready", or why not.
std::string ReadNotification(sys::FdView fd) {
  std::string text;
  const auto deadline = sys::MonotonicClock() + kStartPatience;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - sys::MonotonicClock());
    pollfd ready{fd.get(), POLLIN, 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) == 0) {
      return "it did not become ready in time; its log may say why";
    }
    std::array<char, 1024> block{};
    const auto count = sys::ReadSome(fd, block);
    if (!count || *count == 0) break;
    text.append(block.data(), *count);
  }
  return text.empty() ? "it ended without a word; its log may say why" : std::string(sys::Trim(text));
}

// The exit status of an order; nothing when no mailer runs.
std::optional<int> Order(const Environment& environment, const ipc::Request& request) {
  const auto done = AskRunner(environment.paths, request, [](const ipc::Response&) {});
  if (!done) {
    PrintError(done.error().text());
    return EX_UNAVAILABLE;
  }
  if (!*done) return std::nullopt;
  if (!(*done)->error.empty()) PrintError((*done)->error);
  return (*done)->exit_code;
}

// The same of an order that wants a mailer.
int Tell(const Environment& environment, const ipc::Request& request) {
  if (const auto status = Order(environment, request)) return *status;
  PrintError("the mailer is not running: `outpost start` starts it");
  return EX_UNAVAILABLE;
}

bool SaysThatItRuns(const Environment& environment) {
  if (!IsRunning(environment.paths)) return false;
  PrintError("the mailer is running already");
  return true;
}

// What can be said of a mailer that does not run, as far as this process may look.
StoppedStatus LookAtStopped(Environment& environment) {
  StoppedStatus stopped;
  stopped.maildrop = CountMaildrop(environment.paths);
  auto own = OpenOwnQueue(environment);
  if (!own) return stopped;
  const auto counts = *own ? (*own)->queue.Count() : sys::Result<queue::Counts>(queue::Counts{});
  if (counts) stopped.messages = counts->messages;
  return stopped;
}

}  // namespace

bool IsRunning(const spool::SpoolPaths& paths) {
  const auto done = AskRunner(paths, {Verb::kStatus, "", ""}, [](const ipc::Response&) {});
  return done && *done;
}

int Start(Environment& environment) {
  if (!ConfigurationIsRight(environment)) return EX_CONFIG;
  if (SaysThatItRuns(environment)) return EX_OK;
  if (!MayStart(environment)) return EX_NOPERM;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    PrintError(sys::Error::FromErrno("make a pipe").text());
    return EX_OSERR;
  }
  sys::UniqueFd reading(ends[0]);
  sys::UniqueFd writing(ends[1]);
  sys::SpawnRequest request;
  request.argv = RunnerArguments(environment);
  request.argv.insert(request.argv.end(), {"--notify", sys::Cat(kNotifyFd)});
  request.descriptors = {{writing, kNotifyFd}};
  request.environment = DaemonEnvironment();
  request.new_session = true;
  auto runner = sys::Spawn(request);
  writing.reset();
  if (!runner) {
    PrintError(runner.error().text());
    return EX_OSERR;
  }
  const std::string word = ReadNotification(reading);
  // Somebody else may have started it in the same moment.
  if (word == "ready" || SaysThatItRuns(environment)) return EX_OK;
  PrintError(sys::Cat("the mailer did not start: ", sys::Printable(word)));
  return EX_UNAVAILABLE;
}

int StartInForeground(Environment& environment, bool once) {
  if (!ConfigurationIsRight(environment)) return EX_CONFIG;
  if (!MayStart(environment)) return EX_NOPERM;
  auto arguments = RunnerArguments(environment);
  if (once) arguments.emplace_back("--once");
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  PrintError(sys::Error::FromErrno(sys::Cat("execute ", arguments[0])).text());
  return EX_OSFILE;
}

int Stop(const Environment& environment) {
  const auto told = Order(environment, {Verb::kStop, "", ""});
  if (!told) {
    PrintError("the mailer is not running");
    return EX_OK;
  }
  if (*told != EX_OK) return *told;
  const auto deadline = sys::MonotonicClock() + kStopPatience;
  while (sys::MonotonicClock() < deadline) {
    auto lock = queue::QueueLock::TryTake(environment.paths);
    if (!lock || *lock) return EX_OK;
    std::this_thread::sleep_for(kPollInterval);
  }
  PrintError("the mailer has not ended in time; its log may say what it waits for");
  return EX_TEMPFAIL;
}

int Reload(Environment& environment) {
  if (!ConfigurationIsRight(environment)) return EX_CONFIG;
  return Tell(environment, {Verb::kReload, "", ""});
}

int Flush(const Environment& environment) { return Tell(environment, {Verb::kFlush, "", ""}); }

int FlushMessage(const Environment& environment, const std::string& id) {
  return ParseQueueId(id) ? Tell(environment, {Verb::kFlush, id, ""}) : EX_DATAERR;
}

int FlushDomain(const Environment& environment, const std::string& domain) {
  if (mail::IsValidDomain(domain)) return Tell(environment, {Verb::kFlush, "", domain});
  PrintError(sys::Cat(sys::Printable(domain), " is no domain"));
  return EX_USAGE;
}

int RunQueue(Environment& environment) {
  return IsRunning(environment.paths) ? Flush(environment) : StartInForeground(environment, true);
}

int Status(Environment& environment, bool as_json) {
  const auto done = AskRunner(environment.paths, {Verb::kStatus, "", ""}, [&](const ipc::Response& response) {
    const auto* status = std::get_if<ipc::StatusLine>(&response);
    if (status == nullptr) return;
    PrintOut(as_json ? status->Encode() : FormatStatus(*status, sys::WallClock()));
  });
  if (!done) {
    PrintError(done.error().text());
    return EX_UNAVAILABLE;
  }
  if (*done) {
    if (!(*done)->error.empty()) PrintError((*done)->error);
    return (*done)->exit_code;
  }
  const StoppedStatus stopped = LookAtStopped(environment);
  PrintOut(as_json ? FormatStoppedJson(stopped) : FormatStopped(stopped));
  return kStatusNotRunning;
}

}  // namespace outpost::admin
