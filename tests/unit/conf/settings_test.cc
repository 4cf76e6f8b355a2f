#include "conf/settings.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outpost::conf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Configuration Parse(std::string_view text) {
  return Configuration::Parse({"/etc/outpost", false, "/var/spool/outpost"}, "main.cf", text);
}

std::set<std::string> NamesWithReader(Readers reader) {
  std::set<std::string> names;
  for (const Parameter& parameter : Parameters()) {
    if ((parameter.readers & reader) != 0) names.emplace(parameter.name);
  }
  return names;
}

// What `read` asks for, without what is only there to complete other values.
template <typename Read>
std::set<std::string> NamesRead(Read read) {
  Configuration configuration = Parse("myhostname = a.example\nmydomain = example\n");
  read(configuration);
  return {configuration.names_read().begin(), configuration.names_read().end()};
}

TEST(Settings, ReadsEveryParameterWhereTheRegistrySays) {
  const auto sendmail = NamesRead([](Configuration& c) { ReadSendmailSettings(c); });
  const auto pickup = NamesRead([](Configuration& c) { ReadPickupSettings(c); });
  const auto runner = NamesRead([](Configuration& c) { ReadQueueRunnerSettings(c); });
  const auto smtp = NamesRead([](Configuration& c) { ReadSmtpClientSettings(c); });
  EXPECT_EQ(sendmail, NamesWithReader(kSendmail));
  EXPECT_EQ(pickup, NamesWithReader(kPickup));
  EXPECT_EQ(runner, NamesWithReader(kRunner));
  EXPECT_EQ(smtp, NamesWithReader(kSmtp));
}

TEST(Settings, AcceptsTheMainCfOfANullClient) {
  Configuration configuration = Parse(
      "myhostname = cuervo.example.org\nmyorigin = $mydomain\nrelayhost = [smtp.example.org]:587\n"
      "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:/etc/outpost/auth_passwd\n"
      "smtp_tls_security_level = encrypt\nsmtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt\n"
      "inet_interfaces = loopback-only\nmydestination =\nsmtpd_banner = $myhostname ESMTP\ncompatibility_level = "
      "3.6\n");
  CheckSettings(configuration);
  EXPECT_THAT(configuration.findings(), IsEmpty());
  EXPECT_EQ(ReadPickupSettings(configuration).myorigin, "example.org");
  const SmtpClientSettings smtp = ReadSmtpClientSettings(configuration);
  EXPECT_EQ(smtp.smtp_tls_security_level, TlsLevel::kEncrypt);
  EXPECT_THAT(smtp.smtp_sasl_password_maps, ElementsAre("hash:/etc/outpost/auth_passwd"));
  EXPECT_THAT(smtp.inet_protocols, ElementsAre("ipv4", "ipv6"));
  EXPECT_EQ(smtp.smtp_tcp_port, 25);
}

TEST(Settings, FindsEachWrongValue) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"relayhost = smtp.example.org:\n", "relayhost"},
      {"relayhost = [a.example] [b.example]\n", "more than one relay"},
      {"relayhost = 192.0.2.1\n", "brackets"},
      {"smtp_tls_security_level = secured\n", "\"secured\" is not known"},
      {"smtp_tls_wrappermode = yes\n", "needs smtp_tls_security_level"},
      {"smtp_sasl_auth_enable = yes\n", "needs smtp_sasl_password_maps"},
      {"smtp_sasl_password_maps = inline:{a\nsmtp_sasl_auth_enable = yes\n", "\"{\" without \"}\""},
      {"smtp_sasl_security_options = noplain\n", "\"noplain\" is not known"},
      {"smtp_sasl_mechanism_filter = plain, !/etc/outpost/mechanisms\n", "/etc/outpost/mechanisms: No such file"},
      {"smtp_sasl_mechanism_filter = !gssapi, hash:/etc/mechanisms, static:all\n", "\"hash:/etc/mechanisms\""},
      {"smtp_tls_protocols = >=TLSv9\n", "\">=TLSv9\" is not known"},
      {"smtp_tcp_port = http\n", "\"http\" is not known"},
      {"inet_protocols = ipv5\n", "\"ipv5\" is not known"},
      {"queue_directory = spool\n", "no absolute path"},
      {"maillog_file = log\n", "no absolute path"},
      {"myhostname = a b\n", "no valid host"},
      {"smtp_helo_name = [x\n", "no valid host"},
      {"myorigin = /nowhere/mailname\n", "/nowhere/mailname"},
      {"default_transport = uucp\n", "no transport \"uucp\""},
      {"minimal_backoff_time = 2h\n", "longer than maximal_backoff_time"},
      {"undisclosed_recipients_header = nobody at all\n", "no header line"},
      {"sendmail_fix_line_endings = often\n", "\"often\" is not known"},
      {"header_size_limit = big\n", "no whole number"},
      {"mail_name = \xFF\n", "no valid UTF-8"},
  };
  for (const auto& [text, part] : cases) {
    Configuration configuration = Parse(text);
    CheckSettings(configuration);
    ASSERT_EQ(configuration.findings().size(), 1U) << text;
    EXPECT_THAT(configuration.findings()[0].text, HasSubstr(std::string(part)));
    EXPECT_EQ(configuration.findings()[0].line, 1) << text;
    EXPECT_TRUE(configuration.HasErrors());
  }
}

