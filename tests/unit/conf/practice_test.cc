#include "conf/practice.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outpost::conf {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Answer = MailServers::Answer;

// A null client with nothing wrong.
PracticeFacts Right() {
  PracticeFacts facts;
  facts.smtp.myhostname = "host.example.org";
  facts.smtp.relayhost = "[relay.example.org]:587";
  facts.smtp.smtp_tls_security_level = TlsLevel::kEncrypt;
  facts.smtp.smtp_sasl_auth_enable = true;
  facts.smtp.smtp_sasl_security_options = {"noplaintext", "noanonymous"};
  facts.default_transport = "smtp";
  facts.myorigin = "example.org";
  facts.own_addresses = {"192.0.2.7"};
  facts.password_keys = {{"[relay.example.org]:587", "/etc/auth", 1}, {"[Relay.example.org]", "/etc/auth", 2}};
  facts.asked_for = {"relay.example.org", "[relay.example.org]:587", "[relay.example.org]"};
  return facts;
}

struct Case {
  const char* what;
  std::function<void(PracticeFacts&)> change;
  std::string_view parameter;  // "": nothing is said
  std::string part;
};

void ExpectEach(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    PracticeFacts facts = Right();
    each.change(facts);
    const auto findings = JudgePractice(facts);
    if (each.parameter.empty()) {
      EXPECT_THAT(findings, IsEmpty()) << findings.front().text;
      continue;
    }
    EXPECT_THAT(findings, SizeIs(1));
    if (findings.empty()) continue;
    EXPECT_EQ(findings.front().parameter, each.parameter);
    EXPECT_THAT(findings.front().text, HasSubstr(each.part));
  }
}

TEST(Practice, SaysNothingOfWhatIsRight) { EXPECT_THAT(JudgePractice(Right()), IsEmpty()); }

TEST(Practice, TellsOfARelayThatDnsDoesNotKnowSo) {
  const auto relay = [](const std::string& name, Answer answer, const std::vector<std::string>& servers = {}) {
    return [=](PracticeFacts& facts) {
      facts.smtp.relayhost = name;
      facts.password_keys.clear();
      facts.relay = {answer, servers, "timed out"};
    };
  };
  ExpectEach({
      {"brackets", relay("[relay.example.org]", Answer::kNone), "", ""},
      {"brackets, null MX", relay("[relay.example.org]", Answer::kNoMail), "", ""},
      {"MX", relay("example.org", Answer::kSome, {"mx.example.org"}), "", ""},
      {"not asked", relay("example.org", Answer::kNotAsked), "", ""},
      {"no MX", relay("relay.example.org:587", Answer::kNone), "relayhost", "write [relay.example.org]:587 to"},
      {"null MX", relay("example.org", Answer::kNoMail), "relayhost", "takes no mail"},
      {"typo", relay("[relay.exmaple.org]", Answer::kNoSuchName), "relayhost", "misspelt"},
      {"no answer", relay("example.org", Answer::kCouldNotAsk), "relayhost",
       "could not ask DNS about example.org: timed out"},
      {"its own mail server", relay("example.org", Answer::kSome, {"mx.example.org", "HOST.example.org"}),
       "relayhost", "in a circle"},
  });
  PracticeFacts unknown = Right();
  unknown.relay.answer = Answer::kCouldNotAsk;
  EXPECT_EQ(JudgePractice(unknown).front().severity, Finding::Severity::kNote) << "no network is no mistake";
}

TEST(Practice, SaysNothingOfNoRelayWhereItsValueIsWrong) {
  PracticeFacts facts = Right();
  facts.smtp.relayhost.clear();
  facts.password_keys.clear();
  EXPECT_EQ(JudgePractice(facts).size(), 1U);
  facts.relayhost_is_wrong = true;
  EXPECT_TRUE(JudgePractice(facts).empty());
}

TEST(Practice, TellsOfARelayThatIsThisHost) {
  const auto relay = [](const std::string& name) {
    return [=](PracticeFacts& facts) {
      facts.smtp.relayhost = name;
      facts.password_keys.clear();
    };
  };
  ExpectEach({
      {"loopback", relay("[127.0.0.1]"), "relayhost", "is this host, port 25"},
      {"IPv6 loopback", relay("[::1]:25"), "relayhost", "is this host, port 25"},
      {"localhost", relay("localhost"), "relayhost", "is this host, port 25"},
      {"by name", relay("[HOST.example.org]:smtp"), "relayhost", "is this host, port 25"},
      {"by address", relay("[192.0.2.7]"), "relayhost", "is this host, port 25"},
      {"a bridge", relay("[127.0.0.1]:1025"), "", ""},
      {"another host", relay("[192.0.2.8]"), "", ""},
  });
}

