#include "admin/conf_edit_command.h"

#include <sysexits.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/conf_command.h"
#include "lib/sys/file.h"
#include "tests/unit/admin/mailer.h"

namespace outpost::admin {
namespace {

using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

class ConfEditCommandTest : public MailerTest {
 protected:
  template <typename Command>
  int Run(Command command) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = command();
    said_ = testing::internal::GetCapturedStderr();
    printed_ = testing::internal::GetCapturedStdout();
    return status;
  }
  std::string MainCf() const { return *sys::ReadFile(directory_ + "/main.cf", 100000); }

  std::string said_;
  std::string printed_;
};

TEST_F(ConfEditCommandTest, SetsSeveralAtOnce) {
  const Environment environment = MakeConfigured("# the end\n");
  EXPECT_EQ(Run([&] {
              return SetParameters(
                  environment, Words{"smtp_sasl_auth_enable=yes", "smtp_sasl_password_maps = static:a:b"}, false);
            }),
            EX_OK);
  EXPECT_THAT(MainCf(),
              HasSubstr("# the end\nsmtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = static:a:b\n"));
  EXPECT_EQ(said_ + printed_, "");
}

TEST_F(ConfEditCommandTest, WritesNothingWhenOneIsWrongAndTellsOfAll) {
  const Environment environment = MakeConfigured();
  const std::string before = MainCf();
  const Words words = {"myorigin=right.example", "smtp_tls_security_level=sometimes", "relayhots=[a]",
                       "maximal_queue_lifetime=3x", "mailbox_size_limit=much"};
  EXPECT_EQ(Run([&] { return SetParameters(environment, words, false); }), EX_DATAERR);
  for (const char* part :
       {"\"sometimes\"", "is it relayhost?", "\"3x\"", "mailbox_size_limit: ", "stays as it is"}) {
    EXPECT_THAT(said_, HasSubstr(part));
  }
  EXPECT_EQ(Run([&] { return SetParameters(environment, Words{"a b", "=c"}, false); }), EX_DATAERR);
  EXPECT_EQ(Run([&] { return SetParameters(environment, Words{"transport_maps=hash:/x"}, false); }), EX_DATAERR);
  EXPECT_EQ(said_.find("is not in effect"), said_.rfind("is not in effect")) << "told once";
  EXPECT_EQ(MainCf(), before);
}

TEST_F(ConfEditCommandTest, AnErrorThatWasThereBeforeDoesNotStandInTheWay) {
  const Environment environment = MakeConfigured("smtp_tls_security_level = sometimes\n");
  EXPECT_EQ(Run([&] { return SetParameters(environment, Words{"myorigin=c.example"}, false); }), EX_OK);
}

TEST_F(ConfEditCommandTest, AMacroMayBeSetWithItsUse) {
  const Environment environment = MakeConfigured();
  EXPECT_EQ(Run([&] {
              return SetParameters(environment, Words{"relayhosts=[a.example]", "relayhost=$relayhosts"}, false);
            }),
            EX_OK);
  EXPECT_EQ(Run([&] { return UnsetParameters(environment, Words{"relayhost", "nosuch"}, false); }), EX_DATAERR);
  EXPECT_THAT(said_, HasSubstr("nosuch is not set in"));
}

TEST_F(ConfEditCommandTest, ADryRunShowsTheChange) {
  const Environment environment = MakeConfigured();
  const std::string before = MainCf();
  EXPECT_EQ(Run([&] { return SetParameters(environment, Words{"relayhost=[b.example]"}, true); }), EX_OK);
  EXPECT_EQ(printed_, "@ " + directory_ + "/main.cf:2\n-relayhost = [127.0.0.1]:25\n+relayhost = [b.example]\n");
  EXPECT_EQ(MainCf(), before);
}

TEST_F(ConfEditCommandTest, UnsettingWhatAnotherNeedsIsRefused) {
  const Environment environment =
      MakeConfigured("smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = static:a:b\n");
  EXPECT_EQ(Run([&] { return UnsetParameters(environment, Words{"smtp_sasl_password_maps"}, false); }), EX_DATAERR);
  EXPECT_THAT(said_, HasSubstr("needs smtp_sasl_password_maps"));
}

TEST_F(ConfEditCommandTest, GetDiffAndExplainTellWhatHolds) {
  Environment environment = MakeConfigured(
      "my_relay = x\nsmtp_helo_name = $my_relay.example\nmaximal_queue_lifetime = 5d\n"
      "smtp_sasl_security_options = noplaintext,  noanonymous\nbiff = no\n");
  EXPECT_EQ(Run([&] {
              return GetParameters(environment, {{"smtp_helo_name", "nosuch"}, true, false});
            }),
            EX_DATAERR);
  EXPECT_EQ(printed_, "x.example\n");
  Run([&] { return DiffParameters(environment, false); });
  EXPECT_THAT(printed_, HasSubstr("relayhost = [127.0.0.1]:25\n    default: empty\n"));
  EXPECT_THAT(printed_, Not(HasSubstr("maximal_queue_lifetime")));
  EXPECT_THAT(printed_, Not(HasSubstr("smtp_sasl_security_options"))) << "blanks of a list are no difference";
  Run([&] { return ExplainParameters(environment, Words{"smtp_helo_name", "smtpd_banner"}, false); });
  EXPECT_THAT(printed_, HasSubstr("now         x.example (" + directory_ + "/main.cf:7)\n"));
  EXPECT_THAT(printed_, HasSubstr("written as  $my_relay.example\n"));
  EXPECT_THAT(printed_, HasSubstr("smtpd_banner\n    in effect   no: nothing here listens"));
  Run([&] { return ExplainParameters(environment, {}, true); });
  EXPECT_GT(std::count(printed_.begin(), printed_.end(), '\n'), 400);
}

}  // namespace
}  // namespace outpost::admin
