// The whole of queue-runner as a process, with a pickup and an outpost-smtp that do as they are told (fakes.h).
#include "queue-runner/runner.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "lib/sys/socket.h"
#include "lib/sys/text.h"
#include "tests/unit/queue-runner/runner_fixture.h"

namespace outpost::queue_runner {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

[[gnu::constructor]] void PlayBeforeMain() { PlayIfAsked(); }

TEST_F(RunnerTest, DeliversWhatPickupHandsOverAndForgetsIt) {
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog(Id(1) + ": removed"));
  EXPECT_THAT(Answers(), testing::ElementsAre("accepted " + Id(1)));
  EXPECT_THAT(Delivered(), testing::ElementsAre(Id(1) + " <a@example.org> b@example.net relay.one"));
  EXPECT_THAT(LogText(), HasSubstr(Id(1) + ": from=<a@example.org>, size=100, nrcpt=1 (queue active)"));
  EXPECT_THAT(Ask(Verb::kList), SizeIs(1));
  EXPECT_EQ(Stop(), 0);
}

TEST_F(RunnerTest, DeliversMessagesOfAllSizesAndManyRecipients) {
  ASSERT_EQ(Start(), "ready\n");
  std::string recipients;
  for (int i = 0; i < 237; ++i) recipients += Cat(i == 0 ? "" : ",", "r", i, "@example.net");
  Inject(Id(1) + " a@example.org " + recipients + " 100");
  Inject(Id(2) + " a@example.org b@example.net 5000000");
  Inject(Id(3) + " a@example.org b@example.net 1048576");
  Inject(Id(4) + " a@example.org b@example.net 1048577");
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(WaitLog(Id(i) + ": removed")) << i;
  EXPECT_THAT(Delivered(), SizeIs(240));
}

TEST_F(RunnerTest, DrainsAQueueOverFewConnections) {
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  for (int i = 1; i <= 2000; ++i) {
    std::ofstream(root_ + kInjectFile, std::ios::app) << Id(i) << " a@example.org b@example.net 100\n";
  }
  PokeMaildrop();
  ASSERT_TRUE(WaitLog("its mail waits"));
  ASSERT_TRUE(WaitUntilAllWait(2000));
  const size_t tried = Lines(root_ + kConnectionsFile).size();
  EXPECT_LE(tried, 5U) << "an open circuit tries nothing";
  SetMode("deliver");
  const auto before = sys::MonotonicClock();
  EXPECT_THAT(Ask(Verb::kFlush), SizeIs(1));
  ASSERT_TRUE(WaitLog(": removed", 2000));
  const auto took = sys::MonotonicClock() - before;
  std::fprintf(stderr, "2000 messages left in %ld ms\n", static_cast<long>(took.count() / 1000));
  EXPECT_THAT(Delivered(), SizeIs(2000));
  EXPECT_LE(Lines(root_ + kConnectionsFile).size() - tried, 20U);
}

TEST_F(RunnerTest, AnswersASubmissionThatComesAgainWithItsFirstId) {
  ASSERT_EQ(Start(), "ready\n");
  const std::string token(32, 'b');
  Inject(Id(1) + " a@example.org b@example.net 100 " + token);
  ASSERT_TRUE(WaitFor([&] { return Answers().size() == 1; }));
  Inject(Id(2) + " a@example.org b@example.net 100 " + token);
  ASSERT_TRUE(WaitFor([&] { return Answers().size() == 2; }));
  EXPECT_EQ(Answers()[1], "accepted " + Id(1));
  ASSERT_TRUE(WaitLog(Id(1) + ": removed"));
  EXPECT_THAT(Delivered(), SizeIs(1));
}

TEST_F(RunnerTest, GivesAnotherIdToAMessageWhoseIdIsTaken) {
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100 " + std::string(32, 'b'));
  ASSERT_TRUE(WaitFor([&] { return Answers().size() == 1; }));
  Inject(Id(1) + " a@example.org c@example.net 200 " + std::string(32, 'c'));
  ASSERT_TRUE(WaitFor([&] { return Answers().size() == 2; }));
  EXPECT_TRUE(Answers()[1].starts_with("accepted "));
  EXPECT_NE(Answers()[1], "accepted " + Id(1));
  ASSERT_TRUE(WaitDelivered(2));
}

