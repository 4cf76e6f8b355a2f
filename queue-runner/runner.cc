#include "queue-runner/runner.h"

#include <cerrno>
#include <signal.h>
#include <sysexits.h>
#include <unistd.h>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "queue-runner/partial_flush.h"
#include "queue-runner/salvage_report.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

constexpr Microseconds kGather = std::chrono::milliseconds(4);
constexpr Microseconds kTidyDelay = std::chrono::seconds(1);
constexpr Microseconds kTidyRetry = std::chrono::seconds(60);
constexpr Microseconds kTidyAgain = std::chrono::milliseconds(5);
constexpr Microseconds kHousekeeping = std::chrono::hours(1);
constexpr Microseconds kIntakeMemory = std::chrono::hours(24);   // of submissions that may be asked for again
constexpr Microseconds kStopPatience = std::chrono::seconds(5);  // for what is in flight
constexpr Microseconds kEndPatience = std::chrono::seconds(2);   // for the programs to end
constexpr Microseconds kStopInterval = std::chrono::milliseconds(20);
constexpr Microseconds kSalvageRetry = std::chrono::seconds(60);
constexpr Microseconds kTroubleRetry = std::chrono::seconds(5);
constexpr Microseconds kSlowScan = std::chrono::seconds(60);
constexpr Microseconds kSleep = std::chrono::seconds(2);  // shorter ones break no connection
constexpr size_t kStatusLines = 50;

// By a fault of the program's own, not by a person or the kernel's need of memory.
bool IsCrash(std::string_view how) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGSYS}) {
    if (how == Cat("signal ", signal)) return true;
  }
  return false;
}

ipc::Done FlushedByOldSettings(const std::string& wrong) {
  return {Cat("flushed by the settings read before; ", wrong), EX_CONFIG};
}

}  // namespace

Runner::Runner(Belongings belongings, const Policy& policy, bool once, const confine::Confined&)
    : own_(std::move(belongings)),
      policy_(policy),
      once_(once),
      started_(sys::WallClock()),
      clock_(own_.queue.waiting_clock(), sys::MonotonicClock()),
      batch_(own_.queue, own_.log),
      context_{policy_,
               own_.log,
               own_.loop,
               own_.queue,
               batch_,
               active_,
               own_.spawner,
               own_.scratch_directory,
               own_.agents_lock,
               [this] {
                 if (!std::exchange(round_asked_, true)) own_.loop.After({}, [this] { round_asked_ = false; });
               },
               own_.network ? &*own_.network : nullptr,
               [this](AdministratorNotice notice) { postmaster_.Tell(std::move(notice)); }},
      reports_(context_, [this](const queue::Route& route) { dispatch_.NoteDue(route); }),
      dispatch_(context_, reports_, once),
      delay_warnings_(
          context_, reports_, [this](const queue::Route& route) { return dispatch_.WhyWaiting(route).why; },
          [this](const queue::Route& route) { dispatch_.NoteDue(route); }),
      postmaster_(context_, [this](const queue::Route& route) { dispatch_.NoteDue(route); }),
      user_limits_(context_, [this] { dispatch_.LookAgain(); }),
      intake_(context_, user_limits_,
              {[this](const ipc::ToPickup& answer) { pickup_.Answer(answer); },
               [this](const queue::Route& route) { dispatch_.NoteDue(route); }}),
      intake_memory_(own_.queue, own_.paths.Maildrop()),
      pickup_(context_, own_.submit_socket, own_.paths.Maildrop(),
              {[this](ipc::Submission submission, sys::UniqueFd content) {
                 return intake_.Take(std::move(submission), std::move(content));
               },
               [this](ipc::MoreRecipients more) { return intake_.Take(std::move(more)); },
               [this] { return intake_.has_place(); }, [this] { intake_.ForgetPickup(); }}),
      control_(
          context_, own_.control_socket,
          {[this] { return Status(); }, [this](const queue::Route& route) { return dispatch_.WhyWaiting(route); },
           [this] { return Flush(); }, [this](const ipc::Request& request) { return FlushSome(request); },
           [this] { return Reload(); },
           [this] {
             Stop();
             return ipc::Done{};
           }}),
      recovery_(context_, [this] { dispatch_.Start(); }) {}

