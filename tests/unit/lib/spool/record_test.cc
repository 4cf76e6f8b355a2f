#include "lib/spool/record.h"

#include <span>

#include <gtest/gtest.h>

#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "tests/support/record.h"

namespace outpost::spool {
namespace {

using namespace std::string_view_literals;

using sys::Cat;

constexpr std::string_view kId = "0000000000000BCDF";
constexpr std::string_view kTokenText = "00112233445566778899aabbccddeeff";

RecordHead Smallest() {
  RecordHead head;
  head.id = *mail::QueueId::Parse(kId);
  head.token = kTokenText;
  head.arrival = std::chrono::microseconds(1763688000000000);
  head.size_bytes = 12;
  head.sender = "ana";
  head.recipients = {"luis@example.org"};
  return head;
}

std::string SmallestText() { return FormatHead(Smallest()); }

// The smallest head with `from`, which must be there, replaced by `to`.
std::string With(std::string_view from, std::string_view to) {
  std::string text = SmallestText();
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

void ExpectEqual(const RecordHead& a, const RecordHead& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.token, b.token);
  EXPECT_EQ(a.arrival, b.arrival);
  EXPECT_EQ(a.size_bytes, b.size_bytes);
  EXPECT_EQ(a.sender, b.sender);
  EXPECT_EQ(a.full_name, b.full_name);
  EXPECT_EQ(a.recipients, b.recipients);
  EXPECT_EQ(a.extract_recipients, b.extract_recipients);
  EXPECT_EQ(a.is_relayed, b.is_relayed);
  EXPECT_EQ(a.notify, b.notify);
  EXPECT_EQ(a.ret, b.ret);
  EXPECT_EQ(a.envelope_id, b.envelope_id);
}

void ExpectComesBack(const RecordHead& head) {
  const std::string text = FormatHead(head);
  EXPECT_EQ(tests::HeadLength(text + "Subject: x\n\n\n"), text.size());
  const auto parsed = ParseHead(text);
  ASSERT_TRUE(parsed) << parsed.error().text();
  ExpectEqual(*parsed, head);
}

TEST(RecordHead, IsWrittenAsTheGrammarSays) {
  EXPECT_EQ(SmallestText(),
            "outpost-record 1 0000000000000BCDF\n"
            "token=00112233445566778899aabbccddeeff\n"
            "time=0001763688000000000\n"
            "size=0000000000000000012\n"
            "sender=ana\n"
            "recipient=luis@example.org\n"
            "\n");
}

TEST(RecordHead, IsReadFromTheExampleOfItsDocument) {
  const auto text = sys::ReadFile(OUTPOST_SOURCE_DIR "/docs/record.md", 1 << 20);
  ASSERT_TRUE(text) << text.error().text();
  constexpr std::string_view kBegin = "## Example\n\n```\n";
  const size_t begin = text->find(kBegin) + kBegin.size();
  const std::string example = text->substr(begin, text->find("```", begin) - begin);
  const auto end = tests::HeadLength(example);
  ASSERT_TRUE(end);
  const auto head = ParseHead(example.substr(0, *end));
  ASSERT_TRUE(head) << head.error().text();
  EXPECT_EQ(head->full_name, "Ana Mart\xC3\xADn");
  EXPECT_EQ(head->size_bytes, example.size() - *end);
  EXPECT_EQ(head->id.made_at(), head->arrival);
}

TEST(RecordHead, ComesBackWithEveryAttribute) {
  RecordHead head = Smallest();
  ExpectComesBack(head);
  head.full_name = "Ana = \"50 % \xC3\xA9\"";
  head.recipients = {"a b@c", "", "=x", "%41@d", "\xE9@latin1", "luis@example.org", "luis@example.org"};
  head.extract_recipients = true;
  head.is_relayed = true;
  head.notify.success = head.notify.delay = true;
  head.ret = mail::ReturnContent::kHeaders;
  head.envelope_id = "QQ+3D314159";
  ExpectComesBack(head);
  head.recipients.clear();
  head.notify = {.never = true};
  head.ret = mail::ReturnContent::kFull;
  head.full_name = "";
  head.sender = "";
  ExpectComesBack(head);
}

TEST(RecordHead, ComesBackAtItsLimits) {
  RecordHead head = Smallest();
  head.sender = std::string(mail::kMaxAddress, '\xFF');
  head.full_name = std::string(kMaxFullName, '%');
  head.envelope_id = std::string(mail::kMaxEnvelopeId, 'x');
  head.size_bytes = static_cast<uint64_t>(INT64_MAX);
  head.recipients.assign(mail::kMaxRecipients, "a@b");
  ExpectComesBack(head);
}

TEST(RecordHead, HasTheSameLengthWhateverTimeAndSize) {
  RecordHead head = Smallest();
  const size_t length = FormatHead(head).size();
  head.size_bytes = 0;
  head.arrival = {};
  EXPECT_EQ(FormatHead(head).size(), length);
}

TEST(RecordHead, NeverPutsALineBreakOfAValueOnALineOfItsOwn) {
  RecordHead head = Smallest();
  head.sender = "ana\nrecipient=eve@example.com";
  const std::string text = FormatHead(head);
  EXPECT_EQ(text.find("\nrecipient=eve"), std::string::npos);
  EXPECT_FALSE(ParseHead(text));
}

struct BadHead {
  const char* what;
  std::string text;
  const char* reason;
};

void ExpectRefused(std::span<const BadHead> heads) {
  for (const BadHead& bad : heads) {
    const auto parsed = ParseHead(bad.text);
    ASSERT_FALSE(parsed) << bad.what;
    EXPECT_NE(parsed.error().text().find(bad.reason), std::string::npos)
        << bad.what << ": " << parsed.error().text();
    EXPECT_TRUE(sys::IsCleanText(parsed.error().text())) << bad.what;
  }
}

TEST(RecordHead, RefusesWhatIsNoHead) {
  const BadHead heads[] = {
      {"nothing", "", "line 1"},
      {"another format", With("record 1", "record 2"), "line 1"},
      {"short id", With(kId, "0000000000000BCD"), "line 1"},
      {"id with a slash", With(kId, "../../etc/passwd0"), "line 1"},
      {"CR after the id", With("BCDF\n", "BCDF\r\n"), "line 1"},
      {"leading newline", "\n" + SmallestText(), "line 1"},
      {"no empty line", SmallestText().substr(0, SmallestText().size() - 1), "without an empty line"},
      {"cut in a line", SmallestText().substr(0, 60), "without an empty line"},
      {"bytes of the message", SmallestText() + "S", "more after"},
      {"no equals sign", With("sender=ana", "sender"), "line 5: no \"=\""},
  };
  ExpectRefused(heads);
}

TEST(RecordHead, RefusesAttributesThatAreUnknownRepeatedOrMissing) {
  const BadHead heads[] = {
      {"unknown attribute", With("sender=ana", "sender=ana\nuid=0"), "line 6: unknown attribute uid"},
      {"name in capitals", With("sender=", "Sender="), "unknown attribute Sender"},
      {"no name", With("sender=", "="), "unknown attribute"},
      {"hostile name", With("sender=", "\x1B[2J="), "unknown attribute ?[2J"},
      {"repeated token", With("sender=", "token=00112233445566778899aabbccddeeff\nsender="),
       "repeated attribute token"},
      {"repeated sender", With("sender=ana", "sender=ana\nsender=ana"), "line 6: repeated attribute sender"},
      {"no token", With("token=00112233445566778899aabbccddeeff\n", ""), "no attribute token"},
      {"no time", With("time=0001763688000000000\n", ""), "no attribute time"},
      {"no size", With("size=0000000000000000012\n", ""), "no attribute size"},
      {"no sender", With("sender=ana\n", ""), "no attribute sender"},
      {"no recipient", With("recipient=luis@example.org\n", ""), "no recipient"},
  };
  ExpectRefused(heads);
}

TEST(RecordHead, RefusesNumbersThatAreNone) {
  const BadHead heads[] = {
      {"short token", With("eeff", "eef"), "line 2: bad value of token"},
      {"token in capitals", With("eeff", "EEFF"), "bad value of token"},
      {"negative time", With("time=0", "time=-"), "line 3: bad value of time"},
      {"time too large", With("time=0001763688000000000", "time=9999999999999999999"), "bad value of time"},
      {"short size", With("size=0", "size="), "line 4: bad value of size"},
      {"signed size", With("size=0", "size=+"), "bad value of size"},
      {"size with blank", With("size=0", "size= "), "bad value of size"},
      {"size too large", With("size=0000000000000000012", "size=9999999999999999999"), "bad value of size"},
  };
  ExpectRefused(heads);
}

TEST(RecordHead, RefusesTextThatIsNotEncodedOrTooLong) {
  const std::string with_nul = With("sender=ana", "sender=a\0na"sv);
  const BadHead heads[] = {
      {"raw NUL", with_nul, "bad value of sender"},
      {"raw tab", With("ana", "a\tna"), "bad value of sender"},
      {"raw CR", With("sender=ana", "sender=ana\r"), "bad value of sender"},
      {"raw DEL", With("ana", "a\x7Fna"), "bad value of sender"},
      {"raw 8-bit byte", With("ana", "\xC3\xA1na"), "bad value of sender"},
      {"encoded LF", With("ana", "a%0Ana"), "bad value of sender"},
      {"encoded CR", With("ana", "a%0Dna"), "bad value of sender"},
      {"encoded NUL", With("ana", "a%00na"), "bad value of sender"},
      {"encoded DEL", With("ana", "a%7Fna"), "bad value of sender"},
      {"cut %XX", With("ana", "ana%4"), "bad value of sender"},
      {"lone %", With("ana", "ana%"), "bad value of sender"},
      {"lower case %xx", With("ana", "ana%c3"), "bad value of sender"},
      {"not hexadecimal", With("ana", "ana%G0"), "bad value of sender"},
      {"long sender", With("ana", std::string(mail::kMaxAddress + 1, 'a')), "bad value of sender"},
      {"long recipient", With("luis@", std::string(mail::kMaxAddress, 'a')), "bad value of recipient"},
      {"long full name", With("sender=", Cat("full_name=", std::string(kMaxFullName + 1, 'a'), "\nsender=")),
       "bad value of full_name"},
      {"long line", With("ana", std::string(kMaxAttributeLine, 'a')), "line 5: too long"},
  };
  ExpectRefused(heads);
}

TEST(RecordHead, RefusesWrongWordsOfDeliveryStatus) {
  const BadHead heads[] = {
      {"extract no", With("sender=", "extract_recipients=no\nsender="), "bad value of extract_recipients"},
      {"empty notify", With("sender=", "notify=\nsender="), "bad value of notify"},
      {"notify never and failure", With("sender=", "notify=NEVER,FAILURE\nsender="), "bad value of notify"},
      {"notify lower case", With("sender=", "notify=never\nsender="), "bad value of notify"},
      {"notify twice", With("sender=", "notify=DELAY,DELAY\nsender="), "bad value of notify"},
      {"ret hdrs", With("sender=", "ret=hdrs\nsender="), "bad value of ret"},
      {"empty ret", With("sender=", "ret=\nsender="), "bad value of ret"},
      {"empty envelope id", With("sender=", "envelope_id=\nsender="), "bad value of envelope_id"},
      {"blank in envelope id", With("sender=", "envelope_id=a b\nsender="), "bad value of envelope_id"},
      {"bad xtext", With("sender=", "envelope_id=a+3d\nsender="), "bad value of envelope_id"},
      {"cut xtext", With("sender=", "envelope_id=a+3\nsender="), "bad value of envelope_id"},
      {"equals in xtext", With("sender=", "envelope_id=a=b\nsender="), "bad value of envelope_id"},
      {"long envelope id", With("sender=", Cat("envelope_id=", std::string(101, 'a'), "\nsender=")),
       "bad value of envelope_id"},
  };
  ExpectRefused(heads);
}

TEST(RecordHead, RefusesOneRecipientTooMany) {
  RecordHead head = Smallest();
  head.recipients.assign(mail::kMaxRecipients + 1, "a");
  EXPECT_FALSE(ParseHead(FormatHead(head)));
}

TEST(RecordHead, RefusesMoreThanItsBytes) {
  RecordHead head = Smallest();
  head.recipients.assign(kMaxHeadBytes / 1000, std::string(1000, 'a'));
  EXPECT_FALSE(ParseHead(FormatHead(head)));
}

TEST(RecordHead, TakesAttributesInAnyOrder) {
  std::string text = With("recipient=luis@example.org\n", "");
  text.insert(text.find("token="), "recipient=luis@example.org\n");
  const auto parsed = ParseHead(text);
  ASSERT_TRUE(parsed) << parsed.error().text();
  ExpectEqual(*parsed, Smallest());
}

TEST(RecordHead, SurvivesEverySingleByteChange) {
  const std::string good = SmallestText();
  for (size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = good;
      text[at] = static_cast<char>(byte);
      const auto parsed = ParseHead(text);
      if (!parsed) continue;
      // What is accepted can be written again and is free of control characters.
      ExpectComesBack(*parsed);
      for (const char c : parsed->sender) ASSERT_GE(static_cast<unsigned char>(c), 0x20);
    }
  }
}

TEST(RecordFirstLine, GivesTheId) {
  EXPECT_EQ(ParseFirstLine("outpost-record 1 0000000000000BCDF\n"), mail::QueueId::Parse(kId));
  for (const char* line : {"", "\n", "outpost-record 1 0000000000000BCDF", "outpost-record 1 \n",
                           "outpost-record 1 0000000000000BCDF \n", "outpost-record 10000000000000BCDF\n",
                           "outpost-record 1 0000000000000BCDE\n"}) {
    EXPECT_EQ(ParseFirstLine(line), std::nullopt) << line;
  }
}

TEST(RecordAnswer, ComesBack) {
  const Answer answers[] = {
      {Answer::Kind::kQueued, std::string(kId), 0, ""},
      {Answer::Kind::kLater, "", 0, "queue file system is full"},
      {Answer::Kind::kLater, "", 0, ""},
      {Answer::Kind::kRefused, "", 69, "message larger than 10240000 bytes"},
  };
  for (const Answer& answer : answers) {
    const auto parsed = ParseAnswer(FormatAnswer(answer));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->kind, answer.kind);
    EXPECT_EQ(parsed->id, answer.id);
    EXPECT_EQ(parsed->exit_code, answer.exit_code);
    EXPECT_EQ(parsed->text, answer.text);
  }
}

TEST(RecordAnswer, IsOnePrintableLineWhateverItsText) {
  const std::string line =
      FormatAnswer({Answer::Kind::kRefused, "", 65, "a\nqueued x\x1B[2J" + std::string(5000, 'x')});
  EXPECT_EQ(line.size(), kMaxAnswerLine);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_TRUE(ParseAnswer(line));
}

TEST(RecordAnswer, RefusesWhatPickupNeverSays) {
  for (const std::string line :
       {"", "\n", "queued\n", "queued \n", "queued 0000000000000BCDF", "queued 0000000000000BCDFX\n",
        "queued 0000000000000BCDF\n\n", "QUEUED 0000000000000BCDF\n", "later\n", "later a\x1B\n", "refused 69\n",
        "refused x y\n", "refused 0 fine\n", "refused 63 x\n", "refused 79 x\n", "refused  x\n",
        "250 2.0.0 Ok\n"}) {
    EXPECT_FALSE(ParseAnswer(line)) << line;
  }
  EXPECT_FALSE(ParseAnswer("later " + std::string(kMaxAnswerLine, 'x') + "\n"));
}

}  // namespace
}  // namespace outpost::spool
