#include "sendmail/hand_over.h"

#include <csignal>
#include <filesystem>
#include <sys/stat.h>
#include <sysexits.h>

#include <gtest/gtest.h>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sendmail/fake_pickup.h"

namespace outpost::sendmail {
namespace {

using namespace std::string_literals;

using std::chrono::milliseconds;
using sys::Cat;
using Turn = FakePickup::Turn;

constexpr TimeLimits kShort{.connect = milliseconds(2000),
                            .send = milliseconds(2000),
                            .answer = milliseconds(200),
                            .drop = milliseconds(5000),
                            .drop_end = milliseconds(5000)};

class HandOverTest : public testing::Test {
 protected:
  HandOverTest() {
    signal(SIGPIPE, SIG_IGN);
    std::filesystem::create_directory(directory_ / "maildrop");
    head_.id = mail::QueueId::Make(std::chrono::microseconds(1763688000000000), 7);
    head_.token = std::string(spool::kTokenLength, 'a');
    head_.recipients = {"luis"};
  }

  void Fill(std::string_view message) {
    head_.size_bytes = message.size();
    bytes_ = Cat(spool::FormatHead(head_), message);
    record_ = std::move(*sys::SealedCopy(bytes_));
  }

  // "ID" or "exit N: reason".
  std::string HandOverRecord() {
    const auto attempt = HandOver(record_, head_, ways_, kShort);
    if (const auto* failure = std::get_if<Failure>(&attempt)) {
      return Cat("exit ", failure->exit_code, ": ", failure->reason);
    }
    return std::get<std::string>(attempt);
  }

  std::string Dropped() const {
    const auto text = sys::ReadFile(Cat(ways_.maildrop, "/", head_.id.text()), 100 << 20);
    return text ? *text : "";
  }

  void UseScriptAsDrop(std::string_view script) {
    ways_.drop_program = directory_.Write("drop", Cat("#!/bin/sh\n", script, "\n"));
    ASSERT_EQ(chmod(ways_.drop_program.c_str(), 0755), 0);
  }

