#include "smtp-client/login.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace outpost::smtp_client {
namespace {

class FakeExchange : public SaslExchange {
 public:
  std::string name = "FAKE";
  std::optional<std::string> initial;
  std::vector<std::string> answers;  // base64; complete after the last
  bool finished = false;
  std::vector<std::string> challenges;

  const std::string& mechanism() const override { return name; }
  std::optional<std::string> TakeInitialResponse() override {
    finished = answers.empty();
    return std::exchange(initial, std::nullopt);
  }
  sys::Result<std::string> Answer(std::string_view challenge) override {
    if (challenge.find('!') != std::string_view::npos) return sys::Error("the challenge is not base64");
    challenges.emplace_back(challenge);
    if (challenges.size() > answers.size()) return std::string();
    finished = challenges.size() == answers.size();
    return answers[challenges.size() - 1];
  }
  bool complete() const override { return finished; }
};

Reply Say(std::string_view text) {
  ReplyParser parser;
  parser.Feed(std::string(text) + "\r\n");
  return parser.Take().value();
}

struct Outcome {
  std::string sent;
  Login::Step last;
};

Outcome Play(FakeExchange& exchange, const std::vector<std::string>& replies) {
  Login login(exchange, "relay[192.0.2.1]:587");
  Outcome outcome{"", login.Start()};
  for (const auto& reply : replies) {
    outcome.sent += outcome.last.command;
    if (outcome.last.next != Login::Next::kReply) break;
    outcome.last = login.OnReply(Say(reply));
  }
  return outcome;
}

TEST(SmtpLogin, InitialResponseGoesWithTheCommand) {
  FakeExchange exchange;
  exchange.initial = "AHUAcA==";
  const auto outcome = Play(exchange, {"235 2.7.0 welcome"});
  EXPECT_EQ("AUTH FAKE AHUAcA==\r\n", outcome.sent);
  EXPECT_EQ(Login::Next::kDone, outcome.last.next);
}

TEST(SmtpLogin, EmptyInitialResponseIsAnEqualsSign) {
  FakeExchange exchange;
  exchange.initial = "";
  EXPECT_EQ("AUTH FAKE =\r\n", Play(exchange, {"235 Ok"}).sent);
}

TEST(SmtpLogin, LongInitialResponseWaitsForTheChallenge) {
  FakeExchange exchange;
  const std::string start = "AUTH FAKE ";
  const std::string longest(Login::kMaxInitialLine - start.size() - 2, 'A');
  exchange.initial = longest;
  EXPECT_EQ(start + longest + "\r\n", Play(exchange, {"235 Ok"}).sent);
  exchange.initial = longest + "A";
  EXPECT_EQ("AUTH FAKE\r\n" + longest + "A\r\n", Play(exchange, {"334 ", "235 Ok"}).sent);
}

TEST(SmtpLogin, ChallengesAreAnswered) {
  FakeExchange exchange;
  exchange.answers = {"dQ==", "cA=="};
  const auto outcome = Play(exchange, {"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 Ok"});
  EXPECT_EQ("AUTH FAKE\r\ndQ==\r\ncA==\r\n", outcome.sent);
  EXPECT_EQ((std::vector<std::string>{"VXNlcm5hbWU6", "UGFzc3dvcmQ6"}), exchange.challenges);
  EXPECT_EQ(Login::Next::kDone, outcome.last.next);
}

// S17: the relay must have proved itself where the mechanism asks for it.
TEST(SmtpLogin, SuccessBeforeTheExchangeIsCompleteIsNotBelieved) {
  FakeExchange exchange;
  exchange.answers = {"YQ==", "Yg=="};
  const auto outcome = Play(exchange, {"334 YQ==", "235 Ok"});
  EXPECT_EQ(Login::Next::kFailed, outcome.last.next);
  EXPECT_EQ(mail::Fault::kAccount, outcome.last.failure.fault);
}

TEST(SmtpLogin, RefusalsAreTheAccountsFault) {
  for (const auto& [reply, status] :
       std::vector<std::pair<std::string, std::string>>{{"535 5.7.8 wrong", "4.7.8"},
                                                        {"534 5.7.9 too weak", "4.7.9"},
                                                        {"530 5.7.0 TLS first", "4.7.8"},
                                                        {"454 4.7.0 later", "4.7.8"},
                                                        {"504 what?", "4.7.8"},
                                                        {"354 go", "4.7.8"}}) {
    FakeExchange exchange;
    exchange.initial = "QQ==";
    const auto outcome = Play(exchange, {reply});
    ASSERT_EQ(Login::Next::kFailed, outcome.last.next) << reply;
    EXPECT_EQ(mail::Fault::kAccount, outcome.last.failure.fault) << reply;
    EXPECT_EQ(4, outcome.last.failure.status.category) << reply;
    EXPECT_EQ(std::string::npos, outcome.last.failure.why.find("QQ==")) << "no secret in a text";
  }
}

TEST(SmtpLogin, ARelayThatClosesSaysNothingOfTheAccount) {
  FakeExchange exchange;
  EXPECT_EQ(mail::Fault::kPath, Play(exchange, {"421 4.3.2 bye"}).last.failure.fault);
}

// S19
TEST(SmtpLogin, EndlessChallengesEnd) {
  FakeExchange exchange;
  exchange.answers.assign(1000, "YQ==");
  const auto outcome = Play(exchange, std::vector<std::string>(1000, "334 YQ=="));
  EXPECT_EQ(Login::Next::kFailed, outcome.last.next);
  EXPECT_TRUE(outcome.sent.ends_with("*\r\n"));
  EXPECT_EQ(static_cast<size_t>(Login::kMaxChallenges), exchange.challenges.size());
}

TEST(SmtpLogin, BadChallengesAbort) {
  for (const std::string& challenge : {std::string("334 !!!"), "334 " + std::string(kKeptReplyLine + 10, 'A'),
                                       std::string("334-QQ==\r\n334 QQ==")}) {
    FakeExchange exchange;
    exchange.answers = {"YQ=="};
    const auto outcome = Play(exchange, {challenge, "501 5.7.0 cancelled"});
    EXPECT_TRUE(outcome.sent.ends_with("*\r\n"));
    EXPECT_EQ(Login::Next::kFailed, outcome.last.next);
    EXPECT_EQ(mail::Fault::kAccount, outcome.last.failure.fault);
  }
}

TEST(SmtpLogin, SuccessAfterAnAbortIsNone) {
  FakeExchange exchange;
  exchange.answers = {"YQ=="};
  EXPECT_EQ(Login::Next::kFailed, Play(exchange, {"334 !!!", "235 come in"}).last.next);
}

}  // namespace
}  // namespace outpost::smtp_client
