#include <sstream>

#include <gtest/gtest.h>

#include "lib/content/message_reader.h"
#include "lib/mail/envelope.h"
#include "pickup/cleanup/body_type.h"
#include "pickup/cleanup/dropped_headers.h"
#include "pickup/cleanup/full_name.h"
#include "pickup/cleanup/header_repair.h"
#include "pickup/cleanup/limits.h"
#include "pickup/cleanup/recipients.h"
#include "pickup/cleanup/rewrite.h"
#include "pickup/cleanup/sender.h"

namespace outpost::pickup {
namespace {

mail::CompletionRules Rules() {
  mail::CompletionRules rules;
  rules.myorigin = "origin.example";
  rules.mydomain = "example";
  return rules;
}

TEST(FullName, IsWrittenAsAPhrase) {
  const struct {
    std::string_view name;
    std::string_view expected;
  } cases[] = {
      {"", "a@b"},
      {"  ", "a@b"},
      {"Cron Daemon", "Cron Daemon <a@b>"},
      {"O'Neil-Smith", "O'Neil-Smith <a@b>"},
      {"Smith, John", "\"Smith, John\" <a@b>"},
      {"J. Smith", "\"J. Smith\" <a@b>"},
      {"The \"Boss\" \\o/", "\"The \\\"Boss\\\" \\\\o/\" <a@b>"},
      {"=?utf-8?Q?x?=", "\"=?utf-8?Q?x?=\" <a@b>"},
      {"J\xc3\xb6rg M.", "=?utf-8?Q?J=C3=B6rg_M=2E?= <a@b>"},
      {"J\xf6rg", "\"J?rg\" <a@b>"},
      {"evil\r\nBcc: x", "\"evil??Bcc: x\" <a@b>"},
  };
  for (const auto& one : cases) EXPECT_EQ(FormatMailbox(one.name, "a@b", "utf-8"), one.expected);
  EXPECT_EQ(FormatMailbox("J\xf6rg", "a@b", "iso-8859-1"), "=?iso-8859-1?Q?J=F6rg?= <a@b>");
}

TEST(FullName, IsSplitIntoEncodedWordsBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "\xe2\x82\xac";
  const std::string text = FormatMailbox(name, "a@b", "utf-8");
  size_t lines = 0;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line); ++lines) {
    EXPECT_LE(line.size(), 76U);
    EXPECT_EQ(line.starts_with(' '), lines > 0) << line;
    const size_t letters = line.find("?Q?") + 3;
    const size_t end = line.find("?=", letters);
    if (end != std::string::npos) {
      EXPECT_EQ((end - letters) % std::string_view("=E2=82=AC").size(), 0U) << line;
    }
  }
  EXPECT_GT(lines, 10U);
}

TEST(HeaderRepair, AddsOnlyWhatIsMissing) {
  const HeaderRepair::Facts facts{.id = mail::QueueId(),
                                  .arrival = {},
                                  .hostname = "h",
                                  .from = "root@o",
                                  .undisclosed_recipients_header = "To: undisclosed-recipients:;"};
  const struct {
    std::vector<std::string_view> present;
    std::vector<std::string_view> added;
    std::vector<std::string_view> not_added;
  } cases[] = {
      {{}, {"Message-Id: <", "Date: ", "From: root@o\n", "To: undisclosed-recipients:;\n"}, {"Resent"}},
      {{"FROM", "to", "Date", "message-ID"}, {}, {"From", "To", "Date", "Message-Id"}},
      {{"Cc"}, {"From: root@o\n"}, {"undisclosed"}},
      {{"From", "To", "Resent-To"}, {"Resent-From: root@o\n", "Resent-Date: ", "Resent-Message-Id: <"}, {"\nFrom"}},
      {{"Resent-From", "Resent-Date", "Resent-Message-Id", "Resent-Cc"}, {}, {"From", "Date", "To"}},
      {{"X-From", "Sender"}, {"From: root@o\n"}, {}},
  };
  for (const auto& one : cases) {
    HeaderRepair repair;
    for (const auto name : one.present) repair.Note(name);
    const std::string added = repair.Missing(facts);
    for (const auto text : one.added) EXPECT_NE(added.find(text), std::string::npos) << added << "lacks " << text;
    for (const auto text : one.not_added) EXPECT_EQ(added.find(text), std::string::npos) << added << "has " << text;
  }
}