TEST(Practice, TellsOfPortsThatDoNotFit) {
  ExpectEach({
      {"465",
       [](PracticeFacts& facts) {
         facts.smtp.relayhost = "[relay.example.org]:465";
         facts.password_keys.clear();
       },
       "relayhost", "smtp_tls_wrappermode = yes"},
      {"587", [](PracticeFacts& facts) { facts.smtp.smtp_tls_wrappermode = true; }, "smtp_tls_wrappermode",
       "port 587"},
  });
}

TEST(Practice, TellsOfPasswordsInPlainText) {
  const auto level = [](TlsLevel tls, bool known_peer, const std::vector<std::string>& options) {
    return [=](PracticeFacts& facts) {
      facts.smtp.smtp_tls_security_level = tls;
      facts.smtp.smtp_sasl_require_known_peer = known_peer;
      facts.smtp.smtp_sasl_security_options = options;
    };
  };
  ExpectEach({
      {"none", level(TlsLevel::kNone, true, {"noplaintext"}), "smtp_tls_security_level",
       "PLAIN and LOGIN are not used"},
      {"none, told to", level(TlsLevel::kNone, false, {}), "smtp_tls_security_level", "in plain text"},
      {"may, told to", level(TlsLevel::kMay, false, {}), "smtp_tls_security_level", "somebody between"},
      {"may", level(TlsLevel::kMay, true, {}), "", ""},
      {"no login",
       [](PracticeFacts& facts) {
         facts.smtp.smtp_tls_security_level = TlsLevel::kNone;
         facts.smtp.smtp_sasl_auth_enable = false;
       },
       "", ""},
      {"loopback",
       [](PracticeFacts& facts) {
         facts.smtp.relayhost = "[127.0.0.1]:1025";
         facts.password_keys.clear();
         facts.smtp.smtp_tls_security_level = TlsLevel::kNone;
       },
       "", ""},
  });
}

TEST(Practice, TellsOfPasswordsThatNoRelayAsksFor) {
  PracticeFacts facts = Right();
  facts.password_keys.push_back({"relay.example.org:587", "/etc/auth", 7});
  const auto findings = JudgePractice(facts);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings.front().file, "/etc/auth");
  EXPECT_EQ(findings.front().line, 7);
  EXPECT_THAT(findings.front().text, HasSubstr("relayhost is \"[relay.example.org]:587\""));
  facts.asked_for.emplace_back("relay.example.org:587");
  EXPECT_THAT(JudgePractice(facts), IsEmpty());
}

TEST(Practice, ShowsNoPasswordWhoseLineLacksItsKey) {
  for (const char* const key : {"user:secret", "user:secret:1", "se cret"}) {
    PracticeFacts facts = Right();
    facts.password_keys.push_back({key, "/etc/auth", 7});
    const auto findings = JudgePractice(facts);
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_THAT(findings.front().text, testing::Not(HasSubstr("cret"))) << key;
  }
}

TEST(Practice, TellsOfDomainsThatAreNone) {
  const auto origin = [](const std::string& name) { return [=](PracticeFacts& facts) { facts.myorigin = name; }; };
  ExpectEach({
      {"no dot", origin("laptop"), "myorigin", "has no dot"},
      {"localhost", origin("localhost"), "myorigin", "has no dot"},
      {"localdomain", origin("localhost.localdomain"), "myorigin", "means nothing"},
      {"local", origin("mac.LOCAL"), "myorigin", "means nothing"},
      {"like local", origin("thelocal.se"), "", ""},
      {"no relay", [](PracticeFacts& facts) { facts.smtp.relayhost = ""; }, "relayhost", "name a relay"},
      {"a transport instead",
       [](PracticeFacts& facts) {
         facts.smtp.relayhost = "";
         facts.default_transport = "smtp:[relay.example.org]";
       },
       "", ""},
  });
}

}  // namespace
}  // namespace outpost::conf
