// Hours, days and weeks of trouble, in seconds: the whole queue-runner under a clock that the test moves. Each ends with
// all mail delivered once after the cause is gone, nothing returned, and exactly one notice to the administrator.
#include <atomic>
#include <fcntl.h>
#include <sched.h>
#include <set>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

#include <gmock/gmock.h>

#include "queue-runner/pace.h"
#include "tests/unit/queue-runner/runner_fixture.h"

namespace {

// In microseconds; of this program, and of what it forks.
struct Ahead {
  std::atomic<int64_t> all;   // clocks
  std::atomic<int64_t> wall;  // clock, beyond that: it has been set
};

Ahead& Shared() {
  static auto* const shared =
      new (mmap(nullptr, sizeof(Ahead), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Ahead{};
  return *shared;
}

std::atomic<int64_t>& Shift() { return Shared().all; }
std::atomic<int64_t>& WallShift() { return Shared().wall; }

// What is written here wakes who waits for the wall clock to be set.
int ClockSet() {
  static const int shared = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return shared;
}

}  // namespace

// In place of the C library's.
extern "C" int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const long done = syscall(SYS_clock_gettime, clock, out);
  if (done != 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID)
    return static_cast<int>(done);
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  const int64_t shift = Shift().load() + (wall ? WallShift().load() : 0);
  const int64_t nanoseconds = out->tv_nsec + shift % 1'000'000 * 1000;
  out->tv_sec += shift / 1'000'000 + nanoseconds / 1'000'000'000;
  out->tv_nsec = nanoseconds % 1'000'000'000;
  return 0;
}

extern "C" int timerfd_create(clockid_t clock, int flags) noexcept {
  if (clock == CLOCK_REALTIME) return fcntl(ClockSet(), F_DUPFD_CLOEXEC, 0);
  return static_cast<int>(syscall(SYS_timerfd_create, clock, flags));
}
extern "C" int timerfd_settime(int timer, int flags, const itimerspec* value, itimerspec* old) noexcept {
  if ((flags & TFD_TIMER_CANCEL_ON_SET) != 0) return 0;
  return static_cast<int>(syscall(SYS_timerfd_settime, timer, flags, value, old));
}

namespace outpost::queue_runner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

// Neither the process nor any that it has started has something to do.
bool Sleeps(pid_t pid) {
  const std::string process = Cat("/proc/", pid);
  const std::string facts = ReadAll(process + "/stat");
  const size_t name = facts.rfind(") ");
  if (name != std::string::npos && std::string_view("RD").find(facts[name + 2]) != std::string_view::npos)
    return false;
  std::istringstream children(ReadAll(Cat(process, "/task/", pid, "/children")));
  for (pid_t child = 0; children >> child;) {
    if (!Sleeps(child)) return false;
  }
  return true;
}

class SimulatedClock : public RunnerTest {
 protected:
  static constexpr int kMessages = 5;

  void SetUp() override {
    RunnerTest::SetUp();
    ResetClocks();
  }
  void TearDown() override {
    RunnerTest::TearDown();
    ResetClocks();
  }
  static void ResetClocks() {
    Shift() = WallShift() = 0;
    ClockSet();
  }
  static void SetWallClock(seconds ahead) {
    WallShift() = sys::Microseconds(ahead).count();
    ASSERT_EQ(eventfd_write(ClockSet(), 1), 0);
  }

  void InjectAll(const std::string& sender = "a@example.org") {
    const int first = next_;
    for (; next_ < first + kMessages; ++next_) Inject(Cat(Id(next_), " ", sender, " b@example.net 100"));
    ASSERT_TRUE(WaitFor([&] { return Answers().size() == static_cast<size_t>(next_ - 1); }));
  }

  // What is due or under way is seen to: a probe says so in the status, a message in the list. Nobody owes an answer, for
  // which the watchdogs would have waited as long as the clock goes forward.
  void Settle() const {
    const auto says = [](const std::vector<std::string>& lines, const char* word) {
      return lines.empty() ||
             std::ranges::any_of(lines, [&](const auto& line) { return line.find(word) != std::string::npos; });
    };
    ASSERT_TRUE(WaitFor([&] {
      return !says(Ask(Verb::kStatus), "next try in 0 s") && !says(Ask(Verb::kList), "\"active\"") &&
             Sleeps(runner_);
    }));
  }
  void Pass(Microseconds time, Microseconds step) const {
    Settle();  // what is under way would take that long
    for (Microseconds passed{}; passed < time; passed += step) {
      Shift() += step.count();
      Settle();
    }
  }

  size_t CountDelivered(const std::string& text) const {
    const auto lines = Delivered();
    return static_cast<size_t>(
        std::ranges::count_if(lines, [&](const auto& line) { return line.find(text) != std::string::npos; }));
  }
  size_t CountNotices() const { return CountDelivered(" postmaster@"); }

