#include "admin/compat/postconf.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/compat/postconf_options.h"
#include "conf/parameters.h"
#include "lib/sys/file.h"
#include "tests/support/temporary_directory.h"

namespace outpost::admin {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using Words = std::vector<std::string>;
using enum PostconfOptions::Mode;

TEST(PostconfOptions, AreCombinedAsInPostfix) {
  const auto show = ParsePostconfOptions(Words{"-nxhf", "-c", "/etc/x", "-orelayhost=a", "relayhost", "-d"});
  ASSERT_TRUE(show);
  EXPECT_EQ(show->mode, kShow);
  EXPECT_TRUE(show->only_set && show->expand && show->hide_names && show->fold);
  EXPECT_EQ(show->directory, "/etc/x");
  EXPECT_EQ(show->overrides, Words{"relayhost=a"});
  EXPECT_EQ(show->names, (Words{"relayhost", "-d"})) << "options end at the first name";
  EXPECT_EQ(ParsePostconfOptions(Words{"relayhost=a"})->mode, kSet);
  EXPECT_EQ(ParsePostconfOptions(Words{"-e", "--", "relayhost=a"})->mode, kSet);
  EXPECT_EQ(ParsePostconfOptions(Words{"-X", "relayhost"})->mode, kRemove);
  EXPECT_EQ(ParsePostconfOptions(Words{"-#p", "relayhost"})->mode, kCommentOut);
  EXPECT_EQ(ParsePostconfOptions(Words{"-m"})->mode, kTableTypes);
  const auto user = ParsePostconfOptions(Words{"-C", "USER,service"});
  EXPECT_TRUE(user->user_defined && !user->built_in);
}

// The texts of Postfix 3.7 but for what does not exist here.
TEST(PostconfOptions, WhatDoesNotGoTogetherIsRefused) {
  const std::pair<Words, std::string> cases[] = {{{"-nd"}, "specify one of -d -n"},
                                                 {{"-hH", "a"}, "specify one of -h -H"},
                                                 {{"-ne", "a=1"}, "specify one of -e -n"},
                                                 {{"-n", "a=1"}, "specify one of -e -n"},
                                                 {{"-Xe", "a"}, "specify one of -e -X"},
                                                 {{"-X", "a=1"}, "specify one of -e -X"},
                                                 {{"-d", "-o", "a=1"}, "specify one of -d -o"},
                                                 {{"-lm"}, "specify one of -l -m"},
                                                 {{"-me"}, "with option -m, do not specify -e"},
                                                 {{"-e"}, "-e requires name=value argument"},
                                                 {{"-X"}, "requires a parameter's name"},
                                                 {{"-C", "x"}, "unknown -C option value \"x\""},
                                                 {{"-Z"}, "invalid option -- 'Z'; usage: postconf"},
                                                 {{"-c"}, "option requires an argument -- 'c'"},
                                                 {{"-M"}, "there is no master.cf"},
                                                 {{"-Pe", "smtp/unix/a=1"}, "there is no master.cf"},
                                                 {{"-F"}, "there is no master.cf"},
                                                 {{"-b"}, "bounce_template_file"},
                                                 {{"-t"}, "bounce_template_file"},
                                                 {{"-T", "run-version"}, "openssl version"}};
  for (const auto& [words, part] : cases) {
    const auto options = ParsePostconfOptions(words);
    ASSERT_FALSE(options) << part;
    EXPECT_THAT(options.error().text(), HasSubstr(part));
  }
}

TEST(PostconfLine, FoldsWherePostfixDoes) {
  const std::string long_value =
      "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated  "
      "defer_unauth_destination\taaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb { "
      "check_x a=b, c=d } longer and longer and longer";
  EXPECT_EQ(PostconfLine(long_value, true),
            "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated\n"
            "    defer_unauth_destination aaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbb {\n"
            "    check_x a=b, c=d } longer and longer and longer\n");
  EXPECT_EQ(PostconfLine("a =  b \t c ", false), "a = b c\n");
  EXPECT_EQ(PostconfLine("a = ", false), "a =\n");
  EXPECT_EQ(PostconfLine("", true), "\n");
}

class PostconfTest : public testing::Test {
 protected:
  PostconfTest() {
    directory_.Write("main.cf",
                     "# a comment\n"
                     "relayhost = [a.example]:587\n"
                     "my_relay = x\n"
                     "smtp_sasl_security_options =  noplaintext,\n"
                     "   noanonymous\n"
                     "smtp_helo_name = $my_relay.example\n"
                     "relayhots = 1\n");
  }
  // What it prints on standard output; what it says otherwise is in said_.
  std::string Run(Words words, int expected_status = 0) {
    words.insert(words.begin(), {"-c", directory_.path()});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EXPECT_EQ(Postconf(words), expected_status) << testing::PrintToString(words);
    said_ = testing::internal::GetCapturedStderr();
    return testing::internal::GetCapturedStdout();
  }
  std::string MainCf() const { return *sys::ReadFile(directory_ / "main.cf", 10000); }

