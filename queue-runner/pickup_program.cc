#include "queue-runner/pickup_program.h"

#include <algorithm>
#include <utility>

#include "lib/ipc/descriptors.h"
#include "lib/sys/socket.h"
#include "lib/sys/text.h"
#include "queue-runner/maildrop_watch.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

constexpr int kPacketsAtOnce = 128;  // then the round commits what came
constexpr Microseconds kSlowScan = std::chrono::seconds(60);
constexpr Microseconds kShortestPause = std::chrono::seconds(1);
constexpr Microseconds kLongestPause = std::chrono::seconds(60);

}  // namespace

PickupProgram::PickupProgram(Context& context, sys::FdView submit_socket, std::string maildrop, Listener listener)
    : context_(context),
      submit_socket_(submit_socket),
      maildrop_(std::move(maildrop)),
      listener_(std::move(listener)) {}

PickupProgram::~PickupProgram() {
  WatchSocket(false);
  if (channel_watch_ != 0) context_.loop.Unwatch(channel_watch_);
  context_.loop.Cancel(slow_scan_);
  context_.loop.Cancel(pause_timer_);
  context_.loop.Cancel(watchdog_);
}

sys::Result<void> PickupProgram::Start() {
  WatchSocket(true);
  if (socket_watch_ == 0) return sys::Error("cannot watch public/submit");
  if (HasEntries(maildrop_)) LookIntoMaildrop();
  return {};
}

void PickupProgram::WatchSocket(bool watch) {
  if (watch == (socket_watch_ != 0)) return;
  if (!watch) return context_.loop.Unwatch(std::exchange(socket_watch_, 0));
  auto watched = context_.loop.Watch(submit_socket_, [this] { Launch(); });
  if (watched) socket_watch_ = *watched;
}

void PickupProgram::LookIntoMaildrop() {
  if (stopped_) return;
  if (!channel_) {
    wants_scan_ = true;
    return Launch();
  }
  if (scans_asked_ > 0) {
    wants_scan_ = true;
    return;
  }
  ++scans_asked_;
  Post(ipc::Scan{}.Encode());
  WatchScan();
}

void PickupProgram::WatchScan() {
  context_.loop.Cancel(watchdog_);
  heard_ = false;
  watchdog_ = context_.loop.After(context_.policy.daemon_timeout, [this] {
    watchdog_ = 0;
    if (heard_ || !listener_.has_place()) return WatchScan();
    End("it does not answer");
  });
}

void PickupProgram::Launch() {
  if (channel_ || stopped_ || pause_timer_ != 0) return;
  WatchSocket(false);
  auto pair = sys::PacketPair();
  sys::Result<void> started;
  if (pair) {
    std::vector<std::pair<sys::FdView, int>> descriptors = {{pair->second, ipc::kChannelFd},
                                                            {submit_socket_, ipc::kListenerFd}};
    if (!context_.log.to_syslog()) descriptors.emplace_back(context_.log.descriptor(), ipc::kLogFd);
    auto pid = context_.spawner.Spawn(Program::kPickup, descriptors);
    if (!pid) started = pid.error();
  } else {
    started = pair.error();
  }
  if (started) started = sys::SetNonBlocking(pair->first);
  if (!started) return End(started.error().text());
  channel_ = ipc::Channel(std::move(pair->first));
  auto watch = context_.loop.Watch(channel_.fd(), [this] { OnReady(); });
  if (!watch) return End(watch.error().text());
  channel_watch_ = *watch;
  scans_asked_ = 1;  // it looks by itself when it starts
  wants_scan_ = false;
  useful_ = false;
  WatchScan();
}

void PickupProgram::Answer(const ipc::ToPickup& answer) {
  Post(std::visit([](const auto& one) { return one.Encode(); }, answer));
}

void PickupProgram::Post(std::string bytes) {
  if (!channel_) return;
  outbox_.push_back(std::move(bytes));
  if (outbox_.size() == 1) Flush();
}

