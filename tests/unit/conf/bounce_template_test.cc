#include "conf/bounce_template.h"

#include <fstream>

#include <gtest/gtest.h>

#include "conf/notice_settings.h"
#include "lib/sys/text.h"
#include "tests/support/temporary_directory.h"

namespace outpost::conf {
namespace {

constexpr const char* kGood =
    "# Ours\n"
    "\n"
    "failure_template = <<EOF\n"
    "Charset: utf-8\n"
    "From: MAILER-DAEMON (Our Mail)\n"
    "Subject: Not delivered\n"
    "Postmaster-Subject: Copy\n"
    "\n"
    "Gr\xc3\xbc\xc3\x9f"
    "e von $myhostname ($maximal_queue_lifetime_days days, $$5).\n"
    "EOF\n"
    "delay_template = <<END\n"
    "Subject: Late\n"
    "\n"
    "After $delay_warning_time_hours hour(s), ${delay_warning_time_minutes} minutes.\n"
    "END\n";

class BounceTemplate : public testing::Test {
 protected:
  NoticeTemplates Read(const std::string& text) {
    const std::string path = directory_.path() + "/bounce.cf";
    std::ofstream(path, std::ios::binary) << text;
    auto configuration = Configuration::Parse(
        {}, "main.cf",
        sys::Cat("bounce_template_file = ", path, "\nmyhostname = host.example\ndelay_warning_time = 90m\n"));
    auto settings = ReadNoticeSettings(configuration, "example.org");
    EXPECT_FALSE(configuration.HasErrors());
    findings_.clear();
    for (const auto& finding : configuration.findings()) {
      findings_.push_back(finding.ToString().substr(directory_.path().size() + 1));
    }
    return settings.templates;
  }

  tests::TemporaryDirectory directory_;
  std::vector<std::string> findings_;
};

TEST_F(BounceTemplate, IsReadWithItsHeaderAndItsNames) {
  const NoticeTemplates templates = Read(kGood);
  EXPECT_TRUE(findings_.empty()) << findings_.front();
  ASSERT_TRUE(templates.failure && templates.delay);
  EXPECT_FALSE(templates.success);
  EXPECT_EQ(templates.failure->charset, "utf-8");
  EXPECT_EQ(templates.failure->from, "MAILER-DAEMON@example.org (Our Mail)");
  EXPECT_EQ(templates.failure->subject, "Not delivered");
  EXPECT_EQ(templates.failure->postmaster_subject, "Copy");
  EXPECT_EQ(templates.failure->body,
            "Gr\xc3\xbc\xc3\x9f"
            "e von host.example (5 days, $5).\n");
  EXPECT_EQ(templates.delay->body, "After 1 hour(s), 90 minutes.\n");
}

TEST_F(BounceTemplate, ThatIsWrongIsNamedByItsLineAndLeavesTheOthers) {
  const struct {
    const char* text;
    const char* finding;
  } kCases[] = {
      {"failure_template = <<E\nSubject: x\n\nbody\n", "bounce.cf:1: "},
      {"nonsense\n", "bounce.cf:1: "},
      {"failure_template = <<E\nSubject: x\n\nE\n", "bounce.cf:3: "},
      {"failure_template = <<E\nReply-To: x\n\nbody\nE\n", "bounce.cf:2: "},
      {"\nfailure_template = <<E\nSubject: x\n\nbody $no_such_name\nE\n", "bounce.cf:5: "},
      {"failure_template = <<E\nCharset: koi8-r\n\nbody\nE\n", "bounce.cf:2: "},
      {"failure_template = <<E\nFrom: a@b@c d\n\nbody\nE\n", "bounce.cf:2: "},
      {"failure_template = <<E\nSubject: x\n\n\xc3\xbc\nE\n", "bounce.cf:4: "},
      {"success_template = <<E\nPostmaster-Subject: x\n\nbody\nE\n", "bounce.cf:2: "},
      {"verify_template = <<E\nSubject: x\n\nbody\nE\n", "bounce.cf:1: "},
      {"other_template = <<E\nSubject: x\n\nbody\nE\n", "bounce.cf:1: "},
  };
  for (const auto& one : kCases) {
    const NoticeTemplates templates = Read(sys::Cat(one.text));
    EXPECT_FALSE(templates.failure) << one.text;
    ASSERT_EQ(findings_.size(), 1U) << one.text;
    EXPECT_TRUE(findings_[0].starts_with(one.finding)) << findings_[0];
  }
  EXPECT_TRUE(Read(sys::Cat("success_template = <<E\n\n\nE\n", kGood)).failure);
}

TEST_F(BounceTemplate, ForReportsThatDoNotExistHereIsNamedAndLeavesTheOthers) {
  EXPECT_TRUE(Read(sys::Cat("verify_template = <<E\nSubject: x\n\nbody\nE\n", kGood)).failure);
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_NE(findings_[0].find("verify_template is not used"), std::string::npos) << findings_[0];
}

TEST_F(BounceTemplate, ThatIsTooLargeOrMissingIsAWarning) {
  Read(std::string(kMaxTemplateFile + 1, '#'));
  EXPECT_EQ(findings_.size(), 1U);
}

}  // namespace
}  // namespace outpost::conf