  // The cause is gone: time goes on until everything has left.
  void ExpectAllDeliveredOnceWithOneNotice(int messages = kMessages) const {
    const auto all_left = [&] { return CountDelivered(" b@example.net ") >= static_cast<size_t>(messages); };
    for (int i = 0; i < 20 && !all_left(); ++i) Pass(minutes(5), minutes(5));
    ASSERT_TRUE(WaitFor(all_left));
    ASSERT_TRUE(WaitFor([&] { return CountNotices() >= 1; }));
    Pass(hours(4), minutes(30));  // what else might come
    std::set<std::string> ids;
    for (int i = 1; i <= messages; ++i) EXPECT_EQ(CountDelivered(Id(i)), 1U) << i;
    EXPECT_EQ(CountNotices(), 1U);
    EXPECT_EQ(Delivered().size(), static_cast<size_t>(messages) + 1) << "nothing else";
    EXPECT_THAT(LogText(), Not(HasSubstr("non-delivery")));
    EXPECT_THAT(Ask(Verb::kList), testing::SizeIs(1)) << "the queue is empty";
  }

  void PlayTrouble(const std::string& mode, Microseconds time, Microseconds step) {
    SetMode(mode);
    ASSERT_EQ(Start(), "ready\n");
    InjectAll();
    ASSERT_TRUE(WaitLog("its mail waits"));
    Pass(time, step);
    EXPECT_EQ(Delivered().size(), 0U);
    SetMode("deliver");
    ExpectAllDeliveredOnceWithOneNotice();
  }

