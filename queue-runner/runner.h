// queue-runner's parts, put together around one event loop. Each round: events are handled, then what they gathered
// is applied to the queue in one transaction, then what can leave by that is chosen in the same transaction, then it is
// committed, and only then anybody is told.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "conf/configuration.h"
#include "conf/settings.h"
#include "lib/confine/confine.h"
#include "lib/spool/paths.h"
#include "lib/sys/clock_watch.h"
#include "queue-runner/control.h"
#include "queue-runner/delay_warnings.h"
#include "queue-runner/dispatch.h"
#include "queue-runner/intake.h"
#include "queue-runner/intake_memory.h"
#include "queue-runner/maildrop_watch.h"
#include "queue-runner/pickup_program.h"
#include "queue-runner/postmaster.h"
#include "queue-runner/recovery.h"
#include "queue-runner/user_limits.h"
#include "queue-runner/waiting_clock.h"

namespace outpost::queue_runner {

// What main has opened and made before rights were given up.
struct Belongings {
  conf::Location location;
  spool::SpoolPaths paths;
  sys::Log log;
  queue::Queue queue;
  Spawner spawner;
  sys::EventLoop loop;
  sys::UniqueFd submit_socket;
  sys::UniqueFd control_socket;
  sys::UniqueFd scratch_directory;
  sys::UniqueFd agents_lock;
  std::optional<MaildropWatch> maildrop_watch;  // nothing: looked at slowly instead
  std::optional<Network> network;               // nothing: taken as there
  std::optional<sys::ClockWatch> clock_watch;   // nothing: changes are noticed late
  std::optional<queue::Salvaged> salvaged;      // the queue was found damaged
};

class Runner {
 public:
  // Confined: from here on bytes of others are read.
  Runner(Belongings belongings, const Policy& policy, bool once, const confine::Confined& confined);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Listens; public/submit and public/control answer from now on.
  sys::Result<void> Start();
  // Until stopped, or, with `once`, until nothing is left that could be done now. The Error: why it cannot go on.
  sys::Result<void> Run();

 private:
  void Round();
  bool MayGather();
  void AdvanceClock();
  void ArmRetry();
  void EndIfDone();
  void OnSignal(int number);
  void OnProgramEnded();
  sys::Result<void> WatchSurroundings();
  void OnNetworkChange();
  void OnClockChange(const sys::ClockChange& change);
  void Stop();
  void EndWhenQuiet();
  void Tidy();
  void ArmTidy();
  void KeepHouse();
  std::optional<std::string> ReadSettings();
  void TellOfTrouble();
  void ReportDamaged();
  void SalvageQueue();
  void ReportSalvaged(const queue::Salvaged& salvaged);
  ipc::StatusLine Status();
  ipc::Done Flush();
  std::function<std::optional<ipc::Done>()> FlushSome(const ipc::Request& request);
  ipc::Done Reload();

  Belongings own_;
  Policy policy_;
  bool once_;
  Microseconds started_;
  WaitingClock clock_;
  ActiveMessages active_;
  Batch batch_;
  Context context_;
  Reports reports_;
  Dispatch dispatch_;
  DelayWarnings delay_warnings_;
  Postmaster postmaster_;
  UserLimits user_limits_;
  Intake intake_;
  IntakeMemory intake_memory_;
  PickupProgram pickup_;
  Control control_;
  Recovery recovery_;
  std::optional<sys::Error> broken_;
  bool stopping_ = false;
  bool round_asked_ = false;
  bool retry_armed_ = false;
  Microseconds gathers_until_{};  // monotonic; 0: it does not
  sys::EventLoop::TimerId tidy_timer_ = 0;
  Microseconds stop_deadline_{};
  std::optional<Microseconds> offline_since_;  // wall clock
  Microseconds next_housekeeping_{};
  Microseconds next_salvage_{};  // monotonic
};

}  // namespace outpost::queue_runner
