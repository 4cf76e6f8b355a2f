#include "queue-runner/agent.h"

#include <utility>

#include "lib/ipc/descriptors.h"
#include "lib/sys/socket.h"
#include "lib/sys/text.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

// Loading trust stores, tables and their helper programs; more than that is a program that hangs.
constexpr Microseconds kPrepareTimeout = std::chrono::minutes(5);
constexpr mail::EnhancedStatus kLocalTrouble{4, 3, 0};

}  // namespace

Agent::Agent(Context& context, AgentOwner& owner, std::string next_hop, bool verified_elsewhere)
    : context_(context), owner_(owner), next_hop_(std::move(next_hop)), verified_elsewhere_(verified_elsewhere) {}

Agent::~Agent() {
  if (watch_ != 0) context_.loop.Unwatch(watch_);
  context_.loop.Cancel(timer_);
}

sys::Result<void> Agent::Start() {
  auto pair = sys::PacketPair();
  if (!pair) return pair.error();
  std::vector<std::pair<sys::FdView, int>> descriptors = {{pair->second, ipc::kChannelFd},
                                                          {context_.agents_lock, ipc::kAgentsLockFd}};
  if (!context_.log.to_syslog()) descriptors.emplace_back(context_.log.descriptor(), ipc::kLogFd);
  auto pid = context_.spawner.Spawn(Program::kSmtp, descriptors);
  if (!pid) return pid.error();
  pair->second.reset();
  channel_ = ipc::Channel(std::move(pair->first));
  if (auto set = sys::SetNonBlocking(channel_.fd()); !set) return set;
  auto watch = context_.loop.Watch(channel_.fd(), [this] { OnReady(); });
  if (!watch) return watch.error();
  watch_ = *watch;
  timer_ = context_.loop.After(kPrepareTimeout, [this] {
    Fail({kLocalTrouble, "outpost-smtp does not become ready", mail::Fault::kPath});
  });
  const bool of_domains = GoesToRecipientsDomains(context_.policy.routing);
  const conf::NoticeSettings& notices = context_.policy.notices;
  const bool transcripts = notices.Wants(conf::NoticeClass::kPolicy) || notices.Wants(conf::NoticeClass::kProtocol);
  return channel_.Send(ipc::Prepare{next_hop_, of_domains, verified_elsewhere_, transcripts}.Encode());
}

sys::Result<ipc::Channel> Agent::Connect(uint64_t connection) {
  auto pair = sys::PacketPair();
  if (!pair) return pair.error();
  if (auto sent = channel_.Send(ipc::Connect{connection}.Encode(), pair->second); !sent) return sent.error();
  return ipc::Channel(std::move(pair->first));
}

void Agent::OnReady() {
  while (!failed_ && ReadOne()) {
  }
}

bool Agent::ReadOne() {
  auto packet = channel_.Receive();
  if (!packet && (packet.error().code() == EAGAIN || packet.error().code() == EWOULDBLOCK)) return false;
  if (!packet || !packet->has_value()) {
    Fail({kLocalTrouble, packet ? "outpost-smtp has ended" : packet.error().text(), mail::Fault::kPath});
    return false;
  }
  const auto message = ipc::ParseFromParent((*packet)->bytes);
  if (!message) {
    context_.log.Warning(Cat("outpost-smtp for ", next_hop_, " is given up: ", message.error().text()));
    Fail({kLocalTrouble, "outpost-smtp said what cannot be read", mail::Fault::kPath});
    return false;
  }
  if (std::holds_alternative<ipc::Prepared>(*message)) {
    context_.loop.Cancel(std::exchange(timer_, 0));
    prepared_ = true;
    owner_.OnPrepared(*this);
  } else if (const auto* failed = std::get_if<ipc::PrepareFailed>(&*message)) {
    Fail(failed->why);
  } else {
    owner_.OnConnectionEnded(std::get<ipc::ConnectionEnded>(*message).connection);
  }
  return true;
}

void Agent::Fail(const mail::Deferred& why) {
  if (std::exchange(failed_, true)) return;
  context_.loop.Unwatch(std::exchange(watch_, 0));
  context_.loop.Cancel(std::exchange(timer_, 0));
  owner_.OnAgentFailed(*this, why);
}

}  // namespace outpost::queue_runner
