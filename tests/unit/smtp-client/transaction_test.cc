#include "smtp-client/transaction.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr const char* kRelay = "relay.example.org[192.0.2.1]:587";

Reply Say(std::string_view text) {
  ReplyParser parser;
  parser.Feed(std::string(text) + "\r\n");
  return parser.Take().value();
}

mail::Recipient To(std::string address) { return {std::move(address), "", {}, ""}; }

// Plays a transaction against the replies of a relay; records what was sent and what became of whom.
struct Play {
  mail::Envelope envelope;
  std::vector<mail::Recipient> recipients;
  Capabilities capabilities;
  uint64_t content_bytes = 100;
  bool reset_first = false;

  std::string sent;
  std::map<size_t, std::string> verdicts;
  bool ended = false;
  bool needs_reset = false;
  bool must_close = false;
  size_t replies_used = 0;

  explicit Play(bool pipelining, size_t recipient_count = 1) {
    capabilities.pipelining = pipelining;
    envelope.sender = "a@example.org";
    for (size_t i = 0; i < recipient_count; ++i) recipients.push_back(To("r" + std::to_string(i) + "@example.org"));
  }

  void Against(const std::vector<std::string>& replies) {
    const TransactionRequest request{&envelope, &recipients, content_bytes};
    Transaction transaction(request, capabilities, Party::kRelay, kRelay, reset_first);
    Transaction::Step step = transaction.Start();
    while (true) {
      sent += step.commands;
      if (step.next == Transaction::Next::kEnd) {
        ended = true;
        break;
      }
      if (step.next == Transaction::Next::kContent) sent += "<content>";
      if (replies_used == replies.size()) break;
      step = transaction.OnReply(Say(replies[replies_used++]));
    }
    Note(transaction);
    needs_reset = transaction.needs_reset();
    must_close = transaction.must_close();
  }

  void Note(Transaction& transaction) {
    for (const auto& outcome : transaction.TakeOutcomes()) {
      EXPECT_FALSE(verdicts.contains(outcome.recipient)) << "a second verdict";
      verdicts[outcome.recipient] = Show(outcome.verdict);
    }
  }

  static std::string Show(const mail::Verdict& verdict) {
    if (const auto* delivered = std::get_if<mail::Delivered>(&verdict))
      return "sent " + delivered->status.ToString();
    if (const auto* deferred = std::get_if<mail::Deferred>(&verdict)) {
      const char* const faults[] = {"deferred ", "account ", "path ", "sender "};
      return faults[static_cast<size_t>(deferred->fault)] + deferred->status.ToString();
    }
    return "returned " + std::get<mail::Returned>(verdict).status.ToString();
  }
};

const std::string kMail = "MAIL FROM:<a@example.org>\r\n";
const std::string kRcpt0 = "RCPT TO:<r0@example.org>\r\n";
const std::string kRcpt1 = "RCPT TO:<r1@example.org>\r\n";
const std::string kData = "DATA\r\n";

TEST(SmtpTransaction, PipelinedCommandsLeaveTogether) {
  Play play(true, 2);
  play.Against({"250 2.1.0 Ok", "250 2.1.5 Ok", "250 2.1.5 Ok", "354 go", "250 2.0.0 queued"});
  EXPECT_EQ(kMail + kRcpt0 + kRcpt1 + kData + "<content>", play.sent);
  EXPECT_EQ((std::map<size_t, std::string>{{0, "sent 2.0.0"}, {1, "sent 2.0.0"}}), play.verdicts);
  EXPECT_TRUE(play.ended);
  EXPECT_FALSE(play.needs_reset || play.must_close);
}

TEST(SmtpTransaction, OneAtATimeWithoutPipelining) {
  Play play(false, 2);
  play.Against({"250 Ok", "550 5.1.1 no", "250 Ok", "354 go", "250 2.0.0 queued"});
  EXPECT_EQ(kMail + kRcpt0 + kRcpt1 + kData + "<content>", play.sent);
  EXPECT_EQ((std::map<size_t, std::string>{{0, "returned 5.1.1"}, {1, "sent 2.0.0"}}), play.verdicts);
}