  int next_ = 1;
};

TEST_F(SimulatedClock, AWrongPasswordForAnHour) {
  PlayTrouble("account", hours(1), minutes(5));
  // 0, 5, 15, 35 minutes, and the one that went well; a few at first, which were under way together.
  EXPECT_LE(Lines(root_ + kConnectionsFile).size(), 12U);
}

TEST_F(SimulatedClock, ADeadRelayForAnHour) { PlayTrouble("path", hours(1), minutes(5)); }

TEST_F(SimulatedClock, ADnsOutageOfThreeDays) { PlayTrouble("dns", hours(72), minutes(30)); }

TEST_F(SimulatedClock, ACertificateThatHasExpiredForThreeDays) {
  PlayTrouble("certificate", hours(72), minutes(30));
}

// Connections stand, and each message is told to log in first.
TEST_F(SimulatedClock, ALoginThatIsMissedAtMailForAnHour) { PlayTrouble("login-at-mail", hours(1), minutes(5)); }

// Twice the lifetime of a message: it is held and shown, not returned.
TEST_F(SimulatedClock, AWrongPasswordForTenDays) {
  SetMode("account");
  ASSERT_EQ(Start(), "ready\n");
  InjectAll();
  ASSERT_TRUE(WaitLog("its mail waits"));
  Pass(hours(240), hours(1));
  EXPECT_THAT(Ask(Verb::kList), testing::SizeIs(kMessages + 1));
  EXPECT_THAT(Ask(Verb::kList)[0], HasSubstr("login refused"));
  SetMode("deliver");
  ExpectAllDeliveredOnceWithOneNotice();
}

TEST_F(SimulatedClock, AWrongPasswordOverARestart) {
  SetMode("account");
  ASSERT_EQ(Start(), "ready\n");
  InjectAll();
  ASSERT_TRUE(WaitLog("its mail waits"));
  Pass(minutes(30), minutes(5));
  ASSERT_EQ(Stop(), 0);
  std::filesystem::remove(root_ + kInjectFile);
  ASSERT_EQ(Start(), "ready\n");
  Pass(minutes(30), minutes(5));
  Ask(Verb::kFlush);  // somebody thinks that it is mended
  Pass(minutes(10), minutes(5));
  SetMode("deliver");
  ExpectAllDeliveredOnceWithOneNotice();
}

// Over before anybody need know.
TEST_F(SimulatedClock, ADeadRelayForAMomentMakesNoNotice) {
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  InjectAll();
  ASSERT_TRUE(WaitLog("its mail waits"));
  ASSERT_TRUE(WaitUntilAllWait(kMessages));
  SetMode("deliver");
  Ask(Verb::kFlush);
  ASSERT_TRUE(WaitDelivered(kMessages));
  Pass(hours(2), minutes(30));
  EXPECT_EQ(Delivered().size(), static_cast<size_t>(kMessages));
}

TEST_F(SimulatedClock, ASenderThatIsNotTheAccountsForAWeek) {
  SetMode("sender");
  ASSERT_EQ(Start(), "ready\n");
  InjectAll();
  ASSERT_TRUE(WaitLog("mail from <a@example.org> waits"));
  InjectAll("c@example.org");
  ASSERT_TRUE(WaitFor([&] { return CountDelivered("<c@example.org>") == kMessages; })) << "others go on";
  ASSERT_TRUE(WaitFor([&] { return CountNotices() == 1; })) << "told at once: it does not wait for this sender";
  Pass(hours(24 * 7), minutes(30));
  // By about an hour each: one of them in turn, not each of the five.
  EXPECT_LE(Lines(root_ + kRefusedFile).size(), 200U);
  EXPECT_THAT(Ask(Verb::kList), testing::SizeIs(kMessages + 1)) << "held and shown";
  SetMode("deliver");
  ExpectAllDeliveredOnceWithOneNotice(2 * kMessages);
}

// Stopped in the middle of a look at the queue, for instance.
TEST(Pace, AStepThatTookAnHourPutsTheNextWalkOffForAMomentOnly) {
  Pace pace;
  pace.BeginStep();
  Shift() += sys::Microseconds(hours(1)).count();
  pace.EndStep();
  pace.EndWalk();
  EXPECT_GT(pace.Wait(), seconds(1)) << "it did take time";
  EXPECT_LE(pace.Wait(), seconds(2));
  Shift() = 0;
}

// --- a wall clock that is set

// Mail waits, the clock is set, time goes on, and the cause goes away: all of it leaves, once, and soon.
class SetClock : public SimulatedClock, public testing::WithParamInterface<const char*> {
 protected:
  void Play(seconds before, seconds after, bool restart) {
    SetMode(GetParam());
    SetWallClock(before);
    std::ofstream(root_ + kAheadFile) << before.count();
    ASSERT_EQ(Start(), "ready\n");
    InjectAll();
    Pass(minutes(30), minutes(5));
    if (restart) {
      EXPECT_EQ(Stop(), 0);
    }
    SetWallClock(after);
    std::filesystem::remove(root_ + kInjectFile);
    if (restart) {
      EXPECT_EQ(Start(), "ready\n");
    }
    Pass(hours(6), minutes(5));
    std::filesystem::remove(root_ + kDeliveredFile);  // it has what is put off as well
    SetMode("deliver");
    Pass(minutes(90), minutes(5));
    for (int i = 1; i <= kMessages; ++i) EXPECT_EQ(CountDelivered(Id(i)), 1U) << i;
    EXPECT_EQ(CountDelivered(" a@example.org "), 0U) << "nothing is returned";
    EXPECT_THAT(LogText(), Not(HasSubstr("non-delivery")));
    EXPECT_THAT(Ask(Verb::kList), testing::SizeIs(1)) << "the queue is empty";
  }
  static seconds Until1970() { return hours(30) - seconds(time(nullptr)); }
};

TEST_P(SetClock, From1970ToToday) { Play(Until1970(), seconds(0), false); }
TEST_P(SetClock, From1970ToTodayOverARestart) { Play(Until1970(), seconds(0), true); }
TEST_P(SetClock, ADayBackwards) { Play(hours(24), seconds(0), false); }
TEST_P(SetClock, ADayBackwardsOverARestart) { Play(hours(24), seconds(0), true); }

INSTANTIATE_TEST_SUITE_P(Troubles, SetClock, testing::Values("defer", "path", "account"),
                         [](const auto& trouble) { return std::string(trouble.param); });

// --- without a network

bool Shell(const std::string& commands) {
  const std::string script = Cat("exec 2>/dev/null; set -e; PATH=$PATH:/usr/sbin:/sbin; ", commands);
  return system(script.c_str()) == 0;  // NOLINT(cert-env33-c): the commands are ours
}

TEST_F(SimulatedClock, AWeekWithoutNetwork) {
  if (geteuid() != 0) GTEST_SKIP() << "only root makes a network namespace";
  // The test and what it starts move to a namespace of their own for so long.
  const int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (unshare(CLONE_NEWNET) != 0 || !Shell("ip link set lo up; ip link add one type veth peer name two")) {
    close(own);
    GTEST_SKIP() << "no network namespace with veth to be had";
  }
  SetMode("deliver");
  EXPECT_EQ(Start(), "ready\n");
  InjectAll();
  Pass(hours(24 * 7), hours(6));
  EXPECT_EQ(Lines(root_ + kConnectionsFile).size(), 0U) << "nothing is tried";
  EXPECT_TRUE(
      Shell("ip link set one up; ip link set two up; ip addr add 192.0.2.1/24 dev one;"
            "ip route add default via 192.0.2.254"));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  Pass(seconds(10), seconds(2));
  ExpectAllDeliveredOnceWithOneNotice();
  Stop();
  setns(own, CLONE_NEWNET);
  close(own);
}

}  // namespace
}  // namespace outpost::queue_runner
