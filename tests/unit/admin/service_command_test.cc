#include "admin/service_command.h"

#include <sysexits.h>

#include <gmock/gmock.h>

#include "lib/ipc/control.h"
#include "tests/unit/admin/mailer.h"

namespace outpost::admin {
namespace {

using ::testing::HasSubstr;

class ServiceCommandTest : public MailerTest {
 protected:
  // The exit status of `command`, and what it printed on stderr.
  template <typename Command>
  int Run(Command command, std::string* said) {
    testing::internal::CaptureStderr();
    const int status = command();
    *said = testing::internal::GetCapturedStderr();
    return status;
  }
  std::string said_;
};

TEST_F(ServiceCommandTest, StartReturnsWhenTheRunnerIsReady) {
  Environment environment = MakeConfigured();
  WriteRunner("echo \"$@\" > \"$2/arguments\"\necho ready >&3\n");
  EXPECT_EQ(Run([&] { return Start(environment); }, &said_), EX_OK);
  std::string arguments;
  std::getline(std::ifstream(directory_ + "/arguments"), arguments);
  EXPECT_EQ(arguments, "-C " + directory_ + " --notify 3");
}

TEST_F(ServiceCommandTest, StartTellsWhyTheRunnerDidNotStart) {
  Environment environment = MakeConfigured();
  WriteRunner("echo 'the queue is damaged' >&3\nexit 70\n");
  EXPECT_EQ(Run([&] { return Start(environment); }, &said_), EX_UNAVAILABLE);
  EXPECT_THAT(said_, HasSubstr("the queue is damaged"));
}

TEST_F(ServiceCommandTest, StartTellsOfARunnerThatEndsWithoutAWord) {
  Environment environment = MakeConfigured();
  WriteRunner("exit 1\n");
  EXPECT_EQ(Run([&] { return Start(environment); }, &said_), EX_UNAVAILABLE);
  EXPECT_THAT(said_, HasSubstr("without a word"));
}

TEST_F(ServiceCommandTest, StartRefusesAWrongConfigurationWithAllItsErrors) {
  Environment environment = MakeConfigured("maximal_queue_lifetime = long\nsmtp_tls_security_level = strong\n");
  WriteRunner("echo ready >&3\ntouch \"$2/started\"\n");
  EXPECT_EQ(Run([&] { return Start(environment); }, &said_), EX_CONFIG);
  EXPECT_THAT(said_, HasSubstr("main.cf:6: maximal_queue_lifetime"));
  EXPECT_THAT(said_, HasSubstr("main.cf:7: smtp_tls_security_level"));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/started"));
}

TEST_F(ServiceCommandTest, StartSaysThatTheMailerRunsAlready) {
  Environment environment = MakeConfigured();
  Answer(ipc::Done{}.Encode());
  EXPECT_EQ(Run([&] { return Start(environment); }, &said_), EX_OK);
  EXPECT_THAT(said_, HasSubstr("running already"));
}

TEST_F(ServiceCommandTest, FlushAndReloadSayThatNothingRuns) {
  Environment environment = MakeConfigured();
  EXPECT_EQ(Run([&] { return Flush(environment); }, &said_), EX_UNAVAILABLE);
  EXPECT_THAT(said_, HasSubstr("not running"));
  const std::string id = mail::QueueId::Make(std::chrono::seconds(1), 1).text();
  EXPECT_EQ(Run([&] { return FlushMessage(environment, id); }, &said_), EX_UNAVAILABLE);
  EXPECT_THAT(said_, HasSubstr("not running"));
  EXPECT_EQ(Run([&] { return FlushDomain(environment, "example.org"); }, &said_), EX_UNAVAILABLE);
  EXPECT_THAT(said_, HasSubstr("not running"));
  EXPECT_EQ(Run([&] { return Reload(environment); }, &said_), EX_UNAVAILABLE);
}

TEST_F(ServiceCommandTest, StatusSaysWhyItWasRefused) {
  Environment environment = MakeConfigured();
  Answer(ipc::Done{"too many ask at once", EX_TEMPFAIL}.Encode());
  EXPECT_EQ(Run([&] { return Status(environment, false); }, &said_), EX_TEMPFAIL);
  EXPECT_THAT(said_, HasSubstr("too many ask at once"));
}

TEST_F(ServiceCommandTest, FlushAsksNobodyForWhatIsNoIdOrDomain) {
  Environment environment = MakeConfigured();
  EXPECT_EQ(Run([&] { return FlushMessage(environment, "17"); }, &said_), EX_DATAERR);
  EXPECT_THAT(said_, HasSubstr("17 is no queue id"));
  for (const char* domain : {"", "a b", "a@example.org", "[x"}) {
    EXPECT_EQ(Run([&] { return FlushDomain(environment, domain); }, &said_), EX_USAGE) << domain;
    EXPECT_THAT(said_, HasSubstr("is no domain"));
  }
}

TEST_F(ServiceCommandTest, FlushSaysThatThereWasNothingToDo) {
  Environment environment = MakeConfigured();
  Answer(ipc::Done{"nothing waits for example.org", EX_OK}.Encode());
  EXPECT_EQ(Run([&] { return FlushDomain(environment, "example.org"); }, &said_), EX_OK);
  EXPECT_THAT(said_, HasSubstr("nothing waits for example.org"));
}

TEST_F(ServiceCommandTest, FlushEndsWithTheRunnersAnswer) {
  Environment environment = MakeConfigured();
  Answer(ipc::Done{"not for you", EX_NOPERM}.Encode());
  EXPECT_EQ(Run([&] { return Flush(environment); }, &said_), EX_NOPERM);
  EXPECT_THAT(said_, HasSubstr("not for you"));
}

}  // namespace
}  // namespace outpost::admin