void PickupProgram::Flush() {
  bool full = false;
  while (!outbox_.empty()) {
    auto sent = channel_.Send(outbox_.front());
    full = !sent && (sent.error().code() == EAGAIN || sent.error().code() == EWOULDBLOCK);
    if (!sent) break;
    outbox_.pop_front();
  }
  if (!full) outbox_.clear();  // sent, or nobody is there any more, as the channel will tell
  if (std::exchange(waiting_to_write_, full) != full) context_.loop.Rewatch(channel_watch_, full);
}

void PickupProgram::OnReady() {
  if (!outbox_.empty()) Flush();
  for (int i = 0; i < kPacketsAtOnce && channel_ && listener_.has_place(); ++i) {
    if (!ReadOne()) return;
  }
}

bool PickupProgram::ReadOne() {
  auto packet = channel_.Receive();
  if (!packet && (packet.error().code() == EAGAIN || packet.error().code() == EWOULDBLOCK)) return false;
  if (!packet) return End(packet.error().text()), false;
  if (!packet->has_value()) return End(""), false;
  heard_ = true;
  if (auto taken = Take(std::move(**packet)); !taken) return End(taken.error().text()), false;
  return true;
}

sys::Result<void> PickupProgram::Take(ipc::Packet packet) {
  auto message = ipc::ParseToRunner(packet.bytes);
  if (!message) return message.error();
  if (auto* submission = std::get_if<ipc::Submission>(&*message)) {
    return listener_.submission(std::move(*submission), std::move(packet.fd));
  }
  if (auto* more = std::get_if<ipc::MoreRecipients>(&*message)) return listener_.more(std::move(*more));
  OnScanned(std::get<ipc::Scanned>(*message));
  return {};
}

void PickupProgram::OnScanned(const ipc::Scanned& scanned) {
  useful_ = true;
  scans_asked_ = 0;
  context_.loop.Cancel(std::exchange(watchdog_, 0));
  if (std::exchange(wants_scan_, false)) return LookIntoMaildrop();
  if (scanned.left > 0) ArmSlowScan();
}

void PickupProgram::ArmSlowScan() {
  if (slow_scan_ != 0 || stopped_) return;
  slow_scan_ = context_.loop.After(kSlowScan, [this] {
    slow_scan_ = 0;
    if (HasEntries(maildrop_)) LookIntoMaildrop();
  });
}

// It has ended: by itself when it had no work, or by a fault, after which it is started less eagerly.
void PickupProgram::End(std::string_view why) {
  if (!why.empty()) context_.log.Warning(Cat("pickup is given up: ", why));
  if (channel_watch_ != 0) context_.loop.Unwatch(std::exchange(channel_watch_, 0));
  context_.loop.Cancel(std::exchange(watchdog_, 0));
  channel_.Close();
  outbox_.clear();
  waiting_to_write_ = false;
  listener_.ended();
  if (stopped_) return;
  const bool unfinished = scans_asked_ > 0 || wants_scan_;
  scans_asked_ = 0;
  if (useful_ && why.empty()) {
    pause_ = {};
    WatchSocket(true);
    if (unfinished) LookIntoMaildrop();
    return;
  }
  wants_scan_ = wants_scan_ || unfinished;
  pause_ = std::clamp(pause_ * 2, kShortestPause, kLongestPause);
  pause_timer_ = context_.loop.After(pause_, [this] { EndPause(); });
}

void PickupProgram::EndPause() {
  pause_timer_ = 0;
  WatchSocket(true);
  if (wants_scan_) LookIntoMaildrop();
}

void PickupProgram::Restart() {
  if (pause_timer_ != 0) {  // what it died of may have been mended
    context_.loop.Cancel(pause_timer_);
    pause_ = {};
    return EndPause();
  }
  if (!channel_) return;
  OnReady();
  if (!channel_) return;
  useful_ = true;
  End("");
}

void PickupProgram::ScanEvery(Microseconds interval) {
  if (stopped_) return;
  context_.loop.After(interval, [this, interval] {
    if (HasEntries(maildrop_)) LookIntoMaildrop();
    ScanEvery(interval);
  });
}

void PickupProgram::Close() {
  if (channel_) End("");
}

void PickupProgram::Stop() {
  stopped_ = true;
  WatchSocket(false);
  context_.loop.Cancel(std::exchange(slow_scan_, 0));
  context_.loop.Cancel(std::exchange(pause_timer_, 0));
}

}  // namespace outpost::queue_runner
