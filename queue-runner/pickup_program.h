// The one pickup, from the runner's side: started when a connection or a maildrop file shows up, fed with answers,
// asked to scan. It accepts on public/submit while it lives; the runner watches that socket only while it does not.
// One that dies, or that says nothing for daemon_timeout while it should look into the maildrop, is started again when
// there is work, ever more slowly when it dies at once.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "lib/ipc/channel.h"
#include "lib/ipc/intake.h"
#include "queue-runner/context.h"

namespace outpost::queue_runner {

class PickupProgram {
 public:
  struct Listener {
    std::function<sys::Result<void>(ipc::Submission, sys::UniqueFd)> submission;
    std::function<sys::Result<void>(ipc::MoreRecipients)> more;
    std::function<bool()> has_place;  // else what pickup says waits in its channel, and so pickup
    std::function<void()> ended;
  };
  // `listener_socket` is public/submit, listening; it and `maildrop` outlive this.
  PickupProgram(Context& context, sys::FdView submit_socket, std::string maildrop, Listener listener);
  ~PickupProgram();

  // Begins to watch public/submit; looks into the maildrop.
  sys::Result<void> Start();
  // Something may be in the maildrop.
  void LookIntoMaildrop();
  void Answer(const ipc::ToPickup& answer);
  // Ends it, once what it has said is dealt with; another one is started when there is work, at once where it had
  // died before.
  void Restart();
  // Where nothing tells of new files.
  void ScanEvery(Microseconds interval);
  // No more submissions: neither connections nor files are looked for.
  void Stop();
  // Ends it.
  void Close();

  // A scan has been asked for and has not ended.
  bool is_scanning() const { return scans_asked_ > 0 || wants_scan_; }

 private:
  void WatchSocket(bool watch);
  void Launch();
  void OnReady();
  bool ReadOne();
  sys::Result<void> Take(ipc::Packet packet);
  void OnScanned(const ipc::Scanned& scanned);
  void Post(std::string bytes);
  void Flush();
  void End(std::string_view why);
  void EndPause();
  void ArmSlowScan();
  void WatchScan();

  Context& context_;
  sys::FdView submit_socket_;
  std::string maildrop_;
  Listener listener_;
  ipc::Channel channel_;
  sys::EventLoop::WatchId channel_watch_ = 0;
  sys::EventLoop::WatchId socket_watch_ = 0;
  sys::EventLoop::TimerId slow_scan_ = 0;
  sys::EventLoop::TimerId pause_timer_ = 0;
  sys::EventLoop::TimerId watchdog_ = 0;  // while a scan is under way
  std::deque<std::string> outbox_;
  bool waiting_to_write_ = false;
  int scans_asked_ = 0;
  bool wants_scan_ = false;  // when the one under way has ended, or pickup runs
  bool stopped_ = false;
  bool useful_ = false;   // this run has done something
  bool heard_ = false;    // since watchdog_ was armed
  Microseconds pause_{};  // before the next start
};

}  // namespace outpost::queue_runner