sys::Result<void> Runner::Start() {
  auto signals = own_.loop.WatchSignals({SIGTERM, SIGINT, SIGHUP}, [this](int number) { OnSignal(number); });
  if (!signals) return signals;
  if (auto watch = own_.loop.Watch(own_.spawner.fd(), [this] { OnProgramEnded(); }); !watch) return watch.error();
  if (auto watched = WatchSurroundings(); !watched) return watched;
  own_.loop.OnRound([this] { Round(); });
  if (auto started = pickup_.Start(); !started) return started;
  if (own_.maildrop_watch) {
    auto started = own_.maildrop_watch->Start(own_.loop, [this] { pickup_.LookIntoMaildrop(); });
    if (!started) return started;
  } else {
    pickup_.ScanEvery(kSlowScan);
  }
  if (once_) pickup_.LookIntoMaildrop();
  if (own_.salvaged) ReportSalvaged(*own_.salvaged);
  reports_.Start();
  recovery_.Start();
  return control_.Start();
}

sys::Result<void> Runner::Run() {
  if (auto run = own_.loop.Run(); !run) return run;
  return broken_ ? sys::Result<void>(*broken_) : sys::Result<void>();
}

// While every connection has work and nobody waits for an answer, verdicts are gathered for a moment: a commit costs
// the same for thirty as for two.
bool Runner::MayGather() {
  const bool may = !stopping_ && intake_.empty() && !dispatch_.verdicts().empty() && dispatch_.has_in_flight() &&
                   dispatch_.IsFed();
  const Microseconds now = sys::MonotonicClock();
  if (!may || (gathers_until_.count() != 0 && now >= gathers_until_)) {
    gathers_until_ = {};
    return false;
  }
  if (gathers_until_.count() == 0) {
    gathers_until_ = now + kGather;
    own_.loop.After(kGather, [] {});
  }
  return true;
}

void Runner::AdvanceClock() {
  const Microseconds now = sys::MonotonicClock();
  clock_.Run(!dispatch_.IsOffline(), now);
  own_.queue.SetWaitingClock(clock_.Read(now));
}

void Runner::Round() {
  AdvanceClock();
  control_.Sweep();
  if (MayGather()) return;
  recovery_.Contribute();
  dispatch_.Settle();
  intake_.Contribute();
  dispatch_.verdicts().Contribute();
  delay_warnings_.Contribute(!dispatch_.IsOffline());
  reports_.Contribute();
  postmaster_.Contribute();
  user_limits_.Contribute();
  const bool had_changes = batch_.has_changes();
  bool good = batch_.Apply();
  const auto fresh = intake_.TakeFresh();
  if (good && !batch_.in_trouble()) dispatch_.Select(fresh);
  good = good && batch_.Commit();
  if (!good) {
    ArmRetry();
    TellOfTrouble();
  }
  if (own_.queue.TakeFailure()) ArmRetry();
  ReportDamaged();
  if (own_.queue.is_damaged()) SalvageQueue();
  if (had_changes) ArmTidy();
  if (once_ && !stopping_) EndIfDone();
}

// The trouble may be over by then; what was committed alone meanwhile, or could not be read, is found in the queue.
void Runner::ArmRetry() {
  if (std::exchange(retry_armed_, true)) return;
  own_.loop.After(kTroubleRetry, [this] {
    retry_armed_ = false;
    batch_.TryAgain();
    dispatch_.LookAgain();
  });
}

// It is told once the queue takes changes again: a notice is a message in it.
void Runner::TellOfTrouble() {
  if (!batch_.in_trouble()) return;
  postmaster_.Tell(
      {conf::NoticeClass::kResource,
       "the queue could not be changed",
       {Cat("For a while the queue could not be changed, and new mail was refused: ", batch_.trouble()),
        "What was in the queue is there; now it can be changed again. Look whether the disk is full."},
       ""});
}

void Runner::ReportDamaged() {
  for (const auto& damaged : own_.queue.TakeDamaged()) {
    own_.log.Error(Cat("damaged in the queue, set aside: ", damaged.text));
    postmaster_.Tell(
        {conf::NoticeClass::kData,
         "a message in the queue is damaged",
         {Cat("A message in the queue cannot be what was stored there. It has been set aside and is not "
              "sent: ",
              damaged.text),
          "outpost queue list shows it; look whether disk and memory of the host are well."},
         ""});
  }
}

