// queue-runner: owns the queue; decides what is due, where it goes and how many at once; starts, feeds and ends the
// programs that do it.
//   runs as    outpost (as root only until the log file and missing directories are made); in user mode, the user.
//              No network socket, no exec: a small process forked before (spawner.h) starts programs for it
//   opens      private/queue.db and all else below the queue directory; main.cf; public/submit and public/control
//   trusts     nobody: what pickup, outpost-smtp and people at public/control say is parsed with bounds, and one of
//              them that talks nonsense ends alone. It never looks into a message's body
//   promises   "accepted" is said after the commit; a message is on record as dispatched before a delivery program has
//              it; a notice to the sender and the state "returned" are one commit; silence means try again
//   if killed  what was not answered was not accepted, or is asked for again; what was dispatched is in doubt; the
//              programs end by themselves, and the next runner sees to it (recovery.h)
#include <csignal>
#include <cstdio>
#include <string>
#include <sys/stat.h>
#include <sysexits.h>
#include <vector>

#include "lib/sys/text.h"
#include "queue-runner/confinement.h"
#include "queue-runner/startup.h"

namespace outpost::queue_runner {
namespace {

int Fail(Options& options, const Trouble& trouble) {
  std::fprintf(stderr, "outpost-queue-runner: %s\n", trouble.text.c_str());
  Notify(options, trouble.text.substr(0, trouble.text.find('\n')));
  return trouble.exit_code;
}

int RunConfined(Prepared& prepared, Options& options) {
  const auto profile = MakeProfile(prepared.belongings.paths, prepared.belongings.location.directory);
  const auto confined = confine::Confine(profile);
  if (!confined) return Fail(options, {EX_OSERR, confined.error().text()});
  for (const auto& missing : confined->missing()) {
    prepared.belongings.log.Info(sys::Cat("this kernel cannot confine by ", missing));
  }
  Runner runner(std::move(prepared.belongings), prepared.policy, options.once, *confined);
  if (auto started = runner.Start(); !started) return Fail(options, {EX_OSERR, started.error().text()});
  Notify(options, "ready");
  if (auto run = runner.Run(); !run) return Fail(options, {EX_SOFTWARE, run.error().text()});
  return EX_OK;
}

int Run(int argc, char** argv) {
  auto options = ParseOptions(std::vector<std::string>(argv + 1, argv + argc));
  if (!options) {
    std::fprintf(stderr, "outpost-queue-runner: %s\n", options.error().text().c_str());
    return EX_USAGE;
  }
  auto prepared = Prepare(*options);
  if (const auto* trouble = std::get_if<Trouble>(&prepared)) return Fail(*options, *trouble);
  return RunConfined(std::get<Prepared>(prepared), *options);
}

}  // namespace
}  // namespace outpost::queue_runner

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);  // whoever waits for "ready", or reads the log, may be gone
  umask(077);
  return outpost::queue_runner::Run(argc, argv);
}