std::string Rewritten(std::string_view text) {
  struct First : content::MessageParts {
    std::string out;
    void OnField(const content::Field& field) override {
      if (!HoldsAddresses(field.name)) return;
      auto completed = CompleteField(field, Rules(), 1000);
      out = completed ? *completed : "(unchanged)";
    }
    void OnHeaderEnd() override {}
    void OnBody(std::string_view) override {}
  } parts;
  content::MessageReader reader(content::LineEndings::kAlways, 100000, parts);
  reader.Feed(text);
  reader.End();
  return parts.out;
}

TEST(Rewrite, CompletesAddressesInTheirPlaces) {
  const struct {
    std::string_view field;
    std::string_view expected;
  } cases[] = {
      {"To: root\n", "To: root@origin.example\n"},
      {"To : root\n", "To : root@origin.example\n"},
      {"To: a@b, c@d\n", "(unchanged)"},
      {"To: a@b,\n\troot,\n  \"x y\" <c@d.>\n", "To: a@b,\n\troot@origin.example,\n  \"x y\" <c@d>\n"},
      {"Cc: friends: joe, jim@x;\n", "Cc: friends: joe@origin.example, jim@x;\n"},
      {"From: Root <root> (cron)\n", "From: Root <root@origin.example> (cron)\n"},
      {"Reply-To: \"odd name\"\n", "Reply-To: \"odd name\"@origin.example\n"},
      {"Subject: root\n", ""},
      {"X-To: root\n", ""},
      {"To: <>\n", "(unchanged)"},
      {"To:\n", "(unchanged)"},
      {"To: undisclosed-recipients:;\n", "(unchanged)"},
      {"To: x\\\n y\n", "To: \"x\\\\\"@origin.example\n y@origin.example\n"},
  };
  for (const auto& one : cases) EXPECT_EQ(Rewritten(one.field), one.expected) << one.field;
}

EnvelopeRecipients Recipients(const std::vector<std::string>& texts, bool keep_original = true) {
  EnvelopeRecipients recipients({.completion = Rules(),
                                 .empty_address_recipient = "MAILER-DAEMON",
                                 .enable_original_recipient = keep_original,
                                 .notify = {}});
  for (const auto& text : texts) recipients.AddText(text);
  return recipients;
}

TEST(Recipients, BecomeWholeAddressesEachOnce) {
  const struct {
    std::vector<std::string> texts;
    std::vector<std::string> expected;
  } cases[] = {
      {{"root"}, {"root@origin.example"}},
      {{"root", "ROOT@Origin.Example", "<root>"}, {"root@origin.example"}},
      {{"a@b, \"c d\" <e@f>"}, {"a@b", "e@f"}},
      {{"(nothing)"}, {"MAILER-DAEMON@origin.example"}},
      {{""}, {"MAILER-DAEMON@origin.example"}},
      {{"<@r:a@b>"}, {"a@b"}},
      {{"-oi"}, {"-oi@origin.example"}},
  };
  for (const auto& one : cases) {
    std::vector<std::string> got;
    for (const auto& recipient : Recipients(one.texts).Take()) got.push_back(recipient.address);
    EXPECT_EQ(got, one.expected) << one.texts.front();
  }
}

TEST(Recipients, RememberWhatWasSubmitted) {
  EXPECT_EQ(Recipients({"root"}).Take().at(0).original, "root");
  EXPECT_EQ(Recipients({"a@b"}).Take().at(0).original, "");
  EXPECT_EQ(Recipients({"root"}, false).Take().at(0).original, "");
}

