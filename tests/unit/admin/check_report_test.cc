#include "admin/check_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace outpost::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

conf::Configuration Parse(std::string_view text) { return conf::Configuration::Parse({}, "main.cf", text); }

TEST(CheckReport, ListsWhatDoesNothingHereWithTheReason) {
  conf::Configuration configuration = Parse(
      "relayhost = [a.example]\nsmtpd_banner = x\nmailbox_size_limit = 0\nmydestination = $myhostname\nbiff = "
      "no\nreadme_directory = no\nmynetworks = 127.0.0.0/8\n");
  configuration.CheckNames();
  const CheckReport report = MakeReport(configuration);
  const std::string text = ReportText(report);
  EXPECT_THAT(text, HasSubstr("main.cf:4: warning: mydestination: is not in effect, it waits for local delivery"));
  EXPECT_THAT(text, HasSubstr("; if that is right, take it out: outpost conf unset mydestination\n"));
  EXPECT_THAT(
      text,
      HasSubstr("not yet in effect (3):\n  mailbox_size_limit, mydestination, biff: waits for local delivery: "));
  EXPECT_THAT(text, HasSubstr("not applicable here (3):\n"
                              "  smtpd_banner, mynetworks: nothing here listens on the network\n"
                              "  readme_directory: it serves as $name in other values alone\n"
                              "0 errors, 1 warning\n"));
}

TEST(CheckReport, FindsWrongValuesOfWhatIsNotInEffect) {
  conf::Configuration configuration =
      Parse("mailbox_size_limit = much\nsmtp_tls_mandatory_ciphers = highest\nsmtp_host_lookup = nonsense\n");
  const std::string text = ReportText(MakeReport(configuration));
  EXPECT_THAT(text, HasSubstr("main.cf:1: warning: mailbox_size_limit: \"much\" is no whole number; this will be "
                              "refused once it is in effect\n"));
  EXPECT_THAT(text, HasSubstr("main.cf:2: warning: smtp_tls_mandatory_ciphers: \"highest\" is not known"));
  EXPECT_THAT(text, Not(HasSubstr("nonsense"))) << "it will never be in effect";
  EXPECT_THAT(text, HasSubstr("0 errors, 2 warnings\n"));
}

TEST(CheckReport, SaysNothingOfAFileThatIsRight) {
  conf::Configuration configuration = Parse("relayhost = [a.example]\n");
  configuration.CheckNames();
  EXPECT_EQ(ReportText(MakeReport(configuration)), "");
}

TEST(CheckReport, JsonHasPlacesAndCounts) {
  conf::Configuration configuration =
      Parse("\nsmtp_tls_security_level = sometimes\nnosuch = 1\nsmtpd_banner = x\n");
  configuration.CheckNames();
  configuration.AddFinding(conf::Finding::Severity::kError, "smtp_tls_security_level", "is wrong");
  const auto json = nlohmann::json::parse(ReportJson(MakeReport(configuration)));
  EXPECT_EQ(json["errors"], 1);
  EXPECT_EQ(json["warnings"], 1);
  EXPECT_EQ(json["findings"][1]["severity"], "error");
  EXPECT_EQ(json["findings"][1]["file"], "main.cf");
  EXPECT_EQ(json["findings"][1]["line"], 2);
  ASSERT_EQ(json["not_applicable"].size(), 1U);
  EXPECT_EQ(json["not_applicable"][0]["name"], "smtpd_banner");
  EXPECT_EQ(json["not_applicable"][0]["line"], 4);
  EXPECT_EQ(json["not_applicable"][0]["reason"], "nothing here listens on the network");
}

}  // namespace
}  // namespace outpost::admin
