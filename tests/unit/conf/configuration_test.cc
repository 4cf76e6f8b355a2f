#include "conf/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outpost::conf {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Configuration Parse(std::string_view text) {
  return Configuration::Parse({"/etc/outpost", false, "/var/spool/outpost"}, "/etc/outpost/main.cf", text);
}

std::vector<std::string> Texts(const Configuration& configuration) {
  std::vector<std::string> texts;
  for (const Finding& finding : configuration.findings()) texts.push_back(finding.ToString());
  return texts;
}

TEST(Configuration, GivesDefaultsWhereNothingIsSet) {
  Configuration configuration = Parse("");
  EXPECT_EQ(configuration.Time("minimal_backoff_time").count(), 300);
  EXPECT_EQ(configuration.Time("maximal_queue_lifetime").count(), 5 * 86400);
  EXPECT_EQ(configuration.Size("message_size_limit"), 10240000U);
  EXPECT_TRUE(configuration.Bool("smtp_sasl_require_known_peer"));
  EXPECT_THAT(configuration.List("smtp_sasl_tls_security_options"), ElementsAre("noanonymous"));
  EXPECT_EQ(configuration.String("queue_directory"), "/var/spool/outpost");
  EXPECT_EQ(configuration.Integer("smtp_destination_concurrency_limit"), 20);
  EXPECT_THAT(configuration.findings(), IsEmpty());
}

TEST(Configuration, ComputesNamesFromEachOther) {
  Configuration host = Parse("myhostname = cuervo.example.org\nmyorigin = $mydomain\n");
  EXPECT_EQ(host.String("mydomain"), "example.org");
  EXPECT_EQ(host.String("myorigin"), "example.org");
  EXPECT_EQ(host.String("smtp_helo_name"), "cuervo.example.org");
  Configuration unset = Parse("");
  EXPECT_THAT(unset.String("myhostname"), HasSubstr("."));
  Configuration bare = Parse("myhostname = cuervo\n");
  EXPECT_EQ(bare.String("mydomain"), "localdomain");
}

TEST(Configuration, PlacesAWrongValueAtItsLineAndUsesTheDefault) {
  Configuration configuration = Parse("# x\nminimal_backoff_time = soon\nhopcount_limit = 0\n");
  EXPECT_EQ(configuration.Time("minimal_backoff_time").count(), 300);
  EXPECT_EQ(configuration.Integer("hopcount_limit"), 50);
  configuration.Time("minimal_backoff_time");
  EXPECT_THAT(Texts(configuration),
              ElementsAre("/etc/outpost/main.cf:2: minimal_backoff_time: \"soon\" is no time: a number and one of "
                          "s, m, h, d, w",
                          "/etc/outpost/main.cf:3: hopcount_limit: \"0\" is less than 1"));
  EXPECT_TRUE(configuration.HasErrors());
}

TEST(Configuration, FindsValuesThatReferToEachOther) {
  Configuration configuration = Parse("myhostname = $mydomain\nmydomain = $myhostname\n");
  configuration.String("myhostname");
  ASSERT_EQ(configuration.findings().size(), 1U);
  EXPECT_THAT(configuration.findings()[0].text, HasSubstr("$mydomain refers to itself by way of $myhostname"));
}

TEST(Configuration, WarnsOfUnknownNamesWithTheNearestOne) {
  Configuration configuration =
      Parse("realyhost = [a]\nsmtp_tls_cafile = /x\nzzz = 1\nsite = 2\nmail_name = $site\n");
  configuration.CheckNames();
  EXPECT_THAT(Texts(configuration),
              ElementsAre("/etc/outpost/main.cf:1: warning: realyhost: unknown parameter; did you mean relayhost?",
                          "/etc/outpost/main.cf:2: warning: smtp_tls_cafile: unknown parameter; did you mean "
                          "smtp_tls_CAfile?",
                          "/etc/outpost/main.cf:3: warning: zzz: unknown parameter"));
  EXPECT_FALSE(configuration.HasErrors());
}

TEST(Configuration, WarnsOfAMacroThatIsSetNowhere) {
  Configuration configuration = Parse("myorigin = $mydomian\n");
  configuration.CheckNames();
  EXPECT_THAT(Texts(configuration),
              Contains("/etc/outpost/main.cf: warning: $mydomian is used but set nowhere; it is empty"));
}

TEST(Configuration, RefusesToIgnoreWhatDecidesHowMailLeaves) {
  Configuration configuration = Parse(
      "smtp_tls_policy_maps = hash:/etc/outpost/policy\nsmtpd_banner = x\nmydestination = a\ntransport_maps =\n");
  configuration.CheckNames();
  ASSERT_EQ(configuration.findings().size(), 2U);
  EXPECT_EQ(configuration.findings()[0].severity, Finding::Severity::kError);
  EXPECT_EQ(configuration.findings()[0].line, 1);
  EXPECT_EQ(configuration.findings()[1].severity, Finding::Severity::kWarning);
  EXPECT_EQ(configuration.findings()[1].line, 3);
}

TEST(Configuration, KeepsTheOrderAndTextOfWhatIsSet) {
  const Configuration configuration = Parse("relayhost = [b]\nmyorigin = $mydomain\nrelayhost = [c]\n");
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(configuration.Explicit(), (Pairs{{"relayhost", "[c]"}, {"myorigin", "$mydomain"}}));
}

TEST(Configuration, SaysThatTheFileIsMissing) {
  const Configuration configuration = Configuration::Load({"/nowhere/outpost", false, "/q"});
  ASSERT_EQ(configuration.findings().size(), 1U);
  EXPECT_THAT(configuration.findings()[0].ToString(), HasSubstr("/nowhere/outpost/main.cf"));
  EXPECT_TRUE(configuration.HasErrors());
}

TEST(ConfigurationDeathTest, AParameterOutsideTheRegistryIsABug) {
  Configuration configuration = Parse("");
  EXPECT_DEATH(configuration.Bool("no_such_parameter"), "");
  EXPECT_DEATH(configuration.Bool("relayhost"), "");
}

TEST(Configuration, TellsWhatWouldHoldWithoutMainCf) {
  const Configuration configuration =
      Configuration::Parse(Location{}, "main.cf", "\nsmtp_helo_name = a\nmyhostname = b.example\nmine = c\n");
  EXPECT_EQ(configuration.Unexpanded("smtp_helo_name"), "a");
  EXPECT_EQ(configuration.UnexpandedDefault("smtp_helo_name"), "$myhostname");
  EXPECT_EQ(*configuration.ExpandedDefault("smtp_helo_name"), *configuration.ExpandedDefault("myhostname"));
  EXPECT_EQ(configuration.UnexpandedDefault("mine"), std::nullopt);
  EXPECT_EQ(configuration.LineOf("mine"), 4);
  EXPECT_EQ(configuration.LineOf("relayhost"), 0);
}

TEST(Configuration, AnOverrideHoldsWhereTheValueIsUsed) {
  Configuration configuration = Configuration::Parse(Location{}, "main.cf", "myhostname = b.example\n");
  configuration.Override("myhostname", "c.example");
  configuration.Override("relayhost", "$myhostname");
  EXPECT_EQ(configuration.String("relayhost"), "c.example");
  EXPECT_TRUE(configuration.IsSet("relayhost"));
}

}  // namespace
}  // namespace outpost::conf