TEST_F(RunnerTest, ReturnsARefusedMessageToItsSender) {
  SetMode("return");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog(": sender non-delivery notification: "));
  // The notice is refused as well: it has no sender to tell, and stays to be seen.
  ASSERT_TRUE(WaitLog("kept as a dead letter"));
  ASSERT_THAT(Delivered(), SizeIs(2));
  EXPECT_THAT(Delivered()[1], HasSubstr(" <> a@example.org relay.one"));
  const std::string notice = ReadAll(root_ + kNoticeFile);
  EXPECT_THAT(notice, HasSubstr("Final-Recipient: rfc822; b@example.net"));
  EXPECT_THAT(notice, HasSubstr("Status: 5.1.1"));
  EXPECT_THAT(notice, HasSubstr("Subject: test"));
  EXPECT_THAT(LogText(), HasSubstr(Id(1) + ": removed"));
  const auto listed = Ask(Verb::kList);
  ASSERT_THAT(listed, SizeIs(2));
  EXPECT_THAT(listed[0], HasSubstr("\"dead\""));
}

TEST_F(RunnerTest, ReturnsABadAddressAloneAndWhatCleanupRefused) {
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net,broken@@x 100");
  ASSERT_TRUE(WaitLog(Id(1) + ": removed"));
  EXPECT_THAT(LogText(), HasSubstr("to=<broken@@x>, relay=none"));
  EXPECT_THAT(LogText(), HasSubstr("dsn=5.1.3, status=bounced (bad address syntax)"));
  ASSERT_TRUE(WaitDelivered(2));
  Inject(Id(2) + " a@example.org c@example.net 100 refused");
  ASSERT_TRUE(WaitLog(Id(2) + ": removed"));
  EXPECT_THAT(LogText(), HasSubstr("dsn=5.3.4, status=bounced (message too large)"));
  ASSERT_TRUE(WaitDelivered(3));
  for (const auto& line : Delivered()) EXPECT_THAT(line, Not(HasSubstr("c@example.net")));
}

TEST_F(RunnerTest, ReturnsNothingWhenTheAccountIsRefusedAndSendsWhenItIsMended) {
  SetMode("account");
  ASSERT_EQ(Start(), "ready\n");
  for (int i = 1; i <= 20; ++i) Inject(Cat(Id(i), " a@example.org b@example.net 100"));
  ASSERT_TRUE(WaitLog("relay.one: login refused; its mail waits"));
  ASSERT_TRUE(WaitFor([&] { return Answers().size() == 20; }));
  const auto status = Ask(Verb::kStatus);
  ASSERT_THAT(status, SizeIs(2));
  EXPECT_THAT(status[0], HasSubstr("relay.one: login refused"));
  // Each of them shows why it waits, tried or not.
  ASSERT_TRUE(WaitFor([&] {
    const auto listed = Ask(Verb::kList);
    return listed.size() == 21 && std::ranges::count_if(listed, [](const std::string& line) {
                                    return line.find("login refused") != std::string::npos &&
                                           line.find("\"deferred\"") != std::string::npos;
                                  }) == 20;
  }));
  SetMode("deliver");
  Ask(Verb::kFlush);
  ASSERT_TRUE(WaitDelivered(20));
  EXPECT_THAT(LogText(), Not(HasSubstr("notification")));
}

TEST_F(RunnerTest, OpensTheCircuitWhenPrepareFails) {
  SetMode("unprepared");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("relay.one: no password; its mail waits"));
  SetMode("deliver");
  Ask(Verb::kFlush);
  ASSERT_TRUE(WaitDelivered(1));
}

TEST_F(RunnerTest, DefersByBackOffAndTriesAgain) {
  Configure("relayhost = relay.one\nminimal_backoff_time = 1s\nmaximal_backoff_time = 2s\n");
  SetMode("defer");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitDelivered(2));
  EXPECT_THAT(Ask(Verb::kList)[0], HasSubstr("450 later"));
  SetMode("deliver");
  ASSERT_TRUE(WaitLog(Id(1) + ": removed"));
}