// All that is in flight is given up first, and what is known of it kept in memory for the new database; what this process
// does not know of is in doubt then, as after a runner's death.
void Runner::SalvageQueue() {
  if (stopping_ || sys::MonotonicClock() < next_salvage_) return;
  next_salvage_ = sys::MonotonicClock() + kSalvageRetry;
  own_.log.Error("the queue database is damaged; it is being salvaged");
  dispatch_.GiveUp();
  const auto salvaged = own_.queue.Salvage();
  if (!salvaged) {
    own_.log.Error(salvaged.error().text());
    own_.loop.After(kSalvageRetry, [] {});
    if (salvaged.error().code() != EUCLEAN) return;
    broken_ = salvaged.error();
    return own_.loop.Stop();
  }
  ReportSalvaged(*salvaged);
  batch_.TryAgain();
  recovery_.StartAgain();
  context_.ask_for_round();
}

void Runner::ReportSalvaged(const queue::Salvaged& salvaged) {
  for (const auto& line : SalvageLines(salvaged)) own_.log.Error(line);
  postmaster_.Tell(SalvageNotice(salvaged));
}

void Runner::EndIfDone() {
  if (pickup_.is_scanning() || !intake_.empty() || !dispatch_.IsQuiet() || round_asked_) return;
  Stop();
}

void Runner::OnSignal(int number) {
  if (number == SIGHUP) {
    (void)Reload();
  } else {
    Stop();
  }
}

void Runner::OnProgramEnded() {
  auto ended = own_.spawner.TakeEnded();
  if (!ended) {
    broken_ = ended.error();
    own_.log.Error(ended.error().text());
    return own_.loop.Stop();
  }
  for (const auto& one : *ended) {
    if (one.how == "exit status 0") continue;
    own_.log.Warning(Cat("process ", one.pid, " ended: ", one.how));
    if (!IsCrash(one.how)) continue;
    postmaster_.Tell(
        {conf::NoticeClass::kSoftware,
         "a program of the mailer has died",
         {Cat("A program of the mailer has died of ", one.how,
              ". What it was working on is tried again; no mail is lost by it."),
          "That is a fault of the program, of which its makers would like to hear; the log may tell more."},
         ""});
  }
}

// --- network and clock

sys::Result<void> Runner::WatchSurroundings() {
  if (own_.clock_watch) {
    auto started = own_.clock_watch->Start(own_.loop, [this](const auto& change) { OnClockChange(change); });
    if (!started) return started;
  }
  if (!own_.network) return {};
  if (!own_.network->ways().any) offline_since_ = started_;
  return own_.network->Start(own_.loop, [this] { OnNetworkChange(); });
}

void Runner::OnNetworkChange() {
  const bool online = own_.network->ways().any;
  if (online == offline_since_.has_value()) own_.log.Info(online ? "online" : "offline: no network");
  if (online) offline_since_.reset();
  if (!online && !offline_since_) offline_since_ = sys::WallClock();
  if (!stopping_) dispatch_.OnNetworkChange();
}

// After a sleep the ways out may look as before and lead nowhere yet: connections are made anew in any case.
void Runner::OnClockChange(const sys::ClockChange& change) {
  if (stopping_) return;
  if (change.slept >= kSleep) {
    own_.log.Info(
        Cat("resumed after ", std::chrono::duration_cast<std::chrono::seconds>(change.slept).count(), " s"));
    dispatch_.OnNetworkChange();
  }
  dispatch_.LookAgain();
}

// --- the end

void Runner::Stop() {
  if (std::exchange(stopping_, true)) return;
  own_.log.Info("stopping");
  pickup_.Stop();
  dispatch_.Stop();
  stop_deadline_ = sys::MonotonicClock() + kStopPatience;
  EndWhenQuiet();
}

// What is in flight may come to its end for a while; then it is given up, recorded, and the programs' end is awaited.
void Runner::EndWhenQuiet() {
  const Microseconds now = sys::MonotonicClock();
  const bool late = now >= stop_deadline_;
  const bool quiet = !dispatch_.has_in_flight() && intake_.empty();
  if (!quiet && !late) {
    own_.loop.After(kStopInterval, [this] { EndWhenQuiet(); });
    return;
  }
  dispatch_.Abandon();
  pickup_.Close();
  const bool recorded = dispatch_.verdicts().empty();
  const bool alone = own_.spawner.running() == 0;
  if ((recorded && alone) || now >= stop_deadline_ + kEndPatience) return own_.loop.Stop();
  own_.loop.After(kStopInterval, [this] {
    OnProgramEnded();
    stop_deadline_ = std::min(stop_deadline_, sys::MonotonicClock());
    EndWhenQuiet();
  });
}

// --- housekeeping

void Runner::ArmTidy() {
  if (tidy_timer_ != 0 || stopping_) return;
  tidy_timer_ = own_.loop.After(kTidyDelay, [this] { Tidy(); });
}