TEST(SmtpTransaction, WithoutPipeliningNothingFollowsARefusedMail) {
  Play play(false, 2);
  play.Against({"451 4.3.0 later"});
  EXPECT_EQ(kMail, play.sent);
  EXPECT_EQ((std::map<size_t, std::string>{{0, "deferred 4.3.0"}, {1, "deferred 4.3.0"}}), play.verdicts);
  EXPECT_TRUE(play.ended);
}

TEST(SmtpTransaction, WithoutPipeliningNoDataWhenAllRecipientsAreRefused) {
  Play play(false, 2);
  play.Against({"250 Ok", "550 5.1.1 no", "450 4.2.0 later"});
  EXPECT_EQ(kMail + kRcpt0 + kRcpt1, play.sent);
  EXPECT_EQ((std::map<size_t, std::string>{{0, "returned 5.1.1"}, {1, "deferred 4.2.0"}}), play.verdicts);
  EXPECT_TRUE(play.needs_reset);
}

struct Strange {
  const char* name;
  std::vector<std::string> replies;
  std::string verdict0;
  std::string verdict1;
  std::string sent_after;  // behind the pipelined commands
  bool must_close = false;
  bool needs_reset = true;
};

// Two recipients, PIPELINING: strange and ordinary relays (S23).
const std::vector<Strange> kRelays = {
    {"MAIL refused for good",
     {"550 5.7.1 no", "503 no MAIL", "503 no MAIL", "503 no RCPT"},
     "returned 5.7.1",
     "returned 5.7.1",
     ""},
    {"MAIL refused, RCPT and DATA accepted",
     {"550 5.7.1 no", "250 Ok", "250 Ok", "354 go", "250 Ok"},
     "returned 5.7.1",
     "returned 5.7.1",
     ".\r\n",
     false,
     false},
    {"all recipients refused, DATA refused",
     {"250 Ok", "550 5.1.1 no", "450 4.2.2 full", "554 no recipients"},
     "returned 5.1.1",
     "deferred 4.2.2",
     ""},
    {"all recipients refused, DATA accepted",
     {"250 Ok", "550 5.1.1 no", "550 5.1.1 no", "354 go", "250 thanks"},
     "returned 5.1.1",
     "returned 5.1.1",
     ".\r\n",
     false,
     false},
    {"all refused, 354, then 5xx",
     {"250 Ok", "550 5.1.1 no", "550 5.1.1 no", "354 go", "554 nothing"},
     "returned 5.1.1",
     "returned 5.1.1",
     ".\r\n",
     false,
     false},
    {"too many recipients",
     {"250 Ok", "250 Ok", "452 4.5.3 too many", "354 go", "250 2.0.0 Ok"},
     "sent 2.0.0",
     "deferred 4.5.3",
     "<content>",
     false,
     false},
    {"DATA refused",
     {"250 Ok", "250 Ok", "550 5.1.1 no", "451 4.3.2 later"},
     "deferred 4.3.2",
     "returned 5.1.1",
     ""},
    {"DATA refused for good",
     {"250 Ok", "250 Ok", "250 Ok", "554 5.6.0 no"},
     "returned 5.6.0",
     "returned 5.6.0",
     ""},
    {"content refused for good",
     {"250 Ok", "250 Ok", "250 Ok", "354 go", "554 5.6.0 spam"},
     "returned 5.6.0",
     "returned 5.6.0",
     "<content>",
     false,
     false},
    {"content refused for now",
     {"250 Ok", "250 Ok", "250 Ok", "354 go", "451 4.7.0 later"},
     "deferred 4.7.0",
     "deferred 4.7.0",
     "<content>",
     false,
     false},
    {"421 at MAIL", {"421 4.3.2 bye"}, "path 4.3.2", "path 4.3.2", "", true},
    {"421 at RCPT", {"250 Ok", "250 Ok", "421 4.3.2 bye"}, "deferred 4.3.2", "deferred 4.3.2", "", true},
    {"421 at the end",
     {"250 Ok", "250 Ok", "550 5.1.1 no", "354 go", "421 4.3.2 bye"},
     "deferred 4.3.2",
     "returned 5.1.1",
     "<content>",
     true},
    {"login wanted at MAIL", {"530 5.7.0 login first"}, "account 4.7.0", "account 4.7.0", "", true},
    {"login wanted at RCPT",
     {"250 Ok", "550 5.1.1 no", "530 5.7.1 not logged in"},
     "account 4.7.1",
     "account 4.7.1",
     "",
     true},
    {"login wanted at DATA",
     {"250 Ok", "250 Ok", "250 Ok", "535 5.7.8 no"},
     "account 4.7.8",
     "account 4.7.8",
     "",
     true},
    {"login wanted at the end",
     {"250 Ok", "550 5.1.1 no", "250 Ok", "354 go", "530 login first"},
     "returned 5.1.1",
     "account 4.0.0",
     "<content>",
     true},
    {"354 to MAIL", {"354 go"}, "path 4.5.0", "path 4.5.0", "", true},
    {"354 to RCPT", {"250 Ok", "354 go"}, "deferred 4.5.0", "deferred 4.5.0", "", true},
    {"250 to DATA", {"250 Ok", "250 Ok", "250 Ok", "250 Ok"}, "deferred 4.5.0", "deferred 4.5.0", "", true},
    {"250 to DATA after a refusal",
     {"250 Ok", "550 5.1.1 no", "250 Ok", "250 Ok"},
     "deferred 4.5.0",
     "deferred 4.5.0",
     "",
     true},
    {"334 to DATA", {"250 Ok", "250 Ok", "250 Ok", "334 "}, "deferred 4.5.0", "deferred 4.5.0", "", true},
    {"354 to the end",
     {"250 Ok", "250 Ok", "250 Ok", "354 go", "354 go on"},
     "deferred 4.5.0",
     "deferred 4.5.0",
     "<content>",
     true},
    {"251 to RCPT",
     {"250 Ok", "251 will forward", "252 try", "354 go", "250 2.0.0 Ok"},
     "sent 2.0.0",
     "sent 2.0.0",
     "<content>",
     false,
     false},
};

