// The table of faults, row by row: each is well formed, is the one that its replies meet, and does what it says when
// they come to the state machines; and docs/faults.md shows it as it is.
#include "smtp-client/faults.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/sys/text.h"
#include "smtp-client/login.h"
#include "smtp-client/opening.h"
#include "smtp-client/transaction.h"

namespace outpost::smtp_client {
namespace {

using mail::Fault;
using sys::Cat;

constexpr std::array kStages = {Stage::kGreeting, Stage::kEhlo,      Stage::kHelo,  Stage::kStartTls,
                                Stage::kAuth,     Stage::kMail,      Stage::kRcpt,  Stage::kData,
                                Stage::kContent,  Stage::kEndOfData, Stage::kReset, Stage::kQuit};
constexpr std::array kParties = {Party::kRelay, Party::kRecipientDomain};
constexpr const char* kRelay = "relay.example.org[192.0.2.1]:587";

Reply Say(std::string_view text) {
  ReplyParser parser;
  parser.Feed(Cat(text, "\r\n"));
  return parser.Take().value();
}

bool IsTransactional(Stage stage) {
  return stage == Stage::kMail || stage == Stage::kRcpt || stage == Stage::kData || stage == Stage::kEndOfData;
}

// A reply that the row is for, and no row before it: codes that no row names stand for "any".
std::string SampleOf(const ReplyRow& row) {
  int code = row.code;
  if (code == 4) code = 499;
  if (code == 5) code = 599;
  if (code == 0) code = 334;
  std::string text = Cat(code);
  if (row.subject >= 0) {
    text += Cat(" ", code / 100, ".", row.subject, ".", row.detail >= 0 ? row.detail : 999);
  }
  return Cat(text, " ", row.words.empty() ? "so it is" : row.words);
}

std::string Describe(const ReplyRow& row) { return Cat(SampleOf(row), ": ", row.ruling.meaning); }

TEST(SmtpFaults, EveryRowIsWellFormed) {
  const auto check = [](const Ruling& ruling, const std::string& row) {
    EXPECT_FALSE(ruling.meaning.empty()) << row;
    EXPECT_EQ(ruling.action == Action::kStopAccount, ruling.fault == Fault::kAccount) << row;
    EXPECT_EQ(ruling.action == Action::kHoldSender, ruling.fault == Fault::kSender) << row;
    if (ruling.action == Action::kReturn) {
      EXPECT_EQ(ruling.fault, Fault::kMessage) << row;
    }
    if (ruling.action == Action::kNextHost) {
      EXPECT_EQ(ruling.fault, Fault::kPath) << row;
    }
    // A fault of ours and of the way is never written down as a final one.
    const int category = ruling.status.category;
    if (category != 0) {
      EXPECT_EQ(category, ruling.action == Action::kReturn ? 5 : 4) << row;
    }
  };
  for (const auto& row : ReplyRows()) check(row.ruling, Describe(row));
  for (const auto& row : TroubleRows()) {
    check(row.ruling, std::string(row.ruling.meaning));
    EXPECT_NE(row.ruling.status.category, 0) << row.ruling.meaning;
    EXPECT_TRUE(row.at_relay || row.at_recipient_domain) << row.ruling.meaning;
  }
}

TEST(SmtpFaults, EveryReplyRowIsMetAtEachOfItsStages) {
  for (const auto& row : ReplyRows()) {
    const Reply reply = Say(SampleOf(row));
    for (const Stage stage : kStages) {
      if ((row.stages & At(stage)) == 0) continue;
      EXPECT_EQ(&Judge(Party::kRelay, stage, reply), &row.ruling) << Describe(row) << " " << CommandName(stage);
      const bool elsewhere = &Judge(Party::kRecipientDomain, stage, reply) == &row.ruling;
      EXPECT_NE(elsewhere, row.relay_only) << Describe(row);
    }
  }
}

TEST(SmtpFaults, EveryReplyAtEveryStageHasARow) {
  for (const Party party : kParties) {
    for (const Stage stage : kStages) {
      for (int code = 200; code < 600; ++code) {
        const Ruling& ruling = Judge(party, stage, Say(Cat(code, " so it is")));
        EXPECT_FALSE(ruling.meaning.empty());
        // Nothing that is not about the mail returns mail.
        if (!IsTransactional(stage)) {
          EXPECT_NE(ruling.action, Action::kReturn) << code << CommandName(stage);
        }
        // No success, nor anything temporary, is a refusal for good.
        if (code < 500) {
          EXPECT_NE(ruling.action, Action::kReturn) << code << " " << CommandName(stage);
        }
      }
    }
  }
}

TEST(SmtpFaults, EveryTroubleHasARowForEachParty) {
  std::set<const Ruling*> met;
  for (unsigned i = 0; i <= static_cast<unsigned>(Trouble::kConnectionOver); ++i) {
    const auto trouble = static_cast<Trouble>(i);
    const bool staged =
        trouble == Trouble::kConnectionLost || trouble == Trouble::kTimeout || trouble == Trouble::kNonsense;
    for (const Party party : kParties) {
      if (!staged) met.insert(&Judge(party, trouble));
      for (const Stage stage : kStages) {
        if (staged) met.insert(&Judge(party, trouble, stage));
      }
    }
  }
  for (const auto& row : TroubleRows()) EXPECT_TRUE(met.contains(&row.ruling)) << row.ruling.meaning;
}

TEST(SmtpFaults, NoTroubleWithARelayReturnsMailButTheMailsOwn) {
  const std::set<Trouble> own = {Trouble::kMessageTooLarge, Trouble::kNoSmtpUtf8, Trouble::kBadSender,
                                 Trouble::kBadRecipient};
  for (const auto& row : TroubleRows()) {
    if (row.at_relay) {
      EXPECT_EQ(row.ruling.action == Action::kReturn, own.contains(row.trouble));
    }
  }
}

TEST(SmtpFaults, ErrorsOfConnectHaveTheirRows) {
  const std::vector<std::pair<int, Trouble>> errors = {{ECONNREFUSED, Trouble::kConnectRefused},
                                                       {ETIMEDOUT, Trouble::kConnectTimeout},
                                                       {EHOSTUNREACH, Trouble::kHostUnreachable},
                                                       {EHOSTDOWN, Trouble::kHostUnreachable},
                                                       {ENETUNREACH, Trouble::kNetworkUnreachable},
                                                       {ENETDOWN, Trouble::kNetworkUnreachable},
                                                       {EADDRNOTAVAIL, Trouble::kNetworkUnreachable},
                                                       {EAFNOSUPPORT, Trouble::kNetworkUnreachable},
                                                       {EACCES, Trouble::kConnectForbidden},
                                                       {EPERM, Trouble::kConnectForbidden},
                                                       {ECONNRESET, Trouble::kConnectReset},
                                                       {ECONNABORTED, Trouble::kConnectReset},
                                                       {EMFILE, Trouble::kNoSockets},
                                                       {ENFILE, Trouble::kNoSockets},
                                                       {ENOBUFS, Trouble::kNoSockets},
                                                       {ENOMEM, Trouble::kNoSockets},
                                                       {EAGAIN, Trouble::kNoSockets},
                                                       {EINVAL, Trouble::kConnectFailed}};
  for (const auto& [code, trouble] : errors) EXPECT_EQ(ConnectTrouble(code), trouble) << code;
}

// Whoever writes a mail chooses its addresses, and the relay repeats them.
TEST(SmtpFaults, WordsWithinAnAddressCountForNothing) {
  EXPECT_EQ(Judge(Party::kRelay, Stage::kRcpt, Say("550 <SendAsDenied@example.org>: no such user")).fault,
            Fault::kMessage);
  EXPECT_EQ(Judge(Party::kRelay, Stage::kRcpt, Say("550 <a@b.c>: sendasdenied, sorry")).fault, Fault::kSender);
}

// --- what the state machines make of each row

std::string Show(const mail::Verdict& verdict) {
  if (std::holds_alternative<mail::Returned>(verdict)) return "returned";
  if (std::holds_alternative<mail::Delivered>(verdict)) return "sent";
  switch (std::get<mail::Deferred>(verdict).fault) {
    case Fault::kMessage:
      return "waits";
    case Fault::kAccount:
      return "waits for the account";
    case Fault::kPath:
      return "waits for the path";
    case Fault::kSender:
      return "waits for the sender";
  }
  return "";
}

std::string Expected(const Ruling& ruling) {
  if (ruling.action == Action::kReturn) return "returned";
  return Show(mail::Deferred{{}, "", ruling.fault});
}

struct Ended {
  std::string verdict;
  bool closed = false;
};

// What a transaction of one recipient says after `reply` at `stage`.
Ended PlayTransaction(Party party, bool pipelining, Stage stage, const std::string& reply) {
  mail::Envelope envelope;
  envelope.sender = "a@example.org";
  const std::vector<mail::Recipient> recipients{{"b@example.org", "", {}, ""}};
  Capabilities capabilities;
  capabilities.pipelining = pipelining;
  Transaction transaction({&envelope, &recipients, 1}, capabilities, party, kRelay, true);
  Transaction::Step step = transaction.Start();
  while (step.next != Transaction::Next::kEnd) {
    const bool here = transaction.stage() == stage;
    step = transaction.OnReply(Say(here ? reply : transaction.stage() == Stage::kData ? "354 go" : "250 Ok"));
    if (here && step.next == Transaction::Next::kContent) break;
  }
  const auto outcomes = transaction.TakeOutcomes();
  return {outcomes.size() == 1 ? Show(outcomes[0].verdict) : "none", transaction.must_close()};
}

TEST(SmtpFaults, ATransactionDoesWhatEachRowSays) {
  for (const auto& row : ReplyRows()) {
    for (const Stage stage : kStages) {
      if ((row.stages & At(stage)) == 0 || (!IsTransactional(stage) && stage != Stage::kReset)) continue;
      for (const bool pipelining : {false, true}) {
        const Ended ended = PlayTransaction(Party::kRelay, pipelining, stage, SampleOf(row));
        EXPECT_EQ(ended.verdict, Expected(row.ruling)) << Describe(row) << " " << CommandName(stage);
        const Action action = row.ruling.action;
        EXPECT_EQ(ended.closed,
                  action == Action::kClose || action == Action::kOutOfStep || action == Action::kStopAccount)
            << Describe(row) << " " << CommandName(stage);
      }
    }
  }
}

// The verdict at `stage` of the opening, where TLS is required.
Opening::Step PlayOpening(Stage stage, const std::string& reply, bool tls) {
  OpeningPolicy policy;
  policy.tls_level = tls ? conf::TlsLevel::kEncrypt : conf::TlsLevel::kNone;
  policy.always_send_ehlo = stage != Stage::kHelo;
  Opening opening(policy, kRelay);
  Opening::Step step = opening.Start();
  while (step.next == Opening::Next::kReply) {
    const Stage at = opening.stage();
    step = opening.OnReply(Say(at == stage              ? reply
                               : at == Stage::kGreeting ? "220 hi"
                               : at == Stage::kEhlo     ? "250 STARTTLS"
                                                        : "250 Ok"));
    if (at == stage) break;
  }
  return step;
}

TEST(SmtpFaults, AnOpeningDoesWhatEachRowSays) {
  for (const auto& row : ReplyRows()) {
    for (const Stage stage : {Stage::kGreeting, Stage::kEhlo, Stage::kHelo, Stage::kStartTls}) {
      if ((row.stages & At(stage)) == 0) continue;
      const auto step = PlayOpening(stage, SampleOf(row), stage != Stage::kHelo);
      ASSERT_EQ(step.next, Opening::Next::kFailed) << Describe(row);
      EXPECT_EQ(step.failure.fault, row.ruling.fault) << Describe(row);
      EXPECT_EQ(step.failure.status.category, 4) << Describe(row);
      if (row.ruling.action != Action::kTryHelo) continue;
      EXPECT_EQ(PlayOpening(stage, SampleOf(row), false).command, "HELO \r\n") << Describe(row);
    }
  }
}

class OneResponse : public SaslExchange {
 public:
  const std::string& mechanism() const override { return name_; }
  std::optional<std::string> TakeInitialResponse() override { return "QQ=="; }
  sys::Result<std::string> Answer(std::string_view) override { return sys::Error("no answer"); }
  bool complete() const override { return true; }