TEST_F(RunnerTest, ReturnsWhatIsTooOldAfterAnAttempt) {
  Configure("relayhost = relay.one\nmaximal_queue_lifetime = 0\n");
  SetMode("defer");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog(Id(1) + ": from=<a@example.org>, status=expired, returned to sender"));
  ASSERT_TRUE(WaitLog(": sender non-delivery notification: "));
}

TEST_F(RunnerTest, ReturnsWhatExpiresBehindAPathThatIsDown) {
  Configure(
      "relayhost = relay.one\nmaximal_queue_lifetime = 1s\nbounce_queue_lifetime = 1s\n"
      "minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n");
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  for (int i = 1; i <= 60; ++i) Inject(Cat(Id(i), " a@example.org b@example.net 100"));
  ASSERT_TRUE(WaitLog("status=expired, returned to sender", 60));
}

TEST_F(RunnerTest, ReturnsMailBehindAPathThatIsDownByItsOwnLifetime) {
  Configure(
      "relayhost = relay.one\nmaximal_queue_lifetime = 1s\nbounce_queue_lifetime = 1d\n"
      "minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n");
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  Inject(Id(2) + " <> b@example.net 100");
  Inject(Id(3) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("status=expired, returned to sender", 2));
  EXPECT_THAT(LogText(), Not(HasSubstr("dead letter"))) << "a notice is tried for longer";
}

TEST_F(RunnerTest, GivesUpNoticesBehindAPathThatIsDownByTheirOwnLifetime) {
  Configure(
      "relayhost = relay.one\nmaximal_queue_lifetime = 1d\nbounce_queue_lifetime = 1s\n"
      "minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n");
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  Inject(Id(2) + " <> b@example.net 100");
  Inject(Id(3) + " <> b@example.net 100");
  ASSERT_TRUE(WaitLog("kept as a dead letter", 2));
  EXPECT_THAT(LogText(), Not(HasSubstr(Id(1) + ": from=<a@example.org>, status=expired")));
}

TEST_F(RunnerTest, HoldsInDoubtWhatHadBegunWhenTheConnectionDied) {
  Configure("relayhost = relay.one\nminimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n");
  SetMode("begin-and-die");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("in doubt"));
  SetMode("deliver");
  ASSERT_TRUE(WaitDelivered(1));
  EXPECT_THAT(Delivered()[0], HasSubstr(" duplicate"));
}

// A relay that takes every content and answers none: each try is a copy, and the last one comes at the lifetime's end.
TEST_F(RunnerTest, ReturnsWhatIsInDoubtWhenItIsTooOld) {
  Configure("relayhost = relay.one\nmaximal_queue_lifetime = 0\n");
  SetMode("begin-and-die");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog(Id(1) + ": from=<a@example.org>, status=expired, returned to sender"));
  EXPECT_THAT(LogText(), HasSubstr("in doubt: the connection ended before the reply"));
  ASSERT_TRUE(WaitLog(": sender non-delivery notification: "));
}

TEST_F(RunnerTest, HoldsInDoubtWhatWasDispatchedWhenItWasKilled) {
  Configure("relayhost = relay.one\nminimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n");
  SetMode("hang");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("(queue active)"));
  Kill();
  SetMode("deliver");
  std::filesystem::remove(root_ + kInjectFile);
  // The hanging child never looks at its channel: it holds agents.lock until it is ended.
  ASSERT_EQ(Start(), "ready\n");
  ASSERT_TRUE(WaitLog("still holds agents.lock: it is ended"));
  ASSERT_TRUE(WaitDelivered(1));
  EXPECT_THAT(Delivered()[0], HasSubstr(" duplicate"));
  ASSERT_TRUE(WaitLog(Id(1) + ": removed"));
}

TEST_F(RunnerTest, DoesNotSendAgainAtOnceWhatAProgramDiedOf) {
  SetMode("die");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("its mail waits"));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_THAT(Lines(root_ + kConnectionsFile), SizeIs(1));
}

TEST_F(RunnerTest, DefersAloneTheMessageThatAConnectionIsCutBy) {
  SetMode("cut");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitFor([&] { return Ask(Verb::kList)[0].find("lost connection") != std::string::npos; }));
  EXPECT_THAT(Ask(Verb::kStatus)[0], Not(HasSubstr("lost connection")));
  SetMode("deliver");
  Inject(Id(2) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog(Id(2) + ": removed"));
  EXPECT_THAT(Delivered(), SizeIs(1));
}

