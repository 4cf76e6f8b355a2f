// outpost-smtp: brings messages to the relay. The parent prepares; a fork of it carries one connection.
//   runs as    outpost; no capabilities, no exec
//   opens      parent: main.cf, the tables of smtp_sasl_password_maps, CA certificates, SASL plug-ins, before the
//              first connection; then it is confined as well. A connection's process: the resolver's files, one
//              connection, its channel; never auth_passwd, never the queue
//   trusts     the queue runner for what to send; nobody else: replies, certificates and DNS answers are checked and
//              bounded where they are read
//   promises   a secret goes only to the relay that main.cf names, proved or on loopback; nothing leaves in clear that
//              main.cf wants encrypted; "sent" only after the relay's 2xx to the whole content; no content is ended
//              when the runner is gone; a failure before MAIL returns no mail
//   if killed  nothing is lost: what was not answered is due again, or in doubt where its content had begun to leave
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sysexits.h>
#include <unistd.h>
#include <utility>

#include "conf/configuration.h"
#include "conf/settings.h"
#include "lib/ipc/descriptors.h"
#include "lib/sys/log.h"
#include "lib/sys/text.h"
#include "smtp-client/parent.h"
#include "smtp-client/session.h"

namespace outpost::smtp_client {
namespace {

constexpr const char* kProgram = "smtp";

std::optional<std::string> ParseArguments(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "-C") == 0) return argv[2];
  return std::nullopt;
}

sys::Log MakeLog(const conf::CommonSettings& settings) {
  if (settings.maillog_file.empty()) return sys::Log::ToSyslog(settings.syslog_name, kProgram);
  return sys::Log::ToDescriptor(sys::UniqueFd(ipc::kLogFd), settings.syslog_name, kProgram);
}

bool IsOpen(int number) { return fcntl(number, F_GETFD) >= 0; }

// Inherited descriptors are ours alone: no program that we start would need them, and we start none.
void MarkInherited() {
  for (const int number : {ipc::kChannelFd, ipc::kLogFd, ipc::kAgentsLockFd}) fcntl(number, F_SETFD, FD_CLOEXEC);
}

int Serve(const conf::Location& location, const sys::Log& log) {
  const sys::UniqueFd lock(ipc::kAgentsLockFd);
  std::optional<ConnectionStart> start;
  {
    auto parent = Parent::Make(ipc::Channel(sys::UniqueFd(ipc::kChannelFd)), location, log);
    if (!parent) {
      log.Error(parent.error().text());
      return EX_OSERR;
    }
    if (auto held = HoldAgentsLock(lock); !held) {
      log.Error(held.error().text());
      return EX_TEMPFAIL;
    }
    auto served = parent->Serve();
    if (!served) {
      log.Error(served.error().text());
      return EX_OSERR;
    }
    start = std::move(*served);
  }
  if (!start) return EX_OK;
  if (!HoldAgentsLock(lock)) return EX_TEMPFAIL;  // a new runner has begun: it will send this message
  return RunSession(std::move(start->channel), std::move(start->provision), log);
}

int Run(int argc, char** argv) {
  const auto directory = ParseArguments(argc, argv);
  if (!directory || !IsOpen(ipc::kChannelFd) || !IsOpen(ipc::kAgentsLockFd)) {
    fputs("outpost-smtp is started by outpost-queue-runner: outpost-smtp -C DIRECTORY\n", stderr);
    return EX_USAGE;
  }
  MarkInherited();
  const auto location = conf::Locate(directory);
  if (!location) {
    fprintf(stderr, "outpost-smtp: %s\n", location.error().text().c_str());
    return EX_CONFIG;
  }
  auto configuration = conf::Configuration::Load(*location);
  const sys::Log log = MakeLog(conf::ReadCommonSettings(configuration));
  return Serve(*location, log);
}

}  // namespace
}  // namespace outpost::smtp_client

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  return outpost::smtp_client::Run(argc, argv);
}