TEST(Recipients, StayMalformedWhenTheyAre) {
  using namespace std::string_literals;
  for (const std::string& text : {"a\x01"
                                  "b@c"s,
                                  "j\xf6rg@x"s, "user@"s, "@x"s, "a@b..c"s, "a\0b@c"s, "a@1.2.3.4"s,
                                  std::string(3000, 'a'), "\"a\x1b[2J\"@c"s}) {
    const auto recipients = Recipients({text}).Take();
    ASSERT_EQ(recipients.size(), 1U);
    EXPECT_FALSE(mail::IsValidAddress(recipients[0].address)) << recipients[0].address;
    EXPECT_LE(recipients[0].address.size(), mail::kMaxAddress);
    EXPECT_FALSE(recipients[0].address.empty());
    EXPECT_EQ(recipients[0].address.find('\x1b'), std::string::npos);
  }
}

TEST(Recipients, StopAtTheMost) {
  EnvelopeRecipients recipients = Recipients({});
  for (size_t i = 0; i <= mail::kMaxRecipients; ++i) recipients.Add("u" + std::to_string(i) + "@x");
  EXPECT_TRUE(recipients.overflow());
  EXPECT_EQ(recipients.size(), mail::kMaxRecipients);
}

TEST(Sender, IsTheFirstAddressMadeWhole) {
  const struct {
    std::string_view text;
    std::string_view expected;
    bool malformed;
  } cases[] = {
      {"root", "root@origin.example", false},
      {"", "", false},
      {"<>", "", false},
      {"a@b, c@d", "a@b", false},
      {"Name <a@b>", "a@b", false},
      {"MAILER-DAEMON", "", false},
      {"mailer-daemon@ORIGIN.example", "", false},
      {"a@b..c", "", true},
      {"j\xf6rg@x", "", true},
      {"(who)", "", true},
  };
  for (const auto& one : cases) {
    const EnvelopeSender sender = ReadSender(one.text, Rules());
    EXPECT_EQ(sender.address, one.expected) << one.text;
    EXPECT_EQ(sender.malformed, one.malformed) << one.text;
  }
}

TEST(Limits, CountOurOwnHopAndAllBytes) {
  EXPECT_FALSE(CheckHops(48, 50));
  EXPECT_TRUE(CheckHops(49, 50));
  EXPECT_FALSE(CheckSize(100, 100));
  EXPECT_TRUE(CheckSize(101, 100));
  EXPECT_FALSE(CheckSize(UINT64_MAX, 0)) << "0 is no limit";
}

TEST(Limits, CutAFieldToWhatIsStillAField) {
  EXPECT_EQ(CutField("Subject: abc\n", 100), "Subject: abc\n");
  EXPECT_EQ(CutField("Subject: abc\n", 11), "Subject: ab\n");
  EXPECT_EQ(CutField("Subject: a\n b\n", 11), "Subject: a\n");
  EXPECT_EQ(CutField("Subject: abc\n", 7), "");
}

TEST(DroppedHeaders, AreKnownByNameWhateverTheCase) {
  const std::vector<std::string> dropped = {"bcc", "return-path"};
  EXPECT_TRUE(IsDroppedHeader("BCC", dropped));
  EXPECT_TRUE(IsDroppedHeader("Return-Path", dropped));
  EXPECT_FALSE(IsDroppedHeader("X-Bcc", dropped));
  EXPECT_FALSE(IsDroppedHeader("Bc", dropped));
}

TEST(BodyType, SeesOneByteOutsideAscii) {
  EXPECT_FALSE(HasEightBitBytes(""));
  EXPECT_FALSE(HasEightBitBytes(std::string_view("\0\x7f", 2)));
  EXPECT_TRUE(HasEightBitBytes(std::string(1000, 'a') + "\x80"));
}

}  // namespace
}  // namespace outpost::pickup
