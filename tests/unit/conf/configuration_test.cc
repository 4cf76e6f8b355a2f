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

// Found by tests/fuzz/main_cf: each asked for the other until the stack was full.
TEST(Configuration, CompletesAHostNameWithTheSystemsDomain) {
  Configuration configuration = Parse("myhostname = mail.$mydomain\n");
  const std::string domain = configuration.String("mydomain");
  EXPECT_NE(domain, "");
  EXPECT_EQ(configuration.String("myhostname"), "mail." + domain);
  EXPECT_THAT(configuration.findings(), IsEmpty());
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
                          "/etc/outpost/main.cf:3: warning: zzz: unknown parameter, and no value uses it; "
                          "take it out: outpost conf unset zzz"));
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

// What CheckNames says of `text`.
std::vector<std::string> SaidOf(std::string_view text) {
  Configuration configuration = Parse(text);
  configuration.CheckNames();
  std::vector<std::string> texts = Texts(configuration);
  for (std::string& one : texts) one.erase(0, std::string_view("/etc/outpost/main.cf:").size());
  return texts;
}

TEST(Configuration, TakesValuesThatAreAsIfTheyWereNotSet) {
  EXPECT_THAT(SaidOf("transport_maps =\nsmtp_host_lookup = DNS\nsmtp_enforce_tls = no\nlocal_login_sender_maps = "
                     "static:*\nvirtual_alias_maps = $virtual_maps\n"),
              IsEmpty());
  EXPECT_THAT(SaidOf("local_login_sender_maps =\n"), ElementsAre(HasSubstr("1: local_login_sender_maps: is not")));
}

TEST(Configuration, SaysWhatIsWaitedForAndWhatHoldsMeanwhile) {
  EXPECT_THAT(SaidOf("smtp_tls_cert_file = /etc/ssl/a.pem\n"),
              ElementsAre("1: warning: smtp_tls_cert_file: is not in effect, it waits for client certificates: no "
                          "client certificate is sent; if that is right, take it out: outpost conf unset "
                          "smtp_tls_cert_file"));
}

TEST(Configuration, AcceptsParametersOfWhatThisMailerDoesNotHave) {
  EXPECT_THAT(SaidOf("smtpd_banner = $myhostname ESMTP $mail_name\ndefault_rbl_reply = $rbl_code no\n"
                     "milter_default_action = accept\nsmtpd_restriction_classes = staff, guests\nstaff = permit\n"
                     "guests = reject\nlmtp_tcp_port = 24\nbiff = no\n"),
              IsEmpty());
}

TEST(Configuration, LeavesNamesOfDeliveriesToDeliveries) {
  EXPECT_THAT(SaidOf("mailbox_command = procmail -a \"$EXTENSION\" $1\nluser_relay = $user@other\n"), IsEmpty());
}

TEST(Configuration, TellsOfTransportsThatAreNone) {
  EXPECT_THAT(
      SaidOf("smtp_destination_rate_delay = 2s\nsmtp_delivery_slot_cost = 9\nslow_destination_rate_delay = 2s\n"
             "my_time_limit = 1\nrelay_destination_recipient_limit = $default_destination_recipient_limit\n"),
      ElementsAre(HasSubstr("2: warning: smtp_delivery_slot_cost: has no effect: messages with many"),
                  HasSubstr("3: warning: slow_destination_rate_delay: has no effect: there is no transport "
                            "slow")));
}

TEST(Configuration, FindsWhatCannotBeExpandedWhereverItStands) {
  EXPECT_THAT(SaidOf("a = $b\nb = x$c\nc = ${a}\n"), ElementsAre("1: a: $b refers to itself by way of $c, $a",
                                                                 "2: b: $c refers to itself by way of $a, $b",
                                                                 "3: c: $a refers to itself by way of $b, $c"));
  EXPECT_THAT(SaidOf("smtp_generic_maps = ${x\n"), ElementsAre(HasSubstr("1: smtp_generic_maps: a bracket")));
}

TEST(Configuration, HoldsTheDefaultsOfTheCompatibilityLevelThatIsSet) {
  EXPECT_FALSE(Parse("").Bool("append_dot_mydomain"));
  EXPECT_FALSE(Parse("compatibility_level = 3.6\n").Bool("append_dot_mydomain"));
  EXPECT_TRUE(Parse("compatibility_level = 0\n").Bool("append_dot_mydomain"));
}

TEST(Configuration, KnowsDefaultsOfWhatIsNotInEffect) {
  const Configuration configuration = Parse("local_transport = error:x\n");
  EXPECT_EQ(*configuration.Expanded("mailbox_size_limit"), "51200000");
  EXPECT_EQ(*configuration.Expanded("alias_maps"), "hash:/etc/aliases");
  EXPECT_EQ(*configuration.Expanded("local_transport"), "error:x");
  EXPECT_EQ(*Parse("maillog_file = $data_directory/log\n").Expanded("maillog_file"), "/var/lib/outpost/log");
}

TEST(Configuration, AWordThatIsUnknownStaysSoWhenItIsReadAgain) {
  Configuration configuration = Parse("smtp_tls_security_level = encypt\nsmtp_address_preference = IPv6\n");
  EXPECT_FALSE(configuration.Word("smtp_tls_security_level"));
  EXPECT_FALSE(configuration.Word("smtp_tls_security_level"));
  EXPECT_EQ(configuration.Word("smtp_address_preference"), "ipv6");
  EXPECT_THAT(Texts(configuration), ElementsAre(HasSubstr("main.cf:1: smtp_tls_security_level: \"encypt\" is not "
                                                          "known; did you mean encrypt?")));
}

TEST(Configuration, AWrongValueIsFoundWhereItWasWritten) {
  Configuration configuration = Parse("\ninitial_destination_concurrency = zero\n");
  configuration.Integer("smtp_initial_destination_concurrency");
  EXPECT_THAT(Texts(configuration), ElementsAre(HasSubstr("main.cf:2: initial_destination_concurrency: \"zero\"")));
  Configuration own = Parse("initial_destination_concurrency = 3\nsmtp_initial_destination_concurrency = zero\n");
  own.Integer("smtp_initial_destination_concurrency");
  EXPECT_THAT(Texts(own), ElementsAre(HasSubstr("main.cf:2: smtp_initial_destination_concurrency: \"zero\"")));
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