 private:
  std::string name_ = "PLAIN";
};

TEST(SmtpFaults, ALoginDoesWhatEachRowSays) {
  for (const auto& row : ReplyRows()) {
    if ((row.stages & At(Stage::kAuth)) == 0) continue;
    OneResponse exchange;
    Login login(exchange, kRelay);
    login.Start();
    // 334 is a challenge here.
    const auto step = login.OnReply(Say(row.code == 0 ? "354 go" : SampleOf(row)));
    ASSERT_EQ(step.next, Login::Next::kFailed) << Describe(row);
    EXPECT_EQ(step.failure.fault, row.ruling.fault) << Describe(row);
    EXPECT_EQ(step.failure.status, row.ruling.status.category == 0 ? step.failure.status : row.ruling.status);
  }
}

// --- what people read

std::string_view Word(Action action) {
  switch (action) {
    case Action::kReturn:
      return "return";
    case Action::kDefer:
      return "wait, try again";
    case Action::kHoldSender:
      return "hold this sender's mail";
    case Action::kClose:
      return "end the connection, wait";
    case Action::kOutOfStep:
      return "end the connection, believe none of its refusals, wait";
    case Action::kNextHost:
      return "next address, then wait";
    case Action::kTryHelo:
      return "HELO, or next address";
    case Action::kStopAccount:
      return "stop the account";
    case Action::kInDoubt:
      return "in doubt, try again";
  }
  return "";
}

std::string_view Word(Fault fault) {
  switch (fault) {
    case Fault::kMessage:
      return "message";
    case Fault::kAccount:
      return "account";
    case Fault::kPath:
      return "path";
    case Fault::kSender:
      return "sender";
  }
  return "";
}

std::string StageWords(Stages stages) {
  static constexpr std::pair<Stages, std::string_view> kNames[] = {
      {At(Stage::kGreeting), "greeting"}, {At(Stage::kEhlo), "EHLO"},     {At(Stage::kHelo), "HELO"},
      {At(Stage::kStartTls), "STARTTLS"}, {At(Stage::kAuth), "AUTH"},     {At(Stage::kReset), "RSET"},
      {At(Stage::kMail), "MAIL"},         {At(Stage::kRcpt), "RCPT"},     {At(Stage::kData), "DATA"},
      {At(Stage::kContent), "content"},   {At(Stage::kEndOfData), "end"}, {At(Stage::kQuit), "QUIT"}};
  std::string out;
  size_t count = 0;
  for (const auto& [stage, name] : kNames) {
    if ((stages & stage) == 0) continue;
    out += Cat(out.empty() ? "" : ", ", name);
    ++count;
  }
  if (count == std::size(kNames)) return "any other";
  return out;
}

std::string ReplyWords(const ReplyRow& row) {
  std::string out = row.code == 0 ? "any other" : row.code < 10 ? Cat(row.code, "xx") : Cat(row.code);
  if (row.subject >= 0) {
    const std::string detail = row.detail < 0 ? "z" : Cat(row.detail);
    out += Cat(" ", row.code < 10 ? row.code : row.code / 100, ".", row.subject, ".", detail);
  }
  if (!row.words.empty()) out += Cat(" \"", row.words, "\"");
  return out;
}

std::string Table() {
  std::string out =
      "| at | reply | whose fault | what is done | what it means |\n| --- | --- | --- | --- | --- |\n";
  for (const auto& row : ReplyRows()) {
    out += Cat("| ", StageWords(row.stages), " | ", ReplyWords(row), row.relay_only ? " of a relay" : "", " | ",
               Word(row.ruling.fault), " | ", Word(row.ruling.action), " | ", row.ruling.meaning, " |\n");
  }
  out +=
      "\n| at | with | status | whose fault | what is done | what it means |\n| --- | --- | --- | --- | --- | --- "
      "|\n";
  for (const auto& row : TroubleRows()) {
    const char* with = row.at_relay && row.at_recipient_domain ? "any"
                       : row.at_relay                          ? "a relay"
                                                               : "a recipient's domain";
    out +=
        Cat("| ", row.stages == 0 ? "" : StageWords(row.stages), " | ", with, " | ", row.ruling.status.ToString(),
            " | ", Word(row.ruling.fault), " | ", Word(row.ruling.action), " | ", row.ruling.meaning, " |\n");
  }
  return out;
}

// To write it anew: OUTPOST_WRITE_DOCS=1 in the environment of this test.
TEST(SmtpFaults, TheDocumentShowsTheTableAsItIs) {
  const std::string path = OUTPOST_SOURCE_DIR "/docs/faults.md";
  const std::string begin = "<!-- the table: begin -->\n";
  const std::string end = "<!-- the table: end -->\n";
  std::stringstream read;
  read << std::ifstream(path).rdbuf();
  const std::string text = read.str();
  const size_t from = text.find(begin);
  const size_t to = text.find(end);
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos);
  const size_t body = from + begin.size();
  if (getenv("OUTPOST_WRITE_DOCS") != nullptr) {
    std::ofstream(path) << text.substr(0, body) << Table() << text.substr(to);
    return;
  }
  EXPECT_EQ(text.substr(body, to - body), Table());
}

}  // namespace
}  // namespace outpost::smtp_client
