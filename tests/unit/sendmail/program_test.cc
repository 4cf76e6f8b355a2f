// The program as its callers meet it: words and standard input in; exit status, streams and one record out.
#include <filesystem>
#include <sysexits.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/spool/record.h"
#include "lib/sys/file.h"
#include "lib/sys/spawn.h"
#include "lib/sys/text.h"
#include "tests/support/record.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sendmail/fake_pickup.h"

namespace outpost::sendmail {
namespace {

using namespace std::string_literals;

using sys::Cat;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;
using Words = std::vector<std::string>;

constexpr std::string_view kMessage = "Subject: x\n\nbody\n";

struct Ended {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class SendmailProgramTest : public testing::Test {
 protected:
  SendmailProgramTest() {
    std::filesystem::create_directories(spool_ + "/maildrop");
    std::filesystem::create_directories(spool_ + "/public");
    WriteMainCf("");
  }

  void WriteMainCf(std::string_view more) {
    directory_.Write("main.cf", Cat("queue_directory = ", spool_, "\n", more));
  }

  // `sendmail -C DIRECTORY words...` through a shell, so that `redirections` may close what they like.
  Ended Sendmail(const Words& words, std::string_view input = kMessage, std::string_view redirections = "",
                 std::vector<std::string> environment = {}) {
    const std::string in = directory_.Write("in", input);
    const std::string script = Cat("exec ", SENDMAIL_PROGRAM, " -C \"$0\" \"$@\" <", in, " >", directory_ / "out",
                                   " 2>", directory_ / "err", " ", redirections);
    std::vector<std::string> argv = {"/bin/sh", "-c", script, directory_.path()};
    argv.insert(argv.end(), words.begin(), words.end());
    directory_.Write("out", "");
    directory_.Write("err", "");
    auto process = sys::Spawn({.argv = std::move(argv), .descriptors = {}, .environment = std::move(environment)});
    EXPECT_TRUE(process);
    const auto status = sys::Reap(*process);
    EXPECT_TRUE(status && !status->signalled);
    return {status->number, *sys::ReadFile(directory_ / "out", 1 << 20),
            *sys::ReadFile(directory_ / "err", 1 << 20)};
  }

  // What is in the maildrop: each file's bytes.
  std::vector<std::string> Maildrop() const {
    std::vector<std::string> records;
    for (const auto& entry : std::filesystem::directory_iterator(spool_ + "/maildrop")) {
      records.push_back(*sys::ReadFile(entry.path(), 100 << 20));
    }
    return records;
  }

  // The head of the one record of the maildrop, which is removed.
  spool::RecordHead OneHead() {
    const auto records = Maildrop();
    EXPECT_EQ(records.size(), 1U);
    if (records.size() != 1) return {};
    std::filesystem::remove_all(spool_ + "/maildrop");
    std::filesystem::create_directory(spool_ + "/maildrop");
    const auto head = spool::ParseHead(std::string_view(records[0]).substr(0, *tests::HeadLength(records[0])));
    EXPECT_TRUE(head) << head.error().text();
    return head ? *head : spool::RecordHead{};
  }