// Each connection to a program that is stopped hangs: another program is started for the next.
TEST_F(RunnerTest, StartsAnotherProgramWhereOneIsStopped) {
  Configure(
      "relayhost = relay.one\ndaemon_timeout = 1s\ntransport_retry_time = 1s\n"
      "minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n");
  SetMode("deaf");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("relay.one: a connection that hangs is given up"));
  SetMode("deliver");
  ASSERT_TRUE(WaitLog(Id(1) + ": removed"));
  EXPECT_THAT(Delivered()[0], Not(HasSubstr("duplicate")));
}

TEST_F(RunnerTest, StartsAnotherPickupWhereOneIsStopped) {
  Configure("relayhost = relay.one\ndaemon_timeout = 1s\n");
  SetMode("deaf-pickup");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("pickup is given up: "));
  SetMode("deliver");
  ASSERT_TRUE(WaitDelivered(1));
}

// A worker that lies, or is mad, is ended at once; what it had begun is in doubt, but for what it had answered before.
TEST_F(RunnerTest, EndsAWorkerThatLies) {
  Configure("relayhost = relay.one\nminimal_backoff_time = 1s\nmaximal_backoff_time = 1s\n");
  int number = 0;
  for (const char* lie :
       {"nonsense", "stranger", "stranger-recipient", "twice", "nobody", "begin-twice", "connect-twice"}) {
    SetMode(lie);
    if (runner_ < 0) {
      ASSERT_EQ(Start(), "ready\n");
    }
    Inject(Id(++number) + " a@example.org b@example.net,c@example.net 100");
    ASSERT_TRUE(WaitLog("of outpost-smtp is given up: ", number)) << lie;
    SetMode("deliver");
    ASSERT_TRUE(WaitLog(Id(number) + ": removed")) << lie;
    const auto delivered = testing::PrintToString(Delivered());
    EXPECT_THAT(delivered, HasSubstr(Id(number) + " <a@example.org> c@example.net relay.one duplicate")) << lie;
    const bool answered = std::string_view(lie) == "twice";
    EXPECT_EQ(delivered.find(Id(number) + " <a@example.org> b@") == std::string::npos, answered) << lie;
  }
}