TEST(SmtpTransaction, EveryStrangeRelay) {
  for (const Strange& c : kRelays) {
    Play play(true, 2);
    play.Against(c.replies);
    EXPECT_TRUE(play.ended) << c.name;
    EXPECT_EQ(c.verdict0, play.verdicts[0]) << c.name;
    EXPECT_EQ(c.verdict1, play.verdicts[1]) << c.name;
    EXPECT_EQ(sys::Cat(kMail, kRcpt0, kRcpt1, kData, c.sent_after), play.sent) << c.name;
    EXPECT_EQ(c.must_close, play.must_close) << c.name;
    EXPECT_TRUE(c.must_close || c.needs_reset == play.needs_reset) << c.name;
  }
}

TEST(SmtpTransaction, ResetsWhatWasLeftOpenInTheSameWrite) {
  Play play(true);
  play.reset_first = true;
  play.Against({"250 reset", "250 Ok", "250 Ok", "354 go", "250 2.0.0 Ok"});
  EXPECT_EQ("RSET\r\n" + kMail + kRcpt0 + kData + "<content>", play.sent);
  EXPECT_EQ("sent 2.0.0", play.verdicts[0]);
}

TEST(SmtpTransaction, ResetsOneAtATimeWithoutPipelining) {
  Play play(false);
  play.reset_first = true;
  play.Against({"250 reset", "250 Ok", "250 Ok", "354 go", "250 2.0.0 Ok"});
  EXPECT_EQ("RSET\r\n" + kMail + kRcpt0 + kData + "<content>", play.sent);
  EXPECT_EQ("sent 2.0.0", play.verdicts[0]);
}

TEST(SmtpTransaction, ARefusedResetIsNoMessagesFault) {
  Play play(true);
  play.reset_first = true;
  play.Against({"502 what?"});
  EXPECT_EQ("path 4.5.0", play.verdicts[0]);
  EXPECT_TRUE(play.must_close);
}