  tests::TemporaryDirectory directory_;
  std::string spool_ = directory_ / "spool";
};

TEST_F(SendmailProgramTest, SubmitsToWhoeverAnswers) {
  FakePickup pickup(spool_ + "/public/submit", {{.answer = "queued"}});
  const Ended run = Sendmail({"-i", "-f", "ana@example.org", "luis@example.org"});
  EXPECT_EQ(run.exit_code, EX_OK) << run.err;
  EXPECT_EQ(run.out + run.err, "");
  const auto records = pickup.Records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_TRUE(records[0].ends_with(kMessage));
  EXPECT_TRUE(Maildrop().empty());
}

TEST_F(SendmailProgramTest, TellsTheIdWhenVerbose) {
  const Ended run = Sendmail({"-v", "luis"});
  EXPECT_EQ(run.exit_code, EX_OK) << run.err;
  EXPECT_EQ(run.out, Cat("queued as ", OneHead().id.text(), "\n"));
}

TEST_F(SendmailProgramTest, PassesARefusalOn) {
  FakePickup pickup(spool_ + "/public/submit", {{.answer = "refused 77 not you\n"}});
  const Ended run = Sendmail({"luis"});
  EXPECT_EQ(run.exit_code, EX_NOPERM);
  EXPECT_THAT(run.err, MatchesRegex("sendmail: fatal: [^ ]+\\([0-9]+\\): not you\n"));
}

TEST_F(SendmailProgramTest, AsksAgainForALostAnswer) {
  FakePickup pickup(spool_ + "/public/submit", {{.answer = ""}, {.answer = "queued"}});
  EXPECT_EQ(Sendmail({"luis"}).exit_code, EX_OK);
  const auto records = pickup.Records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0], records[1]);
}

TEST_F(SendmailProgramTest, ExitsAsTheMessageDeserves) {
  struct Case {
    Words words;
    std::string input;
    int exit_code;
  };
  const std::string long_line(10 << 20, 'x');
  const Case cases[] = {
      {{"luis"}, "", EX_OK},
      {{"luis"}, "\n", EX_OK},
      {{"luis"}, "Subject: x", EX_OK},
      {{"luis"}, "Subject: x\n", EX_OK},
      {{"luis"}, "a\0b\r\n\r\xFF"s, EX_OK},
      {{"luis"}, ".\n", EX_OK},
      {{"luis"}, long_line, EX_OK},
      {{"-t"}, "To: luis\n\nbody\n", EX_OK},
      {{"-t", "ana"}, "", EX_OK},
      {{"-t"}, kMessage.data(), EX_DATAERR},
      {{"-t"}, "", EX_DATAERR},
      {{}, kMessage.data(), EX_USAGE},
      {{"-d", "luis"}, "", EX_USAGE},
      {{"-bs"}, "", EX_USAGE},
      {{"-bp", "luis"}, "", EX_USAGE},
      {{"-f", "a\nb", "luis"}, "", EX_USAGE},
      {{"a\r\nb"}, "", EX_USAGE},
      {{"-bh"}, "", EX_OK},
      {{"-q30m"}, "", EX_OK},
      {{"not an \"address"}, "", EX_OK},
      {Words(1000, "somebody@example.org"), "", EX_OK},
  };
  WriteMainCf("message_size_limit = 20000000\n");
  for (const Case& expected : cases) {
    const Ended run = Sendmail(expected.words, expected.input);
    EXPECT_EQ(run.exit_code, expected.exit_code) << testing::PrintToString(expected.words) << run.err;
    EXPECT_THAT(run.err, StartsWith(expected.exit_code == EX_OK ? "" : "sendmail: fatal: "));
  }
  WriteMainCf("message_size_limit = 10000\n");
  EXPECT_EQ(Sendmail({"luis"}, long_line).exit_code, EX_UNAVAILABLE);
}

TEST_F(SendmailProgramTest, IsRefusedByNoMistakeInMainCf) {
  for (const std::string& mistake :
       {std::string("relayhost = [\n"), std::string("no equals sign\n"), std::string("message_size_limit = much\n"),
        std::string("sendmail_fix_line_endings = perhaps\n"), std::string("mydestination = ${\n"),
        std::string("\xFF\x01\n"), std::string("message_size_limit = $nothing\n")}) {
    WriteMainCf(mistake);
    const Ended run = Sendmail({"luis"});
    EXPECT_EQ(run.exit_code, EX_OK) << mistake << run.err;
    EXPECT_EQ(OneHead().recipients, Words{"luis"});
  }
}

TEST_F(SendmailProgramTest, TakesTheSenderFromTheUserOrTheOption) {
  ASSERT_EQ(Sendmail({"luis"}).exit_code, EX_OK);
  EXPECT_NE(OneHead().sender, "");
  ASSERT_EQ(Sendmail({"-f", "<>", "luis"}).exit_code, EX_OK);
  EXPECT_EQ(OneHead().sender, "");
  ASSERT_EQ(Sendmail({"-r", "Ana <a@b>", "luis"}).exit_code, EX_OK);
  EXPECT_EQ(OneHead().sender, "a@b");
  const Ended run = Sendmail({"-f", "a@b, c@d", "luis"});
  EXPECT_EQ(run.exit_code, EX_OK);
  EXPECT_THAT(run.err, StartsWith("sendmail: warning: option -f"));
  EXPECT_EQ(OneHead().sender, "a@b");
}

TEST_F(SendmailProgramTest, WarnsOfBadDsnParametersAndGoesOn) {
  const Ended run = Sendmail({"-N", "perhaps", "luis"});
  EXPECT_EQ(run.exit_code, EX_OK);
  EXPECT_THAT(run.err, StartsWith("sendmail: warning: option -N"));
}

// Attacks S3 and S4: what the environment may and may not do.
TEST_F(SendmailProgramTest, LetsNoEnvironmentIntoTheEnvelope) {
  ASSERT_EQ(
      Sendmail({"luis"}, kMessage, "",
               {"NAME=A\r\nBcc: eve@example.com\n\nx", "LOGNAME=eve\nX: y", "USER=eve", "EMAIL=eve@example.com",
                "MAILFROM=eve", "QMAILUSER=eve", "HOSTNAME=evil\n", "TMPDIR=/nonexistent\n"})
          .exit_code,
      EX_OK);
  const spool::RecordHead head = OneHead();
  EXPECT_EQ(head.full_name, "A  Bcc: eve@example.com  x");
  EXPECT_EQ(head.sender.find("eve"), std::string::npos);
}

TEST_F(SendmailProgramTest, SurvivesClosedStandardDescriptors) {
  EXPECT_EQ(Sendmail({"-v", "luis"}, kMessage, ">&- 2>&-").exit_code, EX_OK);
  const auto records = Maildrop();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_TRUE(records[0].ends_with(kMessage));
  OneHead();
  EXPECT_EQ(Sendmail({"-v", "luis"}, kMessage, "<&- >&- 2>&-").exit_code, EX_OK);
  EXPECT_EQ(OneHead().size_bytes, 0U);
  EXPECT_EQ(Sendmail({"-d"}, kMessage, "<&- >&- 2>&-").exit_code, EX_USAGE);
}

TEST_F(SendmailProgramTest, TurnsALowFileSizeLimitIntoAFailure) {
  const std::string script = Cat("ulimit -f 8; exec ", SENDMAIL_PROGRAM, " -C \"$0\" luis </dev/zero 2>/dev/null");
  auto process =
      sys::Spawn({.argv = {"/bin/sh", "-c", script, directory_.path()}, .descriptors = {}, .environment = {}});
  ASSERT_TRUE(process);
  EXPECT_EQ(sys::Reap(*process)->number, EX_UNAVAILABLE);
  EXPECT_TRUE(Maildrop().empty());
}

TEST_F(SendmailProgramTest, LeavesNothingInItsTemporaryDirectory) {
  const std::string temporary = directory_ / "tmp";
  std::filesystem::create_directory(temporary);
  ASSERT_EQ(Sendmail({"luis"}, std::string(3 << 20, 'x'), "", {"TMPDIR=" + temporary}).exit_code, EX_OK);
  EXPECT_TRUE(std::filesystem::is_empty(temporary));
  EXPECT_EQ(OneHead().size_bytes, 3U << 20);
}

// Attack S5.
TEST_F(SendmailProgramTest, ReadsNothingOfTheCurrentDirectory) {
  const std::string elsewhere = directory_ / "cwd";
  std::filesystem::create_directory(elsewhere);
  directory_.Write("cwd/main.cf", Cat("queue_directory = ", elsewhere, "\n"));
  const std::string script =
      Cat("cd ", elsewhere, " && exec ", SENDMAIL_PROGRAM, " -C ", directory_.path(), " luis </dev/null");
  auto process = sys::Spawn({.argv = {"/bin/sh", "-c", script}, .descriptors = {}, .environment = {}});
  ASSERT_TRUE(process);
  EXPECT_EQ(sys::Reap(*process)->number, EX_OK);
  EXPECT_EQ(Maildrop().size(), 1U);
}

}  // namespace
}  // namespace outpost::sendmail