  tests::TemporaryDirectory directory_;
  std::string said_;
};

TEST_F(PostconfTest, ShowsWhatIsSetInOrderOfName) {
  EXPECT_EQ(Run({"-n"}), "config_directory = " + directory_.path() +
                             "\n"
                             "my_relay = x\n"
                             "relayhost = [a.example]:587\n"
                             "smtp_helo_name = $my_relay.example\n"
                             "smtp_sasl_security_options = noplaintext, noanonymous\n");
  EXPECT_EQ(said_, "postconf: warning: " + (directory_ / "main.cf") + ": unused parameter: relayhots=1\n");
  EXPECT_EQ(Run({"-nh", "relayhost", "myorigin"}), "[a.example]:587\n");
  EXPECT_THAT(Run({"-H"}), HasSubstr("\nsmtp_tls_security_level\nsmtp_tls_servername\n"));
}

TEST_F(PostconfTest, ExpandsWhenAsked) {
  EXPECT_EQ(Run({"smtp_helo_name"}), "smtp_helo_name = $my_relay.example\n");
  EXPECT_EQ(Run({"-xh", "smtp_helo_name"}), "x.example\n");
  EXPECT_EQ(Run({"-xh", "-o", "my_relay = y", "smtp_helo_name"}), "y.example\n");
  EXPECT_EQ(Run({"-d", "smtp_helo_name", "relayhost"}), "smtp_helo_name = $myhostname\nrelayhost =\n");
  EXPECT_EQ(said_, "") << "defaults have nothing to do with main.cf";
}

TEST_F(PostconfTest, WhatIsUsedAndSetNowhereIsWarnedOf) {
  directory_.Write("main.cf", "relayhost = $my_relay\nforward_path = $home/.forward$extension\n");
  EXPECT_THAT(Run({"-nx"}), HasSubstr("forward_path = $home/.forward$extension\nrelayhost =\n"));
  EXPECT_EQ(said_, "postconf: warning: " + (directory_ / "main.cf") + ": undefined parameter: my_relay\n");
}

TEST_F(PostconfTest, AListenersClassesAreUsed) {
  directory_.Write("main.cf", "smtpd_restriction_classes = my_class\nmy_class = permit\n");
  EXPECT_THAT(Run({"-n"}), HasSubstr("my_class = permit\n"));
  EXPECT_EQ(said_, "");
}

TEST_F(PostconfTest, DefaultsNeedNoMainCfThatIsRight) {
  directory_.Write("main.cf", "no equals sign\n");
  EXPECT_EQ(Run({"-d", "relayhost"}), "relayhost =\n");
  EXPECT_EQ(said_, "");
}

TEST_F(PostconfTest, AnUnknownNameIsWarnedOf) {
  EXPECT_EQ(Run({"-q", "relayhots", "relayhost"}), "relayhost = [a.example]:587\n");
  EXPECT_EQ(said_, "postconf: warning: relayhots: unknown parameter; is it relayhost?\n");
}

// The first column of a file of tests/data.
Words NamesOf(const std::string& file) {
  Words names;
  std::ifstream rows(std::string(OUTPOST_SOURCE_DIR "/tests/data/") + file);
  for (std::string row; std::getline(rows, row);) {
    if (!row.starts_with('#')) names.push_back(row.substr(0, row.find('\t')));
  }
  return names;
}

TEST_F(PostconfTest, AnswersEveryNameOfPostfixs) {
  const Words names = NamesOf("postfix-parameters.tsv");
  ASSERT_GT(names.size(), 500U);
  for (const std::string& name : names) {
    EXPECT_THAT(Run({name}), StartsWith(name + " =")) << name;
    EXPECT_THAT(Run({"-d", name}), StartsWith(name + " =")) << name;
  }
}

TEST_F(PostconfTest, SaysWhyWhatDoesNotApplyHasNoValue) {
  const Words names = NamesOf("postfix-not-applicable.tsv");
  ASSERT_GT(names.size(), 400U);
  for (const std::string& name : names) {
    if (conf::FindParameter(name) != nullptr) continue;  // ours has another use for it
    for (const Words& words : {Words{"-q", name}, Words{"-qd", name}}) {
      EXPECT_EQ(Run(words), "") << "no value is made up";
      EXPECT_THAT(said_, AllOf(StartsWith("postconf: warning: " + name + " "), EndsWith("has no default\n")));
    }
  }
  directory_.Write("main.cf", "smtpd_banner = x\n");
  EXPECT_EQ(Run({"smtpd_banner"}), "smtpd_banner = x\n");
  EXPECT_EQ(said_, "");
  EXPECT_EQ(Run({"-d", "smtpd_banner"}), "");
  EXPECT_THAT(said_, HasSubstr("smtpd_banner has no effect: nothing here listens on the network"));
}

TEST_F(PostconfTest, ShowsTheDefaultOfATransport) {
  EXPECT_EQ(Run({"slow_destination_rate_delay"}),
            "slow_destination_rate_delay = $default_destination_rate_delay\n");
  EXPECT_EQ(Run({"-xh", "slow_destination_rate_delay"}), "0s\n");
}

TEST_F(PostconfTest, EditsTheFile) {
  EXPECT_EQ(Run({"relayhost=[b.example]", "myorigin = c.example"}), "");
  EXPECT_THAT(MainCf(), HasSubstr("# a comment\nrelayhost = [b.example]\nmy_relay = x\n"));
  EXPECT_THAT(MainCf(), HasSubstr("relayhots = 1\nmyorigin = c.example\n"));
  Run({"-#", "smtp_sasl_security_options"});
  EXPECT_THAT(MainCf(), HasSubstr("#smtp_sasl_security_options =  noplaintext,\n#   noanonymous\n"));
  Run({"-X", "relayhost"});
  EXPECT_THAT(MainCf(), Not(HasSubstr("relayhost")));
  EXPECT_EQ(said_, "");
}

// Scripts set one parameter after another: what is wrong alone may be right in the end.
TEST_F(PostconfTest, WritesAWrongValueAndSaysSo) {
  Run({"-e", "smtp_sasl_auth_enable=yes"});
  EXPECT_THAT(MainCf(), HasSubstr("smtp_sasl_auth_enable = yes\n"));
  EXPECT_THAT(said_, HasSubstr("needs smtp_sasl_password_maps"));
  Run({"-e", "smtp_sasl_password_maps=static:a:b"});
  EXPECT_EQ(said_, "");
}

TEST_F(PostconfTest, WhatCannotBeReadEndsIt) {
  const std::string before = MainCf();
  Run({"-e", "relayhost"}, 1);
  EXPECT_THAT(said_, HasSubstr("postconf: fatal: no '='"));
  Run({"-e", "a=1", "b=1\nc=2"}, 1);
  EXPECT_EQ(MainCf(), before);
  directory_.Write("main.cf", "no equals sign\nmyorigin = $myorigin\n");
  EXPECT_EQ(Run({"relayhost"}, 1), "");
  EXPECT_THAT(said_, HasSubstr("main.cf:1: no '='"));
  directory_.Write("main.cf", "myorigin = $myorigin\n");
  EXPECT_EQ(Run({"-x", "myorigin"}, 1), "");
  EXPECT_THAT(said_, HasSubstr("fatal: myorigin: "));
}

TEST_F(PostconfTest, TellsWhatThereIsOfOtherThings) {
  EXPECT_EQ(Run({"-A"}), "cyrus\n");
  EXPECT_EQ(Run({"-a"}), "");
  EXPECT_THAT(said_, HasSubstr("nothing here listens"));
  EXPECT_EQ(Run({"-l"}), "");
  EXPECT_THAT(said_, HasSubstr("no mailbox"));
  EXPECT_THAT(Run({"-m"}), HasSubstr("\nhash\ninline\n"));
  EXPECT_THAT(said_, IsEmpty());
}

}  // namespace
}  // namespace outpost::admin