TEST(SmtpTransaction, TooLargeIsReturnedBeforeMail) {
  Play play(true, 2);
  play.capabilities.size = true;
  play.capabilities.size_limit = 99;
  play.Against({});
  EXPECT_EQ("", play.sent);
  EXPECT_EQ((std::map<size_t, std::string>{{0, "returned 5.3.4"}, {1, "returned 5.3.4"}}), play.verdicts);
}

TEST(SmtpTransaction, AddressThatNeedsSmtpUtf8IsReturnedWhereItIsNotOffered) {
  Play play(true);
  play.envelope.smtputf8 = true;
  play.recipients[0].address = "j\xC3\xBCrg@example.org";
  play.Against({});
  EXPECT_EQ("", play.sent);
  EXPECT_EQ("returned 5.6.7", play.verdicts[0]);
}

TEST(SmtpTransaction, ParametersWhereTheyAreOffered) {
  Play play(true);
  play.envelope.ret = mail::ReturnContent::kHeaders;
  play.envelope.envelope_id = "abc+20d";
  play.envelope.body = mail::BodyType::k8BitMime;
  play.envelope.smtputf8 = true;
  play.recipients[0] = {"j\xC3\xBCrg@example.org", "", {}, "rfc822;j@example.org"};
  play.recipients[0].notify.success = play.recipients[0].notify.failure = true;
  play.capabilities.size = play.capabilities.eight_bit_mime = play.capabilities.smtputf8 = play.capabilities.dsn =
      true;
  play.Against({});
  EXPECT_EQ(
      "MAIL FROM:<a@example.org> SIZE=100 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=abc+20d\r\n"
      "RCPT TO:<j\xC3\xBCrg@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;j@example.org\r\nDATA\r\n",
      play.sent);
}

// RFC 3461 section 5.2.1: what the relay reports later names the address that the sender knows.
TEST(SmtpTransaction, TheRelayIsToldTheAddressAsSubmitted) {
  struct Case {
    mail::Recipient recipient;
    std::string orcpt;
  };
  const std::string long_name(495, 'x');
  const Case cases[] = {
      {{"b@example.org", "", {}, ""}, " ORCPT=rfc822;b@example.org"},
      {{"b@mail.example.org", "list+x=y@example.org", {}, ""}, " ORCPT=rfc822;list+2Bx+3Dy@example.org"},
      {{"b@example.org", R"("a b"@example.org)", {}, ""}, R"( ORCPT=rfc822;"a+20b"@example.org)"},
      {{"b@example.org", "c@example.org", {}, "rfc822;d@example.org"}, " ORCPT=rfc822;d@example.org"},
      // a name of this host
      {{"root@example.org", "root", {}, ""}, ""},
      {{"b@example.org", "j\xC3\xBCrg@example.org", {}, ""}, ""},
      {{"b@example.org", long_name + "@example.org", {}, ""}, ""},
  };
  for (const auto& test : cases) {
    Play play(true);
    play.recipients[0] = test.recipient;
    play.capabilities.dsn = true;
    play.Against({});
    EXPECT_EQ(kMail + "RCPT TO:<" + test.recipient.address + ">" + test.orcpt + "\r\n" + kData, play.sent);
  }
}

TEST(SmtpTransaction, NoParametersWhereNoneAreOffered) {
  Play play(true);
  play.envelope.ret = mail::ReturnContent::kFull;
  play.envelope.envelope_id = "abc";
  play.envelope.body = mail::BodyType::k8BitMime;
  play.recipients[0].notify.never = true;
  play.Against({});
  EXPECT_EQ(kMail + kRcpt0 + kData, play.sent);
}

TEST(SmtpTransaction, NullSenderIsSaid) {
  Play play(true);
  play.envelope.sender = "";
  play.Against({});
  EXPECT_EQ("MAIL FROM:<>\r\n" + kRcpt0 + kData, play.sent);
}

