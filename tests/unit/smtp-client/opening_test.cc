#include "smtp-client/opening.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace outpost::smtp_client {
namespace {

using conf::TlsLevel;

Reply Say(std::string_view text) {
  ReplyParser parser;
  parser.Feed(std::string(text) + "\r\n");
  return parser.Take().value();
}

struct Outcome {
  std::string sent;
  Opening::Next next = Opening::Next::kReply;
  mail::Deferred failure;
  Capabilities capabilities;
};

// "<tls>" stands where the handshake takes place.
Outcome Play(OpeningPolicy policy, const std::vector<std::string>& replies) {
  policy.helo_name = "me.example.org";
  Opening opening(policy, "relay[192.0.2.1]:25");
  Outcome outcome;
  Opening::Step step = opening.Start();
  size_t used = 0;
  while (true) {
    outcome.sent += step.command;
    if (step.next == Opening::Next::kHandshake) {
      outcome.sent += "<tls>";
      step = opening.OnTlsEstablished();
      continue;
    }
    if (step.next != Opening::Next::kReply || used == replies.size()) break;
    step = opening.OnReply(Say(replies[used++]));
  }
  outcome.next = step.next;
  outcome.failure = step.failure;
  outcome.capabilities = opening.capabilities();
  return outcome;
}

OpeningPolicy Policy(TlsLevel level, bool credential = false) {
  OpeningPolicy policy;
  policy.tls_level = level;
  policy.has_credential = credential;
  return policy;
}

const std::string kEhlo = "EHLO me.example.org\r\n";
const std::string kHelo = "HELO me.example.org\r\n";

struct Case {
  const char* name;
  OpeningPolicy policy;
  std::vector<std::string> replies;
  std::string sent;
  bool ready;
  std::string status;  // of a failure
};

const std::vector<Case> kCases = {
    {"plain", Policy(TlsLevel::kMay), {"220 hi", "250 relay"}, kEhlo, true, ""},
    {"STARTTLS where it is offered",
     Policy(TlsLevel::kMay),
     {"220 hi", "250-relay\r\n250 STARTTLS", "220 go", "250 relay"},
     kEhlo + "STARTTLS\r\n<tls>" + kEhlo,
     true,
     ""},
    {"none never begins TLS", Policy(TlsLevel::kNone), {"220 hi", "250-relay\r\n250 STARTTLS"}, kEhlo, true, ""},
    {"EHLO refused", Policy(TlsLevel::kMay), {"220 hi", "502 what?", "250 relay"}, kEhlo + kHelo, true, ""},
    {"EHLO and HELO refused",
     Policy(TlsLevel::kMay),
     {"220 hi", "502 what?", "550 5.7.1 no"},
     kEhlo + kHelo,
     false,
     "4.7.1"},
    {"EHLO deferred", Policy(TlsLevel::kMay), {"220 hi", "421 busy"}, kEhlo, false, "4.0.0"},
    {"EHLO refused where TLS is required",
     Policy(TlsLevel::kEncrypt),
     {"220 hi", "502 what?"},
     kEhlo,
     false,
     "4.0.0"},
    {"EHLO refused where there is a credential",
     Policy(TlsLevel::kMay, true),
     {"220 hi", "502 what?"},
     kEhlo,
     false,
     "4.0.0"},
    {"EHLO refused after TLS",
     Policy(TlsLevel::kMay),
     {"220 hi", "250-relay\r\n250 STARTTLS", "220 go", "502 no"},
     kEhlo + "STARTTLS\r\n<tls>" + kEhlo,
     false,
     "4.0.0"},
    {"greeting 554", Policy(TlsLevel::kMay), {"554 5.7.1 go away"}, "", false, "4.7.1"},
    {"greeting 421", Policy(TlsLevel::kMay), {"421 4.3.2 busy"}, "", false, "4.3.2"},
    {"greeting 250", Policy(TlsLevel::kMay), {"250 hi"}, "", false, "4.0.0"},
    // S14: none of these sends in clear, none returns mail.
    {"STARTTLS missing at encrypt",
     Policy(TlsLevel::kEncrypt),
     {"220 hi", "250-relay\r\n250 PIPELINING"},
     kEhlo,
     false,
     "4.7.4"},
    {"STARTTLS missing at secure", Policy(TlsLevel::kSecure), {"220 hi", "250 relay"}, kEhlo, false, "4.7.4"},
    {"STARTTLS 454 at encrypt",
     Policy(TlsLevel::kEncrypt),
     {"220 hi", "250-relay\r\n250 STARTTLS", "454 4.7.0 not now"},
     kEhlo + "STARTTLS\r\n",
     false,
     "4.7.0"},
    {"STARTTLS 502 at encrypt",
     Policy(TlsLevel::kEncrypt),
     {"220 hi", "250-relay\r\n250 STARTTLS", "502 what?"},
     kEhlo + "STARTTLS\r\n",
     false,
     "4.7.5"},
    {"STARTTLS 502 at may with a credential",
     Policy(TlsLevel::kMay, true),
     {"220 hi", "250-relay\r\n250 STARTTLS", "502 what?"},
     kEhlo + "STARTTLS\r\n",
     false,
     "4.7.5"},
    {"STARTTLS 250",
     Policy(TlsLevel::kEncrypt),
     {"220 hi", "250-relay\r\n250 STARTTLS", "250 Ok"},
     kEhlo + "STARTTLS\r\n",
     false,
     "4.7.5"},
};

TEST(SmtpOpening, EveryRelay) {
  for (const Case& c : kCases) {
    const Outcome outcome = Play(c.policy, c.replies);
    EXPECT_EQ(c.sent, outcome.sent) << c.name;
    EXPECT_EQ(c.ready ? Opening::Next::kReady : Opening::Next::kFailed, outcome.next) << c.name;
    if (c.ready) continue;
    EXPECT_EQ(c.status, outcome.failure.status.ToString()) << c.name;
    EXPECT_EQ(mail::Fault::kPath, outcome.failure.fault) << c.name;
    EXPECT_NE(std::string::npos, outcome.failure.why.find("relay[192.0.2.1]:25")) << c.name;
  }
}

// S16: what was said before TLS is forgotten.
TEST(SmtpOpening, CapabilitiesFromBeforeTlsAreForgotten) {
  const Outcome outcome =
      Play(Policy(TlsLevel::kEncrypt),
           {"220 hi", "250-relay\r\n250-AUTH PLAIN\r\n250-PIPELINING\r\n250-SIZE 5\r\n250 STARTTLS", "220 go",
            "250-relay\r\n250 8BITMIME"});
  ASSERT_EQ(Opening::Next::kReady, outcome.next);
  EXPECT_TRUE(outcome.capabilities.mechanisms.empty());
  EXPECT_FALSE(outcome.capabilities.auth || outcome.capabilities.pipelining || outcome.capabilities.starttls);
  EXPECT_EQ(0U, outcome.capabilities.size_limit);
  EXPECT_TRUE(outcome.capabilities.eight_bit_mime);
}

TEST(SmtpOpening, TlsFromTheStartComesBeforeTheGreeting) {
  OpeningPolicy policy = Policy(TlsLevel::kEncrypt);
  policy.tls_from_the_start = true;
  const Outcome outcome = Play(policy, {"220 hi", "250 relay"});
  EXPECT_EQ("<tls>" + kEhlo, outcome.sent);
  EXPECT_EQ(Opening::Next::kReady, outcome.next);
}

TEST(SmtpOpening, HeloWhereEhloIsOnlyForEsmtp) {
  OpeningPolicy policy = Policy(TlsLevel::kMay);
  policy.always_send_ehlo = false;
  EXPECT_EQ(kHelo, Play(policy, {"220 relay SMTP", "250 relay"}).sent);
  EXPECT_EQ(kEhlo, Play(policy, {"220 relay ESMTP", "250 relay"}).sent);
  policy.tls_level = TlsLevel::kEncrypt;
  EXPECT_EQ(kEhlo, Play(policy, {"220 relay SMTP", "250 relay"}).sent);
}

}  // namespace
}  // namespace outpost::smtp_client
