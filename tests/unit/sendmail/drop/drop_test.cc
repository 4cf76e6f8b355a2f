#include "sendmail/drop/drop.h"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "lib/spool/record.h"
#include "lib/sys/file.h"
#include "lib/sys/spawn.h"
#include "lib/sys/text.h"

namespace outpost::drop {
namespace {

using namespace std::string_literals;

using std::chrono::seconds;
using sys::Cat;
using sys::FdView;
using sys::UniqueFd;

constexpr spool::MaildropLimits kWide{.record_bytes = 1 << 20, .free_bytes = 0};

const mail::QueueId kId = mail::QueueId::Make(std::chrono::microseconds(1763688000000000), 7);

std::string Record(std::string_view message) {
  spool::RecordHead head;
  head.id = kId;
  head.token = std::string(spool::kTokenLength, 'a');
  head.size_bytes = message.size();
  head.sender = "ana";
  head.recipients = {"luis"};
  return Cat(spool::FormatHead(head), message);
}

UniqueFd FileWith(std::string_view bytes) {
  UniqueFd fd(memfd_create("input", MFD_CLOEXEC));
  EXPECT_TRUE(sys::WriteAll(fd, bytes, "input"));
  EXPECT_EQ(lseek(fd.get(), 0, SEEK_SET), 0);
  return fd;
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe MakePipe() {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

int ModeOf(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? static_cast<int>(status.st_mode & 07777U) : -1;
}

// As main() does before it calls Drop.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }

 private:
  sigset_t old_{};
};

class DropTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/outpost-drop-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    maildrop_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(maildrop_); }
  bool IsEmpty() const { return std::filesystem::is_empty(maildrop_); }
  std::string Path() const { return Cat(maildrop_, "/", kId.text()); }

