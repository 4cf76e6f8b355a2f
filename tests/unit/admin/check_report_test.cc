#include "admin/check_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace outpost::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

conf::Configuration Parse(std::string_view text) { return conf::Configuration::Parse({}, "main.cf", text); }

TEST(CheckReport, ListsWhatDoesNothingHereWithTheReason) {
  conf::Configuration configuration = Parse(
      "relayhost = [a.example]\nsmtpd_banner = x\nmailbox_size_limit = 0\nmydestination = $myhostname\nbiff = "
      "no\n");
  configuration.CheckNames();
  const CheckReport report = MakeReport(configuration);
  EXPECT_THAT(report.not_in_effect, ElementsAre("mailbox_size_limit", "mydestination", "biff"));
  EXPECT_THAT(report.not_applicable, ElementsAre("smtpd_banner"));
  const std::string text = ReportText(report);
  EXPECT_THAT(text,
              HasSubstr("main.cf:2: note: smtpd_banner: has no effect: nothing here listens on the network\n"));
  EXPECT_THAT(text, HasSubstr("main.cf:4: warning: mydestination: is not in effect, it waits for local delivery"));
  EXPECT_THAT(text, HasSubstr("not yet in effect (3): mailbox_size_limit, mydestination, biff\n"));
  EXPECT_THAT(text, HasSubstr("not applicable here (1): smtpd_banner\n0 errors, 1 warning\n"));
}

TEST(CheckReport, SaysNothingOfAFileThatIsRight) {
  conf::Configuration configuration = Parse("relayhost = [a.example]\n");
  configuration.CheckNames();
  EXPECT_EQ(ReportText(MakeReport(configuration)), "");
}

TEST(CheckReport, JsonHasPlacesAndCounts) {
  conf::Configuration configuration = Parse("\nsmtp_tls_security_level = sometimes\nnosuch = 1\n");
  configuration.CheckNames();
  configuration.AddFinding(conf::Finding::Severity::kError, "smtp_tls_security_level", "is wrong");
  const auto json = nlohmann::json::parse(ReportJson(MakeReport(configuration)));
  EXPECT_EQ(json["errors"], 1);
  EXPECT_EQ(json["warnings"], 1);
  EXPECT_EQ(json["findings"][1]["severity"], "error");
  EXPECT_EQ(json["findings"][1]["file"], "main.cf");
  EXPECT_EQ(json["findings"][1]["line"], 2);
}

}  // namespace
}  // namespace outpost::admin
