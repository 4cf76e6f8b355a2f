#include "smtp-client/parent.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "conf/configuration.h"
#include "lib/confine/confine.h"
#include "lib/sys/text.h"
#include "smtp-client/confinement.h"

namespace outpost::smtp_client {
namespace {

constexpr sys::Microseconds kRound = std::chrono::hours(1);
// Beyond it the runner misbehaves: its limits are far below.
constexpr size_t kMaxChildren = 1000;

}  // namespace

sys::Result<void> HoldAgentsLock(sys::FdView lock) {
  struct flock whole {};
  whole.l_type = F_RDLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(lock.get(), F_SETLK, &whole) != 0) return sys::Error::FromErrno("lock agents.lock");
  return {};
}

sys::Result<Parent> Parent::Make(ipc::Channel channel, conf::Location location, const sys::Log& log) {
  auto loop = sys::EventLoop::Make();
  if (!loop) return loop.error();
  return Parent(std::move(channel), std::move(location), std::move(*loop), log);
}

Parent::Parent(ipc::Channel channel, conf::Location location, sys::EventLoop loop, const sys::Log& log)
    : channel_(std::move(channel)), location_(std::move(location)), loop_(std::move(loop)), log_(&log) {}

sys::Result<std::optional<ConnectionStart>> Parent::Serve() {
  if (auto watched = loop_.Watch(channel_.fd(), [this] { OnPacket(); }); !watched) return watched.error();
  while (!stopped_) {
    if (auto ran = loop_.RunOnce(kRound); !ran) return ran.error();
    // Forked here, not within a callback, so that a child returns from Serve() like any function does.
    for (auto& wanted : std::exchange(wanted_, {})) {
      auto start = Fork(wanted.connection, std::move(wanted.channel));
      if (!start) return start.error();
      if (*start) return start;
    }
  }
  return std::optional<ConnectionStart>();
}

void Parent::OnPacket() {
  auto packet = channel_.Receive();
  if (!packet) return Stop(packet.error().text());
  if (!*packet) return Stop("");
  auto message = ipc::ParseToParent((*packet)->bytes);
  if (!message) return Stop(message.error().text());
  if (const auto* prepare = std::get_if<ipc::Prepare>(&*message)) return Take(*prepare);
  const uint64_t connection = std::get<ipc::Connect>(*message).connection;
  if (!provision_ || !(*packet)->fd || children_.size() + wanted_.size() >= kMaxChildren ||
      children_.contains(connection)) {
    return Stop("the queue runner asked for a connection that cannot be");
  }
  wanted_.push_back({connection, ipc::Channel(std::move((*packet)->fd))});
}

void Parent::Take(const ipc::Prepare& request) {
  if (provision_) return Stop("the queue runner asked twice to prepare");
  auto configuration = conf::Configuration::Load(location_);
  auto outcome = smtp_client::Prepare(configuration, request, *log_);
  if (auto* why = std::get_if<mail::Deferred>(&outcome)) {
    log_->Error(why->why);
    return Send(ipc::PrepareFailed{std::move(*why)}.Encode());
  }
  provision_ = std::move(std::get<Provision>(outcome));
  if (auto confined = confine::Confine(ParentProfile()); !confined) return Stop(confined.error().text());
  Send(ipc::Prepared{provision_->credential ? provision_->credential->user : ""}.Encode());
}

sys::Result<std::optional<ConnectionStart>> Parent::Fork(uint64_t connection, ipc::Channel channel) {
  const pid_t pid = fork();
  if (pid == 0) return std::optional<ConnectionStart>({std::move(channel), std::move(*provision_)});
  channel.Close();
  if (pid < 0) {
    const auto error = sys::Error::FromErrno("fork for a connection");
    log_->Error(error.text());
    Send(ipc::ConnectionEnded{connection, error.text()}.Encode());
    return std::optional<ConnectionStart>();
  }
  sys::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return sys::Error::FromErrno("open a pidfd");
  auto watch = loop_.Watch(pidfd, [this, connection] { OnChildEnd(connection); });
  if (!watch) return watch.error();
  children_.emplace(connection, Child{{pid, std::move(pidfd)}, *watch});
  return std::optional<ConnectionStart>();
}

void Parent::OnChildEnd(uint64_t connection) {
  auto child = children_.extract(connection);
  if (child.empty()) return;
  loop_.Unwatch(child.mapped().watch);
  const auto status = sys::Reap(child.mapped().process);
  Send(ipc::ConnectionEnded{connection, status ? sys::Describe(*status) : status.error().text()}.Encode());
}

void Parent::Send(const std::string& packet) {
  if (auto sent = channel_.Send(packet); !sent) Stop(sent.error().code() == EPIPE ? "" : sent.error().text());
}

// `why`: "" when the runner has closed the channel, which is how it ends us.
void Parent::Stop(std::string_view why) {
  if (!why.empty()) log_->Error(why);
  stopped_ = true;
}

}  // namespace outpost::smtp_client