  tests::TemporaryDirectory directory_;
  spool::RecordHead head_;
  std::string bytes_;
  sys::ReadOnlyFd record_;
  Ways ways_{.submit_socket = directory_ / "submit", .maildrop = directory_ / "maildrop", .drop_program = ""};
};

TEST_F(HandOverTest, IsQueuedBySocket) {
  Fill("Subject: x\n\n\0\r\n"s);
  FakePickup pickup(ways_.submit_socket, {{.answer = "queued"}});
  EXPECT_EQ(HandOverRecord(), head_.id.text());
  EXPECT_EQ(pickup.Records(), std::vector{bytes_});
  EXPECT_EQ(Dropped(), "");
}

TEST_F(HandOverTest, SendsALargeRecordWhole) {
  Fill(std::string(10 << 20, 'x'));
  FakePickup pickup(ways_.submit_socket, {{.answer = "queued"}});
  EXPECT_EQ(HandOverRecord(), head_.id.text());
  EXPECT_TRUE(pickup.Records()[0] == bytes_);
}

TEST_F(HandOverTest, TellsTheIdOfAnEarlierTry) {
  Fill("x");
  const auto other = mail::QueueId::Make(std::chrono::microseconds(1763688000000001), 8);
  FakePickup pickup(ways_.submit_socket, {{.answer = Cat("queued ", other.text(), "\n")}});
  EXPECT_EQ(HandOverRecord(), other.text());
}

TEST_F(HandOverTest, PassesRefusalsOn) {
  Fill("x");
  FakePickup pickup(ways_.submit_socket,
                    {{.answer = "refused 69 message too large\n"}, {.answer = "later disk full\n"}});
  EXPECT_EQ(HandOverRecord(), "exit 69: message too large");
  EXPECT_EQ(HandOverRecord(), "exit 75: disk full");
  EXPECT_EQ(pickup.Records().size(), 2U);
  EXPECT_EQ(Dropped(), "");
}

TEST_F(HandOverTest, HearsARefusalThatComesBeforeTheEnd) {
  Fill(std::string(10 << 20, 'x'));
  FakePickup pickup(ways_.submit_socket, {{.answer = "refused 69 message too large\n", .read_record = false}});
  EXPECT_EQ(HandOverRecord(), "exit 69: message too large");
  EXPECT_EQ(pickup.Records().size(), 1U);
}

struct LostAnswer {
  const char* what;
  Turn turn;
};

TEST_F(HandOverTest, AsksAgainForALostAnswerWithTheSameRecord) {
  Fill("Subject: x\n\nbody\n");
  const LostAnswer cases[] = {
      {"end of connection", {.answer = ""}},
      {"end before the record was read", {.answer = "", .read_record = false}},
      {"silence", {.answer = "", .read_record = true, .stay_silent = true}},
      {"cut answer", {.answer = "queued 0000000000"}},
      {"nonsense", {.answer = "250 2.0.0 Ok: queued\n"}},
      {"hostile id", {.answer = "queued ../../etc/passwd0\n"}},
      {"no end of line", {.answer = std::string(3000, 'x')}},
  };
  for (const auto& [what, turn] : cases) {
    FakePickup pickup(ways_.submit_socket, {turn, {.answer = "queued"}});
    EXPECT_EQ(HandOverRecord(), head_.id.text()) << what;
    const auto records = pickup.Records();
    ASSERT_EQ(records.size(), 2U) << what;
    EXPECT_EQ(records[1], bytes_) << what;
    EXPECT_EQ(Dropped(), "") << what;
  }
}

// A large message took longer to store than sendmail waits; asked again, the mailer puts off what it is still storing.
TEST_F(HandOverTest, GoesToTheMaildropWhenThePutOffTryMayHaveBeenKeptBefore) {
  Fill("Subject: x\n\nbody\n");
  FakePickup pickup(ways_.submit_socket, {{.answer = ""}, {.answer = "later it is still being stored\n"}});
  EXPECT_EQ(HandOverRecord(), head_.id.text());
  EXPECT_EQ(pickup.Records().size(), 2U);
  EXPECT_EQ(Dropped(), bytes_);
}

TEST_F(HandOverTest, GoesToTheMaildropWhenTwoAnswersAreLost) {
  Fill("Subject: x\n\nbody\n");
  FakePickup pickup(ways_.submit_socket,
                    {{.answer = ""}, {.answer = "", .stay_silent = true}, {.answer = "queued"}});
  EXPECT_EQ(HandOverRecord(), head_.id.text());
  EXPECT_EQ(pickup.Records().size(), 2U);
  EXPECT_EQ(Dropped(), bytes_);
}

TEST_F(HandOverTest, GoesToTheMaildropWhenNobodyIsThere) {
  Fill("Subject: x\n\nbody\n");
  EXPECT_EQ(HandOverRecord(), head_.id.text());
  EXPECT_EQ(Dropped(), bytes_);
  struct stat status {};
  ASSERT_EQ(stat(Cat(ways_.maildrop, "/", head_.id.text()).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0740U);
}

TEST_F(HandOverTest, GoesToTheMaildropPastASocketThatNobodyListensOn) {
  Fill("x");
  { const auto listener = sys::ListenUnix(ways_.submit_socket, 0666); }
  EXPECT_EQ(HandOverRecord(), head_.id.text());
  EXPECT_EQ(Dropped(), bytes_);
}

TEST_F(HandOverTest, GoesToTheMaildropPastAPathTooLongForASocket) {
  Fill("x");
  ways_.submit_socket = Cat(directory_.path(), "/", std::string(200, 'x'));
  EXPECT_EQ(HandOverRecord(), head_.id.text());
}

TEST_F(HandOverTest, NeverHangsOnAPickupThatStandsStill) {
  Fill(std::string(10 << 20, 'x'));
  const auto listener = sys::ListenUnix(ways_.submit_socket, 0666);
  const auto before = sys::MonotonicClock();
  TimeLimits limits = kShort;
  limits.connect = limits.send = milliseconds(200);
  const auto attempt = HandOver(record_, head_, ways_, limits);
  EXPECT_TRUE(std::holds_alternative<std::string>(attempt));
  EXPECT_LT(sys::MonotonicClock() - before, std::chrono::seconds(10));
  EXPECT_TRUE(Dropped() == bytes_);
}

TEST_F(HandOverTest, MakesAUsersOwnMaildrop) {
  Fill("x");
  ways_.maildrop = directory_ / "new/spool/maildrop";
  EXPECT_EQ(HandOverRecord().substr(0, 8), "exit 75:");
  ways_.make_maildrop = true;
  EXPECT_EQ(HandOverRecord(), head_.id.text());
  EXPECT_EQ(Dropped(), bytes_);
}

TEST_F(HandOverTest, GivesDropTheRecordAsItsInput) {
  Fill("Subject: x\n\nbody\n");
  UseScriptAsDrop(Cat("exec cat > ", directory_.path(), "/seen"));
  EXPECT_EQ(HandOverRecord(), head_.id.text());
  EXPECT_EQ(*sys::ReadFile(directory_ / "seen", 1 << 20), bytes_);
}

TEST_F(HandOverTest, GivesDropNoEnvironmentAndNoOptions) {
  Fill("x");
  UseScriptAsDrop(Cat("tr '\\0' '\\n' < /proc/$$/environ > ", directory_.path(), "/environment; echo $# >> ",
                      directory_.path(), "/environment"));
  EXPECT_EQ(HandOverRecord(), head_.id.text());
  EXPECT_EQ(*sys::ReadFile(directory_ / "environment", 1 << 20), "0\n");
}

TEST_F(HandOverTest, TurnsDropsEndIntoAnExitStatus) {
  Fill("x");
  struct Case {
    const char* script;
    const char* exit;
  };
  const Case cases[] = {{"exit 75", "exit 75:"},
                        {"exit 69", "exit 69:"},
                        {"exit 70", "exit 75:"},
                        {"exit 1", "exit 75:"},
                        {"kill -9 $$", "exit 75:"}};
  for (const auto& [script, exit] : cases) {
    UseScriptAsDrop(script);
    EXPECT_EQ(HandOverRecord().substr(0, 8), exit) << script;
  }
  ways_.drop_program = directory_ / "missing";
  EXPECT_EQ(HandOverRecord().substr(0, 8), "exit 69:");
}

// It was killed after its file was whole, and its caller was told "not kept": the message went out, and once more when
// the caller tried again.
TEST_F(HandOverTest, AsksAnotherDropWhatBecameOfOneThatWasKilled) {
  Fill("Subject: x\n\nbody\n");
  const std::string seen = directory_ / "seen";
  UseScriptAsDrop(Cat("cat > ", seen, ".$$; [ $(ls ", seen, ".* | wc -l) = 3 ] || kill -9 $$"));
  EXPECT_EQ(HandOverRecord(), head_.id.text());
  size_t drops = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    if (!entry.path().filename().string().starts_with("seen.")) continue;
    EXPECT_EQ(*sys::ReadFile(entry.path(), 1 << 20), bytes_);
    ++drops;
  }
  EXPECT_EQ(drops, 3U);
}

TEST_F(HandOverTest, BelievesADropThatEndsWellWhenItIsToldToEnd) {
  Fill("x");
  UseScriptAsDrop("trap 'exit 0' TERM; while :; do sleep 0.02; done");
  TimeLimits limits = kShort;
  limits.drop = milliseconds(200);
  EXPECT_TRUE(std::holds_alternative<std::string>(HandOver(record_, head_, ways_, limits)));
}

TEST_F(HandOverTest, DoesNotWaitForeverForDrop) {
  Fill("x");
  UseScriptAsDrop("trap '' TERM; exec sleep 7");
  TimeLimits limits = kShort;
  limits.drop = limits.drop_end = milliseconds(200);
  const auto attempt = HandOver(record_, head_, ways_, limits);
  ASSERT_TRUE(std::holds_alternative<Failure>(attempt));
  EXPECT_EQ(std::get<Failure>(attempt).exit_code, EX_TEMPFAIL);
}

}  // namespace
}  // namespace outpost::sendmail