TEST(Settings, AnUnknownTlsLevelNeverWeakens) {
  Configuration configuration = Parse("smtp_tls_security_level = secrue\n");
  EXPECT_EQ(ReadSmtpClientSettings(configuration).smtp_tls_security_level, TlsLevel::kSecure);
}

// As old files have it, beside smtp_use_tls; smtp_enforce_tls = yes is an error of its own.
TEST(Settings, AnEmptyTlsLevelIsTheDefault) {
  for (const std::string beside : {"", "smtp_use_tls = yes\n", "smtp_use_tls = no\n"}) {
    Configuration configuration = Parse("smtp_tls_security_level =\n" + beside);
    CheckSettings(configuration);
    EXPECT_EQ(ReadSmtpClientSettings(configuration).smtp_tls_security_level, TlsLevel::kMay);
    EXPECT_THAT(configuration.findings(), IsEmpty());
  }
  Configuration enforced = Parse("smtp_tls_security_level =\nsmtp_enforce_tls = yes\n");
  CheckSettings(enforced);
  EXPECT_TRUE(enforced.HasErrors());
}

TEST(Settings, SaysWhatServesInsteadOfALevelThatIsNotThere) {
  for (const std::string level : {"dane", "dane-only", "Fingerprint"}) {
    Configuration configuration = Parse("smtp_tls_security_level = " + level + "\n");
    EXPECT_EQ(ReadSmtpClientSettings(configuration).smtp_tls_security_level, TlsLevel::kSecure);
    ASSERT_EQ(configuration.findings().size(), 1U) << level;
    EXPECT_THAT(configuration.findings()[0].text, HasSubstr("is not there yet; use secure"));
    EXPECT_TRUE(configuration.HasErrors());
  }
}

TEST(Settings, ReadsMyoriginFromAFile) {
  char path[] = "/tmp/outpost-origin-XXXXXX";
  close(mkstemp(path));
  std::ofstream(path) << " mail.example.net \nsecond line\n";
  Configuration configuration = Parse("myorigin = " + std::string(path) + "\n");
  EXPECT_EQ(ReadPickupSettings(configuration).myorigin, "mail.example.net");
  EXPECT_THAT(configuration.findings(), IsEmpty());
  std::ofstream(path) << "\n";
  ReadPickupSettings(configuration);
  EXPECT_TRUE(configuration.HasErrors());
  unlink(path);
}

TEST(Settings, MistakesElsewhereAreNoneOfSendmails) {
  Configuration configuration = Parse("relayhost = [\nsmtp_tls_security_level = x\nmaximal_backoff_time = soon\n");
  const SendmailSettings settings = ReadSendmailSettings(configuration);
  EXPECT_THAT(configuration.findings(), IsEmpty());
  EXPECT_EQ(settings.common.queue_directory, "/var/spool/outpost");
  EXPECT_TRUE(settings.queue_is_compiled_in);
}

}  // namespace
}  // namespace outpost::conf