// S3: whatever came through the queue, no address ends its command.
TEST(SmtpTransaction, AddressesThatCouldEndTheirCommandAreReturnedAlone) {
  for (const std::string& address :
       {std::string("a\r\nRSET@b"), std::string("a>b@c"), std::string("a b@c"), std::string("\"a@b"),
        std::string(""), std::string("a\0b@c", 5), std::string("a@b> NOTIFY=NEVER")}) {
    Play play(true, 2);
    play.recipients[0].address = address;
    play.Against({"250 Ok", "250 Ok", "354 go", "250 2.0.0 Ok"});
    EXPECT_EQ("returned 5.1.3", play.verdicts[0]) << address;
    EXPECT_EQ("sent 2.0.0", play.verdicts[1]) << address;
    EXPECT_EQ(sys::Cat(kMail, kRcpt1, kData, "<content>"), play.sent);
  }
  Play play(true, 2);
  play.envelope.sender = "a\r\nRCPT TO:<x@y>";
  play.Against({});
  EXPECT_EQ("", play.sent);
  EXPECT_EQ("returned 5.1.7", play.verdicts[1]);
}

TEST(SmtpTransaction, QuotedLocalPartsAreSafe) {
  EXPECT_TRUE(IsSafePath("\"a b<>\\\"\"@example.org"));
  EXPECT_TRUE(IsSafePath("a+b=c@example.org"));
  EXPECT_FALSE(IsSafePath("\"a\\\"@example.org"));
}

std::vector<std::string> AbandonAfter(bool pipelining, const std::vector<std::string>& replies) {
  mail::Envelope envelope;
  const std::vector<mail::Recipient> recipients{To("a@b"), To("c@d")};
  Capabilities capabilities;
  capabilities.pipelining = pipelining;
  Transaction transaction({&envelope, &recipients, 1}, capabilities, Party::kRelay, kRelay, false);
  transaction.Start();
  for (const auto& reply : replies) transaction.OnReply(Say(reply));
  transaction.Abandon(mail::Deferred{{4, 4, 2}, "lost", mail::Fault::kPath}, false);
  std::vector<std::string> shown(recipients.size());
  for (const auto& outcome : transaction.TakeOutcomes()) shown[outcome.recipient] = Play::Show(outcome.verdict);
  return shown;
}

// S23: with a reply missing, those that came may have been for other commands.
TEST(SmtpTransaction, RefusalsStandOnlyWhenAllThatLeftTogetherIsAnswered) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ((Texts{"path 4.4.2", "path 4.4.2"}), AbandonAfter(true, {"250 Ok", "550 5.1.1 no"}));
  EXPECT_EQ((Texts{"path 4.4.2", "path 4.4.2"}), AbandonAfter(true, {"250 Ok", "250 Ok", "503 5.5.1 what"}));
  EXPECT_EQ((Texts{"returned 5.1.1", "path 4.4.2"}),
            AbandonAfter(true, {"250 Ok", "550 5.1.1 no", "250 Ok", "354 go"}));
  EXPECT_EQ((Texts{"returned 5.1.1", "path 4.4.2"}), AbandonAfter(false, {"250 Ok", "550 5.1.1 no"}));
}

// S23: one reply too many, and the refusal of one recipient is taken for another's. DATA's shows it.
TEST(SmtpTransaction, WithoutPipeliningNoRefusalStandsWhenTheRepliesFitNoCommand) {
  Play play(false, 2);
  play.Against({"250 Ok", "250 for MAIL again", "550 5.1.1 no r0", "250 for r1"});
  EXPECT_TRUE(play.must_close);
  EXPECT_EQ((std::map<size_t, std::string>{{0, "deferred 4.5.0"}, {1, "deferred 4.5.0"}}), play.verdicts);
}

TEST(SmtpTransaction, TextOfARefusalIsPostfixs) {
  EXPECT_EQ("host relay.example.org[192.0.2.1]:587 said: 550 5.1.1 no such user (in reply to RCPT TO command)",
            DescribeRefusal(kRelay, Say("550 5.1.1 no such user"), Stage::kRcpt));
}

}  // namespace
}  // namespace outpost::smtp_client