// A relay that greets and then hangs up on every message is not asked once for each of them.
TEST_F(RunnerTest, StopsWhenEveryConnectionIsCutAmidItsMessage) {
  SetMode("cut");
  ASSERT_EQ(Start(), "ready\n");
  for (int i = 1; i <= 100; ++i) Inject(Cat(Id(i), " a@example.org b@example.net 100"));
  ASSERT_TRUE(WaitLog("relay.one: lost connection while sending MAIL FROM; its mail waits"));
  ASSERT_TRUE(WaitFor([&] { return Answers().size() == 100; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LE(Lines(root_ + kConnectionsFile).size(), 12U);
}

// A relay's limit of messages a connection is nobody's trouble: what was given ahead goes on another one, at once.
TEST_F(RunnerTest, SendsAtOnceOnAnotherConnectionWhatOneDidNotTake) {
  SetMode("one");
  ASSERT_EQ(Start(), "ready\n");
  for (int i = 1; i <= 30; ++i) Inject(Cat(Id(i), " a@example.org b@example.net 100"));
  ASSERT_TRUE(WaitLog(": removed", 30));
  EXPECT_THAT(Delivered(), SizeIs(30));
}

TEST_F(RunnerTest, TriesARefusedAccountOnceAfterARestart) {
  SetMode("account");
  ASSERT_EQ(Start(), "ready\n");
  for (int i = 1; i <= 20; ++i) Inject(Cat(Id(i), " a@example.org b@example.net 100"));
  ASSERT_TRUE(WaitLog("its mail waits"));
  ASSERT_TRUE(WaitFor([&] { return Answers().size() == 20; }));
  ASSERT_EQ(Stop(), 0);
  const size_t before = Lines(root_ + kConnectionsFile).size();
  std::filesystem::remove(root_ + kInjectFile);
  ASSERT_EQ(Start(), "ready\n");
  ASSERT_TRUE(WaitFor([&] { return Lines(root_ + kConnectionsFile).size() > before; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(Lines(root_ + kConnectionsFile).size(), before + 1);
}

// It was still on record as open: the next trouble then began with the old one's time, and without a word in the log.
TEST_F(RunnerTest, ACircuitThatAFlushHasClosedIsClosedAfterARestart) {
  SetMode("account");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("its mail waits"));
  SetMode("deliver");
  Ask(Verb::kFlush);
  ASSERT_TRUE(WaitDelivered(1));
  ASSERT_EQ(Stop(), 0);
  std::filesystem::remove(root_ + kInjectFile);
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(2) + " a@example.org b@example.net 100");
  EXPECT_TRUE(WaitLog("its mail waits", 2));
}

TEST_F(RunnerTest, SendsWhatWaitsByTheRelayhostOfToday) {
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("its mail waits"));
  Configure("relayhost = relay.two\n");
  SetMode("deliver");
  ASSERT_THAT(Ask(Verb::kFlush), SizeIs(1));
  ASSERT_TRUE(WaitDelivered(1));
  EXPECT_THAT(Delivered()[0], HasSubstr(" relay.two"));
}

// Each destination's mail is deferred for an hour; then only what was meant leaves.
class PartialFlushTest : public RunnerTest {
 protected:
  void DeferAll() {
    Configure("minimal_backoff_time = 1h\nmaximal_backoff_time = 2h\n");
    SetMode("defer");
    ASSERT_EQ(Start(), "ready\n");
    Inject(Id(1) + " a@example.org b@one.example,c@two.example 100");
    Inject(Id(2) + " a@example.org d@ONE.example 100");
    Inject(Id(3) + " a@example.org e@two.example,\"x@one.example\"@two.example 100");
    ASSERT_TRUE(WaitFor([&] {
      const std::string listed = testing::PrintToString(Ask(Verb::kList));
      size_t deferred = 0;
      for (size_t at = 0; (at = listed.find("450 later", at)) != std::string::npos; ++at) ++deferred;
      return deferred == 5;
    }));
    std::filesystem::remove(root_ + kDeliveredFile);
    SetMode("deliver");
  }
  // Waits until what is expected is delivered, and then a moment for what is not.
  std::vector<std::string> RecipientsOf(size_t expected) {
    EXPECT_TRUE(WaitDelivered(expected));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    std::vector<std::string> recipients;
    for (const auto& line : Delivered()) {
      std::istringstream words(line);
      std::string word;
      for (int i = 0; i < 3; ++i) words >> word;
      recipients.push_back(word);
    }
    return recipients;
  }
};

TEST_F(PartialFlushTest, SendsOneDomainsMailAlone) {
  DeferAll();
  EXPECT_THAT(AnswerToFlush("", "One.Example"), HasSubstr("\"error\":\"\",\"exit_code\":0"));
  EXPECT_THAT(RecipientsOf(2), testing::UnorderedElementsAre("b@one.example", "d@ONE.example"));
  EXPECT_THAT(AnswerToFlush("", "one.example"), HasSubstr("nothing waits for one.example\",\"exit_code\":0"));
  EXPECT_THAT(AnswerToFlush("", "example"), HasSubstr("nothing waits for example\",\"exit_code\":0"));
}

TEST_F(PartialFlushTest, SendsOneMessageAlone) {
  DeferAll();
  EXPECT_THAT(AnswerToFlush(Id(1), ""), HasSubstr("\"error\":\"\",\"exit_code\":0"));
  EXPECT_THAT(RecipientsOf(2), testing::UnorderedElementsAre("b@one.example", "c@two.example"));
  EXPECT_THAT(AnswerToFlush(Id(1), ""), HasSubstr(Cat("nothing waits for ", Id(1), "\",\"exit_code\":0")));
  EXPECT_THAT(AnswerToFlush(Id(9), ""), HasSubstr(Cat(Id(9), ": no such message\",\"exit_code\":65")));
}

TEST_F(PartialFlushTest, RoutesWhatIsMeantByTheSettingsOfToday) {
  DeferAll();
  Configure("relayhost = relay.two\nminimal_backoff_time = 1h\nmaximal_backoff_time = 2h\n");
  EXPECT_THAT(AnswerToFlush("", "one.example"), HasSubstr("\"exit_code\":0"));
  EXPECT_THAT(RecipientsOf(2), testing::UnorderedElementsAre("b@one.example", "d@ONE.example"));
  for (const auto& line : Delivered()) EXPECT_THAT(line, HasSubstr(" relay.two"));
  Configure("relayhost = relay.three\nminimal_backoff_time = soon\n");
  const std::string answer = AnswerToFlush("", "two.example");
  EXPECT_THAT(answer, HasSubstr("flushed by the settings read before"));
  EXPECT_THAT(answer, HasSubstr("\"exit_code\":78"));
  EXPECT_THAT(RecipientsOf(5), SizeIs(5));
  EXPECT_THAT(Delivered().back(), HasSubstr(" relay.two"));
}

TEST_F(PartialFlushTest, ProbesTheCircuitsOfWhatIsMeantAlone) {
  Configure("");
  SetMode("account");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@one.example 100");
  Inject(Id(2) + " a@example.org c@two.example 100");
  ASSERT_TRUE(WaitLog("its mail waits", 2));
  const auto tried_at = [&](const std::string& next_hop) {
    const auto lines = Lines(root_ + kConnectionsFile);
    return std::ranges::count(lines, next_hop);
  };
  const auto tried = tried_at("one.example");
  const auto tried_elsewhere = tried_at("two.example");
  EXPECT_THAT(AnswerToFlush("", "one.example"), HasSubstr("\"exit_code\":0"));
  ASSERT_TRUE(WaitFor([&] { return tried_at("one.example") > tried; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(tried_at("one.example"), tried + 1) << "one probe";
  EXPECT_EQ(tried_at("two.example"), tried_elsewhere);
  EXPECT_THAT(LogText(), Not(HasSubstr("takes mail again")));
  SetMode("deliver");
  EXPECT_THAT(AnswerToFlush(Id(1), ""), HasSubstr("\"exit_code\":0"));
  EXPECT_THAT(RecipientsOf(1), testing::ElementsAre("b@one.example"));
  EXPECT_THAT(Ask(Verb::kStatus)[0], HasSubstr("two.example: login refused"));
  EXPECT_THAT(Ask(Verb::kStatus)[0], Not(HasSubstr("one.example: login refused")));
}

TEST_F(PartialFlushTest, FindsADomainInADeepQueue) {
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  for (int i = 1; i <= 3000; ++i) {
    std::ofstream(root_ + kInjectFile, std::ios::app)
        << Id(i) << " a@example.org " << (i == 2999 ? "x@rare.example" : "b@example.net") << " 100\n";
  }
  PokeMaildrop();
  ASSERT_TRUE(WaitFor([&] { return Answers().size() == 3000; }));
  EXPECT_THAT(AnswerToFlush("", "other.example"), HasSubstr("nothing waits"));
  EXPECT_THAT(AnswerToFlush("", "rare.example"), HasSubstr("\"error\":\"\""));
  EXPECT_THAT(AnswerToFlush("", "example.net"), HasSubstr("\"error\":\"\""));
}

TEST_F(PartialFlushTest, IsForRootAndTheOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "needs two users";
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("its mail waits"));
  EXPECT_EQ(seteuid(1234), 0);  // the submitter
  const std::string by_id = AnswerToFlush(Id(1), "");
  const std::string by_domain = AnswerToFlush("", "example.net");
  EXPECT_EQ(seteuid(0), 0);
  EXPECT_THAT(by_id, HasSubstr("only root"));
  EXPECT_THAT(by_domain, HasSubstr("only root"));
}

TEST_F(RunnerTest, ConnectsForNothingWhenNothingWaits) {
  ASSERT_EQ(Start(), "ready\n");
  Ask(Verb::kFlush);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_THAT(Lines(root_ + kConnectionsFile), IsEmpty());
  for (int i = 1; i <= 4; ++i) {
    std::ofstream(root_ + kInjectFile, std::ios::app) << Id(i) << " a@example.org b@example.net 100\n";
  }
  PokeMaildrop();
  ASSERT_TRUE(WaitLog(": removed", 4));
  const size_t needed = Lines(root_ + kConnectionsFile).size();
  Ask(Verb::kFlush);
  Ask(Verb::kReload);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_THAT(Lines(root_ + kConnectionsFile), SizeIs(needed));
  EXPECT_LE(needed, 4U);
}

TEST_F(RunnerTest, OpensNoConnectionThatHasNothingToDo) {
  Configure("relayhost = relay.one\ninitial_destination_concurrency = 2\n");
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  for (int i = 1; i <= 4; ++i) Inject(Cat(Id(i), " a@example.org b@example.net 100"));
  ASSERT_TRUE(WaitLog("its mail waits"));
  ASSERT_TRUE(WaitUntilAllWait(4));
  SetMode("deliver");
  const size_t before = Lines(root_ + kConnectionsFile).size();
  Ask(Verb::kFlush);
  ASSERT_TRUE(WaitLog(": removed", 4));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LE(Lines(root_ + kConnectionsFile).size() - before, 2U);
}

TEST_F(RunnerTest, RoutesAgainOnReload) {
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  for (int i = 1; i <= 300; ++i) Inject(Cat(Id(i), " a@example.org b@example.net 100"));
  ASSERT_TRUE(WaitLog("its mail waits"));
  ASSERT_TRUE(WaitUntilAllWait(300));
  Configure("relayhost = relay.two\n");
  SetMode("deliver");
  ASSERT_THAT(Ask(Verb::kReload), SizeIs(1));
  ASSERT_TRUE(WaitDelivered(300));
  for (const auto& line : Delivered()) EXPECT_THAT(line, HasSubstr(" relay.two"));
}

TEST_F(RunnerTest, RefusesParametersWithoutWhichMailWouldLeaveOtherwise) {
  ASSERT_EQ(Start(), "ready\n");
  Configure("relayhost = relay.two\ntransport_maps = hash:/etc/outpost/transport\n");
  const auto answer = Ask(Verb::kReload);
  ASSERT_THAT(answer, SizeIs(1));
  EXPECT_THAT(answer[0], HasSubstr("transport_maps: is not in effect"));
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitDelivered(1));
  EXPECT_THAT(Delivered()[0], HasSubstr(" relay.one"));
}

TEST_F(RunnerTest, KeepsItsSettingsWhenTheNewOnesAreWrong) {
  ASSERT_EQ(Start(), "ready\n");
  Configure("relayhost = relay.two\nminimal_backoff_time = soon\n");
  const auto answer = Ask(Verb::kReload);
  ASSERT_THAT(answer, SizeIs(1));
  EXPECT_THAT(answer[0], HasSubstr("minimal_backoff_time"));
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitDelivered(1));
  EXPECT_THAT(Delivered()[0], HasSubstr(" relay.one"));
}

TEST_F(RunnerTest, TellsTheTraceOfAMessageAndNothingOfOthers) {
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog(Id(1) + ": removed"));
  const auto trace = Ask(Verb::kTrace, Id(1));
  ASSERT_GE(trace.size(), 3U);
  EXPECT_THAT(trace[0], HasSubstr("submitted"));
  EXPECT_THAT(testing::PrintToString(trace), HasSubstr("250 ok"));
  EXPECT_THAT(Ask(Verb::kTrace, Id(2))[0], HasSubstr("no such message"));
}

TEST_F(RunnerTest, RefusesNonsenseAtTheControlSocket) {
  ASSERT_EQ(Start(), "ready\n");
  EXPECT_THAT(Ask("nonsense\n"), SizeIs(1));
  EXPECT_THAT(Ask(std::string(100000, 'x')), Not(testing::Contains(HasSubstr("pid"))));
  EXPECT_THAT(Ask(Verb::kStatus), SizeIs(2));
}

TEST_F(RunnerTest, TellsWhoAsksTooOftenAtOnceAndServesOthers) {
  if (geteuid() != 0) GTEST_SKIP() << "needs two users";
  ASSERT_EQ(Start(), "ready\n");
  std::vector<sys::Result<sys::UniqueFd>> idle;
  idle.reserve(16);
  EXPECT_EQ(seteuid(4321), 0);
  for (int i = 0; i < 16; ++i) {
    idle.push_back(sys::ConnectUnix(root_ + "/spool/public/control", std::chrono::seconds(5)));
  }
  const auto refused = Ask("");  // the refusal does not wait for a question
  EXPECT_EQ(seteuid(0), 0);
  EXPECT_EQ(seteuid(4322), 0);
  const auto other = Ask(Verb::kStatus);
  EXPECT_EQ(seteuid(0), 0);
  EXPECT_THAT(refused, testing::ElementsAre(HasSubstr("too many ask at once")));
  EXPECT_THAT(other, SizeIs(2));
  EXPECT_THAT(Ask(Verb::kStatus), SizeIs(2));
}

TEST_F(RunnerTest, LetsOthersNeitherStopNorSeeForeignMail) {
  if (geteuid() != 0) GTEST_SKIP() << "needs two users";
  SetMode("path");
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("its mail waits"));
  const auto as_other = [&](uid_t uid, Verb verb, const std::string& id = "") {
    EXPECT_EQ(seteuid(uid), 0);
    auto lines = Ask(verb, id);
    EXPECT_EQ(seteuid(0), 0);
    return lines;
  };
  EXPECT_THAT(as_other(4321, Verb::kList), SizeIs(1));
  EXPECT_THAT(as_other(4321, Verb::kTrace, Id(1))[0], HasSubstr("no such message"));
  for (const Verb verb : {Verb::kFlush, Verb::kReload, Verb::kStop}) {
    EXPECT_THAT(as_other(4321, verb)[0], HasSubstr("only root"));
  }
  EXPECT_THAT(as_other(1234, Verb::kList), SizeIs(2));  // the submitter
  EXPECT_GE(as_other(1234, Verb::kTrace, Id(1)).size(), 2U);
}

TEST_F(RunnerTest, StopsByTheControlSocketAndLeavesNothingRunning) {
  ASSERT_EQ(Start(), "ready\n");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitDelivered(1));
  EXPECT_THAT(Ask(Verb::kStop), SizeIs(1));
  EXPECT_EQ(Wait(), 0);
}