void Runner::Tidy() {
  tidy_timer_ = 0;
  if (sys::MonotonicClock() >= next_housekeeping_) KeepHouse();
  if (own_.queue.in_batch()) return ArmTidy();
  auto more = own_.queue.Tidy();
  if (!more) {
    if (!batch_.in_trouble()) own_.log.Error(more.error().text());  // else it has been told
    // The next change of the queue may be far away, and what has been removed would lie there until then.
    if (!stopping_) tidy_timer_ = own_.loop.After(kTidyRetry, [this] { Tidy(); });
    return;
  }
  if (!*more) return own_.queue.GiveBackMemory();
  if (!stopping_) tidy_timer_ = own_.loop.After(kTidyAgain, [this] { Tidy(); });
}

// Only while the queue changes: a host that sends nothing wakes up for nothing.
void Runner::KeepHouse() {
  next_housekeeping_ = sys::MonotonicClock() + kHousekeeping;
  auto more = std::make_shared<bool>(false);
  batch_.Add({[this, more]() -> sys::Result<void> {
                const Microseconds now = sys::WallClock();
                auto forgotten = intake_memory_.ForgetSome(now - kIntakeMemory);
                if (!forgotten) return forgotten.error();
                auto trimmed =
                    own_.queue.TrimHistory(now - policy_.history_retention_time, policy_.history_size_limit);
                if (!trimmed) return trimmed.error();
                *more = *forgotten || *trimmed;
                return own_.queue.ForgetDestinations(now - policy_.history_retention_time);
              },
              [this, more] {
                if (*more) next_housekeeping_ = {};
              },
              [](const sys::Error&) {}});
}

// --- orders

ipc::StatusLine Runner::Status() {
  ipc::StatusLine status;
  status.pid = static_cast<uint64_t>(getpid());
  status.started_us = started_.count();
  status.config_directory = own_.location.directory;
  status.queue_directory = own_.paths.root();
  if (const auto counts = own_.queue.Count()) {
    status.messages = counts->messages;
    status.dead_letters = counts->dead;
  }
  status.trouble = sys::Printable(batch_.trouble());
  if (offline_since_) status.offline_since_us = offline_since_->count();
  status.destinations = dispatch_.StatusLines(kStatusLines);
  for (auto& line : user_limits_.StatusLines(kStatusLines)) status.destinations.push_back(std::move(line));
  return status;
}

// Today's main.cf into the policy; what is wrong with it, and then nothing has changed.
std::optional<std::string> Runner::ReadSettings() {
  auto configuration = conf::Configuration::Load(own_.location);
  const auto settings = conf::ReadQueueRunnerSettings(configuration);
  configuration.CheckNames();
  if (configuration.HasErrors()) {
    std::string text = "main.cf is not taken over:";
    for (const auto& finding : configuration.findings()) {
      if (finding.severity == conf::Finding::Severity::kError) text += Cat(" ", finding.ToString());
    }
    own_.log.Error(text);
    return sys::Printable(text);
  }
  policy_ = MakePolicy(settings);
  LogWarnings(configuration, own_.log);
  delay_warnings_.Reload();
  return std::nullopt;
}

ipc::Done Runner::Reload() {
  if (stopping_) return {"the mailer is stopping", EX_TEMPFAIL};
  if (auto wrong = ReadSettings()) return {std::move(*wrong), EX_CONFIG};
  own_.log.Info("reload: main.cf has been read again");
  dispatch_.Reload();
  pickup_.Restart();
  return {};
}

ipc::Done Runner::Flush() {
  if (stopping_) return {"the mailer is stopping", EX_TEMPFAIL};
  // By today's relayhost, and by tables that the programs read afresh. A broken main.cf stops no flush.
  auto wrong = ReadSettings();
  dispatch_.Reload();
  dispatch_.Flush();
  pickup_.LookIntoMaildrop();
  return wrong ? FlushedByOldSettings(*wrong) : ipc::Done{};
}

// By today's routes as well; the settings of what is not flushed are its own until it is tried again.
std::function<std::optional<ipc::Done>()> Runner::FlushSome(const ipc::Request& request) {
  if (stopping_) return [] { return ipc::Done{"the mailer is stopping", EX_TEMPFAIL}; };
  return [flush = std::make_shared<PartialFlush>(context_, dispatch_, request), wrong = ReadSettings()] {
    auto done = flush->Step();
    if (done && done->error.empty() && wrong) done = FlushedByOldSettings(*wrong);
    return done;
  };
}

}  // namespace outpost::queue_runner