  std::string maildrop_;
};

TEST_F(DropTest, KeepsTheInputByteForByte) {
  const std::string record = Record("Subject: \xFF\r\n\r\n\0.\n\r"s + std::string(200000, 'x'));
  const auto input = FileWith(record);
  const Outcome outcome = Drop(input, maildrop_, kWide);
  EXPECT_EQ(outcome.exit_code, EX_OK) << outcome.text;
  EXPECT_EQ(ModeOf(Path()), 0740);
  EXPECT_EQ(*sys::ReadFile(Path(), 1 << 20), record);
}

TEST_F(DropTest, TakesInputInSmallPieces) {
  const std::string record = Record("\nbody\n");
  auto [read, write] = MakePipe();
  std::thread writer([&record, fd = std::move(write)] {
    for (const char c : record) ASSERT_TRUE(sys::WriteAll(fd, std::string_view(&c, 1), "pipe"));
  });
  EXPECT_EQ(Drop(read, maildrop_, kWide).exit_code, EX_OK);
  writer.join();
  EXPECT_EQ(*sys::ReadFile(Path(), 1 << 20), record);
}

TEST_F(DropTest, RefusesInputThatIsNoRecord) {
  for (const std::string& input :
       {std::string(), std::string("Subject: x\n\nbody\n"), Record("").substr(0, spool::kFirstLineLength - 1),
        std::string("outpost-record 1 ../../../etc/pass\n"), std::string(100000, '\0')}) {
    const auto fd = FileWith(input);
    EXPECT_EQ(Drop(fd, maildrop_, kWide).exit_code, EX_SOFTWARE) << input.substr(0, 40);
    EXPECT_TRUE(IsEmpty());
  }
}

TEST_F(DropTest, RefusesMoreThanItsCeilingAndLeavesNothing) {
  const auto input = FileWith(Record(std::string(2 << 20, 'x')));
  EXPECT_EQ(Drop(input, maildrop_, kWide).exit_code, EX_UNAVAILABLE);
  EXPECT_TRUE(IsEmpty());
}

TEST_F(DropTest, IsATemporaryFailureWithoutRoom) {
  const auto input = FileWith(Record(""));
  EXPECT_EQ(Drop(input, maildrop_, {.record_bytes = 1 << 20, .free_bytes = uint64_t{1} << 62}).exit_code,
            EX_TEMPFAIL);
  EXPECT_TRUE(IsEmpty());
}

TEST_F(DropTest, IsATemporaryFailureWithoutAMaildrop) {
  const auto input = FileWith(Record(""));
  const Outcome outcome = Drop(input, maildrop_ + "/missing", kWide);
  EXPECT_EQ(outcome.exit_code, EX_TEMPFAIL);
  EXPECT_NE(outcome.text.find("missing"), std::string::npos);
}

TEST_F(DropTest, LeavesTheFileOfAnotherAlone) {
  const auto first = FileWith(Record("first"));
  ASSERT_EQ(Drop(first, maildrop_, kWide).exit_code, EX_OK);
  const auto second = FileWith(Record("second"));
  EXPECT_EQ(Drop(second, maildrop_, kWide).exit_code, EX_TEMPFAIL);
  EXPECT_EQ(*sys::ReadFile(Path(), 1 << 20), Record("first"));
}

TEST_F(DropTest, GivesUpOnInputThatDoesNotCome) {
  const auto [read, write] = MakePipe();
  ASSERT_TRUE(sys::WriteAll(write, Record("half"), "pipe"));
  EXPECT_EQ(Drop(read, maildrop_, kWide, seconds(0)).exit_code, EX_TEMPFAIL);
  EXPECT_TRUE(IsEmpty());
}

TEST_F(DropTest, RemovesWhatASignalInterrupts) {
  const BlockedSignals blocked;
  const auto [read, write] = MakePipe();
  ASSERT_TRUE(sys::WriteAll(write, Record("half"), "pipe"));
  ASSERT_EQ(raise(SIGTERM), 0);
  EXPECT_EQ(Drop(read, maildrop_, kWide, seconds(60)).exit_code, EX_TEMPFAIL);
  EXPECT_TRUE(IsEmpty());
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  int number = 0;
  sigwait(&term, &number);
}

// The program as it is installed, but for the path compiled in.
class DropProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    // There is one such directory, and ctest runs tests side by side.
    lock_ = UniqueFd(open((kSpool + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    ASSERT_EQ(flock(lock_.get(), LOCK_EX), 0);
    std::filesystem::remove_all(kSpool);
    std::filesystem::create_directories(kSpool + "/maildrop");
  }
  void TearDown() override { std::filesystem::remove_all(kSpool); }

  static sys::Process Start(FdView input, std::vector<std::string> arguments = {},
                            std::vector<std::string> environment = {}) {
    arguments.insert(arguments.begin(), DROP_PROGRAM);
    auto process = sys::Spawn({.argv = std::move(arguments),
                               .descriptors = {{input, STDIN_FILENO}, {FdView(STDERR_FILENO), STDERR_FILENO}},
                               .environment = std::move(environment)});
    EXPECT_TRUE(process);
    return std::move(*process);
  }
  static int ExitCode(sys::Process process) {
    const auto status = sys::Reap(process);
    EXPECT_TRUE(status && !status->signalled);
    return status->number;
  }
  static std::string Path() { return Cat(kSpool, "/maildrop/", kId.text()); }

  // Waits until the file is there: the program is reading.
  static bool AwaitFile() {
    for (int tries = 0; tries < 500 && ModeOf(Path()) < 0; ++tries) usleep(10000);
    return ModeOf(Path()) >= 0;
  }

  static inline const std::string kSpool = DROP_SPOOL;
  UniqueFd lock_;
};

TEST_F(DropProgramTest, WritesIntoTheMaildropCompiledIn) {
  const auto input = FileWith(Record("body"));
  EXPECT_EQ(ExitCode(Start(input)), EX_OK);
  EXPECT_EQ(ModeOf(Path()), 0740);
}

TEST_F(DropProgramTest, TakesNoOptionsAndNoEnvironment) {
  const auto input = FileWith(Record("body"));
  EXPECT_EQ(ExitCode(Start(input, {"-C", "/tmp", "--help"}, {"MAIL_CONFIG=/tmp", "TMPDIR=/nonexistent"})), EX_OK);
  EXPECT_EQ(ModeOf(Path()), 0740);
}

TEST_F(DropProgramTest, LeavesNothingWhenTerminated) {
  const auto [read, write] = MakePipe();
  ASSERT_TRUE(sys::WriteAll(write, Record("half"), "pipe"));
  sys::Process process = Start(read);
  ASSERT_TRUE(AwaitFile());
  kill(process.pid, SIGTERM);
  EXPECT_EQ(ExitCode(std::move(process)), EX_TEMPFAIL);
  EXPECT_TRUE(std::filesystem::is_empty(kSpool + "/maildrop"));
}

TEST_F(DropProgramTest, LeavesAnUnmarkedFileWhenKilled) {
  const auto [read, write] = MakePipe();
  ASSERT_TRUE(sys::WriteAll(write, Record("half"), "pipe"));
  sys::Process process = Start(read);
  ASSERT_TRUE(AwaitFile());
  kill(process.pid, SIGKILL);
  ASSERT_TRUE(sys::Reap(process));
  EXPECT_EQ(ModeOf(Path()), 0640);
}

// One that was killed after its file was whole left a message that its caller had not submitted, as far as it knew.
TEST_F(DropProgramTest, MakesWholeWhatOneLeftThatWasKilledAtAnyStep) {
  constexpr const char* kStrace = "/usr/bin/strace";
  if (access(kStrace, X_OK) != 0) GTEST_SKIP() << "needs strace";
  int killed = 0;
  for (const std::string call : {"openat", "statfs", "flock", "fchown", "fchmod", "write", "fsync", "exit_group"}) {
    for (int number = 1;; ++number) {
      std::filesystem::remove(Path());
      const auto input = FileWith(Record("body"));
      auto first = sys::Spawn(
          {.argv = {kStrace, "-o", "/dev/null", Cat("--inject=", call, ":signal=KILL:when=", number), DROP_PROGRAM},
           .descriptors = {{input, STDIN_FILENO}},
           .environment = {}});
      ASSERT_TRUE(first);
      const auto status = sys::Reap(*first);
      ASSERT_TRUE(status);
      if (!status->signalled) break;
      ++killed;
      const auto again = FileWith(Record("body"));
      EXPECT_EQ(ExitCode(Start(again)), EX_OK) << call << " " << number;
      EXPECT_EQ(ModeOf(Path()), 0740) << call << " " << number;
      EXPECT_EQ(*sys::ReadFile(Path(), 1 << 20), Record("body")) << call << " " << number;
    }
  }
  EXPECT_GE(killed, 8);
}

TEST_F(DropProgramTest, SurvivesClosedStandardDescriptors) {
  const std::string record = Cat(kSpool, "/record");
  ASSERT_TRUE(sys::ReplaceFile(record, Record("body"), 0600));
  struct Case {
    const char* redirections;
    int exit_code;
  };
  for (const auto& [redirections, exit_code] : {Case{"<$1 >&- 2>&-", EX_OK}, Case{"<&- >&- 2>&-", EX_SOFTWARE}}) {
    std::filesystem::remove(Path());
    auto process =
        sys::Spawn({.argv = {"/bin/sh", "-c", Cat("exec ", DROP_PROGRAM, " ", redirections), "sh", record},
                    .descriptors = {},
                    .environment = {}});
    ASSERT_TRUE(process);
    EXPECT_EQ(ExitCode(std::move(*process)), exit_code) << redirections;
    if (exit_code == EX_OK) {
      EXPECT_EQ(*sys::ReadFile(Path(), 1 << 20), Record("body"));
    }
  }
}

TEST_F(DropProgramTest, TurnsALowFileSizeLimitIntoAFailure) {
  const std::string record = Cat(kSpool, "/record");
  ASSERT_TRUE(sys::ReplaceFile(record, Record(std::string(100000, 'x')), 0600));
  auto process =
      sys::Spawn({.argv = {"/bin/sh", "-c", Cat("ulimit -f 8; exec ", DROP_PROGRAM, " <$1"), "sh", record},
                  .descriptors = {},
                  .environment = {}});
  ASSERT_TRUE(process);
  EXPECT_EQ(ExitCode(std::move(*process)), EX_UNAVAILABLE);
  EXPECT_TRUE(std::filesystem::is_empty(kSpool + "/maildrop"));
}

}  // namespace
}  // namespace outpost::drop