TEST_F(RunnerTest, TriesEverythingOnceAndEndsWithOnce) {
  ASSERT_EQ(Start(), "ready\n");
  SetMode("path");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_TRUE(WaitLog("its mail waits"));
  EXPECT_EQ(Stop(), 0);
  SetMode("deliver");
  std::filesystem::remove(root_ + kInjectFile);
  Inject(Id(2) + " a@example.org b@example.net 100");
  ASSERT_EQ(Start(true), "ready\n");
  EXPECT_EQ(Wait(), 0);
  EXPECT_THAT(Delivered(), SizeIs(2));
}

TEST_F(RunnerTest, EndsWithOnceWhenNothingCanBeDelivered) {
  SetMode("path");
  Inject(Id(1) + " a@example.org b@example.net 100");
  ASSERT_EQ(Start(true), "ready\n");
  EXPECT_EQ(Wait(), 0);
  EXPECT_THAT(Answers(), SizeIs(1));
}

TEST_F(RunnerTest, WaitsAMomentForWhoeverStillHasTheQueue) {
  ASSERT_EQ(Start(), "ready\n");
  ASSERT_EQ(Stop(), 0);
  const spool::SpoolPaths paths(root_ + "/spool");
  const pid_t reader = fork();
  if (reader == 0) {
    const auto lock = queue::QueueLock::TryTake(paths);
    if (!lock || !lock.value()) _exit(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    _exit(0);
  }
  ASSERT_TRUE(WaitFor([&] {
    const auto lock = queue::QueueLock::TryTake(paths);
    return lock && !lock.value();
  }));
  EXPECT_EQ(Start(), "ready\n");
  int status = 0;
  waitpid(reader, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(RunnerTest, RefusesToBeTheSecond) {
  ASSERT_EQ(Start(), "ready\n");
  const pid_t first = std::exchange(runner_, -1);
  EXPECT_THAT(Start(), HasSubstr("another queue-runner has "));
  Wait();
  runner_ = first;
}

TEST_F(RunnerTest, SaysWhatIsWrongWithItsConfiguration) {
  Configure("minimal_backoff_time = soon\n");
  EXPECT_THAT(Start(), HasSubstr("main.cf:7"));
  EXPECT_EQ(Wait(), 78);
}

}  // namespace
}  // namespace outpost::queue_runner
