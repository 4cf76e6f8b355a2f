// pickup: turns submissions into messages that the queue can keep.
//   runs as    outpost, group outdrop; no capabilities, no network, no exec, no fork
//   opens      maildrop/ (read, unlink), corrupt/ (rename into), private/tmp/ (content on its way); connections come to
//              it accepted on an inherited listener; never the queue
//   trusts     nobody: records are made at any local user's request
//   promises   answers "queued" only after the runner's commit; a maildrop file is unlinked only after that
//   if killed  nothing is lost: the caller has no answer yet and asks again, or the file is still there
#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <sysexits.h>

#include "conf/configuration.h"
#include "conf/settings.h"
#include "lib/confine/confine.h"
#include "lib/ipc/descriptors.h"
#include "lib/spool/paths.h"
#include "lib/sys/event_loop.h"
#include "lib/sys/file.h"
#include "lib/sys/log.h"
#include "lib/sys/text.h"
#include "pickup/confinement.h"
#include "pickup/pickup.h"

namespace outpost::pickup {
namespace {

using sys::Result;

sys::Log OpenLog(const conf::CommonSettings& common) {
  if (common.maillog_file.empty()) return sys::Log::ToSyslog(common.syslog_name, "pickup");
  return sys::Log::ToDescriptor(sys::UniqueFd(ipc::kLogFd), common.syslog_name, "pickup");
}

Result<Descriptors> OpenAll(const spool::SpoolPaths& paths) {
  Descriptors all;
  const auto open = [](const std::string& path, sys::UniqueFd& into) -> Result<void> {
    auto opened = sys::OpenDirectory(path);
    if (!opened) return opened.error();
    into = std::move(*opened);
    return {};
  };
  if (auto opened = open(paths.Maildrop(), all.maildrop); !opened) return opened.error();
  if (auto opened = open(paths.Corrupt(), all.corrupt); !opened) return opened.error();
  if (auto opened = open(paths.Temporary(), all.temporary); !opened) return opened.error();
  all.listener = sys::UniqueFd(ipc::kListenerFd);
  all.runner = ipc::Channel(sys::UniqueFd(ipc::kChannelFd));
  return all;
}

Result<void> Serve(const conf::PickupSettings& settings, const sys::Log& log) {
  const spool::SpoolPaths paths(settings.common.queue_directory);
  auto descriptors = OpenAll(paths);
  if (!descriptors) return descriptors.error();
  tzset();  // reads its files while they can be opened
  const auto confined = confine::Confine(ConfinementProfile(paths));
  if (!confined) return confined.error();
  for (const std::string& missing : confined->missing()) log.Warning(sys::Cat("confined without ", missing));
  auto loop = sys::EventLoop::Make();
  if (!loop) return loop.error();
  if (auto watched = loop->WatchSignals({SIGTERM, SIGINT}, [&](int) { loop->Stop(); }); !watched) return watched;
  Pickup pickup(*confined, settings, log, *loop, std::move(*descriptors));
  if (auto started = pickup.Start(); !started) return started;
  return loop->Run();
}

int Run(const std::optional<std::string>& directory) {
  const auto location = conf::Locate(directory);
  if (!location) {
    fprintf(stderr, "outpost-pickup: %s\n", location.error().text().c_str());
    return EX_CONFIG;
  }
  auto configuration = conf::Configuration::Load(*location);
  const conf::PickupSettings settings = conf::ReadPickupSettings(configuration);
  const sys::Log log = OpenLog(settings.common);
  if (configuration.HasErrors()) {
    for (const conf::Finding& finding : configuration.findings()) log.Error(finding.ToString());
    return EX_CONFIG;
  }
  if (const auto served = Serve(settings, log); !served) {
    log.Error(served.error().text());
    return EX_OSERR;
  }
  return EX_OK;
}

}  // namespace
}  // namespace outpost::pickup

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);  // a caller that is gone is an error of one write
  umask(077);
  const bool named = argc == 3 && std::string_view(argv[1]) == "-C";
  if (argc != 1 && !named) {
    fputs("usage: outpost-pickup [-C directory]; started by outpost-queue-runner\n", stderr);
    return EX_USAGE;
  }
  return outpost::pickup::Run(named ? std::optional<std::string>(argv[2]) : std::nullopt);
}
