#include "pickup/cleanup/cleanup.h"

#include <sysexits.h>

#include <gtest/gtest.h>

#include "tests/unit/pickup/samples.h"

namespace outpost::pickup {
namespace {

using namespace std::string_literals;

struct Cleaned {
  CleanedMessage message;
  std::string content;
  std::string header;  // without what is ours: the Received field
};

Cleaned Clean(const std::string& text, spool::RecordHead head = SampleHead(),
              const conf::PickupSettings& settings = SampleSettings(), size_t chunk = 1 << 20) {
  head.size_bytes = text.size();
  auto directory = sys::OpenDirectory("/tmp");
  auto scratch = sys::Scratch::Make(*directory);
  Cleanup cleanup(settings, head, 1000, std::move(*scratch));
  for (size_t i = 0; i < text.size(); i += chunk) {
    EXPECT_TRUE(cleanup.Feed(std::string_view(text).substr(i, chunk)));
  }
  auto message = std::move(cleanup).Finish();
  Cleaned out;
  EXPECT_TRUE(message);
  out.message = std::move(*message);
  out.content.resize(out.message.content.size());
  EXPECT_TRUE(sys::ReadAt(out.message.content.view(), out.content, 0));
  out.header = out.content.substr(0, out.message.header_bytes);
  const size_t ours = out.header.find('\n', out.header.find('\n') + 1) + 1;
  out.header.erase(0, ours);
  return out;
}

constexpr std::string_view kWholeHeader = "From: a@b.example\nDate: x\nMessage-Id: <1@x>\n";
std::string Whole(std::string_view rest) { return std::string(kWholeHeader) + std::string(rest); }

std::vector<std::string> Addresses(const Cleaned& cleaned) {
  std::vector<std::string> out;
  for (const auto& recipient : cleaned.message.envelope.recipients) out.push_back(recipient.address);
  return out;
}

TEST(Cleanup, PutsOurTraceAboveAMessageThatNeedsNothing) {
  const std::string text = Whole("To: x@y.example\nSubject: caf\xc3\xa9\n\nbody\n\n.\n");
  const Cleaned cleaned = Clean(text);
  const std::string received = "Received: by host.example (Outpost, from userid 1000)\n\tid " +
                               SampleHead().id.text() + "; " + mail::FormatDate(SampleHead().arrival) + "\n";
  EXPECT_EQ(cleaned.content, received + text);
  EXPECT_EQ(cleaned.message.header_bytes, cleaned.content.find("\n\n") + 1);
  EXPECT_EQ(cleaned.message.message_id, "<1@x>");
  EXPECT_EQ(cleaned.message.envelope.body, mail::BodyType::k8BitMime);
  EXPECT_FALSE(cleaned.message.refusal);
}

TEST(Cleanup, IsTheSameHoweverTheMessageIsCut) {
  const std::string text = "From x\r\nTo: root,\r\n b\r\nBcc: c\r\n\r\nbody\r\n\0x\r\nlast"s;
  const std::string whole = Clean(text).content;
  for (size_t chunk = 1; chunk < text.size(); ++chunk) {
    EXPECT_EQ(Clean(text, SampleHead(), SampleSettings(), chunk).content, whole) << chunk;
  }
}

TEST(Cleanup, KeepsBodiesAsTheyAre) {
  const struct {
    std::string text;
    std::string body;
  } cases[] = {
      {"", ""},
      {"\n", ""},
      {"\n\n", "\n"},
      {"no header at all", "no header at all\n"},
      {"Subject: x", ""},
      {"Subject: x\n\n", ""},
      {"Subject: x\n\n.\n..\n", ".\n..\n"},
      {"Subject: x\n\na\0b\n"s, "a\0b\n"s},
      {"Subject: x\n\n\xff\xfe\n", "\xff\xfe\n"},
      {"Subject: x\n\nFrom here\n", "From here\n"},
      {"Subject: x\nnot a field\n", "not a field\n"},
      {"Subject: x\n\nno newline", "no newline\n"},
      {"Subject: x\n\n" + std::string(10000000, 'x'), std::string(10000000, 'x') + "\n"},
  };
  for (const auto& one : cases) {
    const Cleaned cleaned = Clean(one.text);
    EXPECT_EQ(cleaned.content.substr(cleaned.message.header_bytes), "\n" + one.body) << one.text.substr(0, 80);
    EXPECT_EQ(cleaned.content.substr(0, cleaned.message.header_bytes).find("\n\n"), std::string::npos);
  }
}

TEST(Cleanup, TellsSevenFromEightBits) {
  EXPECT_EQ(Clean(Whole("\nplain\n")).message.envelope.body, mail::BodyType::k7Bit);
  EXPECT_EQ(Clean(Whole("\n" + std::string(100000, 'a') + "\x80\n")).message.envelope.body,
            mail::BodyType::k8BitMime);
  EXPECT_EQ(Clean(Whole("Subject: \xe9\n\n")).message.envelope.body, mail::BodyType::k8BitMime);
}

TEST(Cleanup, AddsWhatIsMissingAtTheEndOfTheHeader) {
  spool::RecordHead head = SampleHead();
  head.full_name = "Root User";
  EXPECT_EQ(Clean("Subject: x\n\nb\n", head).header, "Subject: x\nMessage-Id: <" + head.id.text() +
                                                         "@host.example>\nDate: " + mail::FormatDate(head.arrival) +
                                                         "\nFrom: Root User <root@origin.example>\n");
  head.sender.clear();
  EXPECT_TRUE(Clean("\n", head).header.ends_with("\nFrom: MAILER-DAEMON@origin.example\n"));
}

TEST(Cleanup, LeavesTheHeaderOfRelayedMailAsItIs) {
  spool::RecordHead head = SampleHead();
  head.is_relayed = true;
  EXPECT_EQ(Clean("To: luis\nBcc: ana\n\nb\n", head).header, "To: luis\n");
  EXPECT_EQ(Addresses(Clean("To: luis\n\n", head)), std::vector<std::string>{"x@y.example"});
  conf::PickupSettings settings = SampleSettings();
  settings.always_add_missing_headers = true;
  EXPECT_TRUE(Clean("To: luis\n\nb\n", head, settings).header.starts_with("To: luis\nMessage-Id: "));
}

// Attack S27: whoever is in Bcc must not be shown to the others.
TEST(Cleanup, LeavesNoBccHoweverItIsWritten) {
  const Cleaned cleaned =
      Clean(Whole("Bcc: secret@a\nbcc : secret@b\nTo: x@y.example\nBCC:\n secret@c,\n\tsecret@d\nB\0cc: secret@e\n"
                  "\0\nResent-Bcc: secret@f\nReturn-Path: <q>\nContent-Length: 3\n\nbody\n"s));
  EXPECT_EQ(cleaned.content.find("secret"), std::string::npos);
  EXPECT_EQ(cleaned.header, Whole("To: x@y.example\n"));
}

TEST(Cleanup, TakesRecipientsFromTheHeaderWhenAsked) {
  spool::RecordHead head = SampleHead();
  head.recipients = {"one"};
  head.extract_recipients = true;
  const std::string text = Whole("To: two, Three <three@c.example>\nBcc: ONE@origin.example, four@d\n\n");
  EXPECT_EQ(Addresses(Clean(text, head)),
            (std::vector<std::string>{"one@origin.example", "two@origin.example", "three@c.example", "four@d"}));
  head.extract_recipients = false;
  EXPECT_EQ(Addresses(Clean(text, head)), std::vector<std::string>{"one@origin.example"});
}

TEST(Cleanup, RefusesAMessageWithoutRecipients) {
  spool::RecordHead head = SampleHead();
  head.recipients.clear();
  head.extract_recipients = true;
  const Cleaned cleaned = Clean("Subject: x\n\nTo: in@body\n", head);
  ASSERT_TRUE(cleaned.message.refusal);
  EXPECT_EQ(cleaned.message.refusal->exit_code, EX_DATAERR);
}

TEST(Cleanup, RefusesWhatGoesRoundInCircles) {
  conf::PickupSettings settings = SampleSettings();
  settings.hopcount_limit = 3;
  const auto clean = [&](const std::string& text) { return Clean(text, SampleHead(), settings); };
  EXPECT_FALSE(clean("Received: a\n\nReceived: in the body\n").message.refusal);
  const Cleaned cleaned = clean("Received: a\nreceived: b\nSubject: x\n\nbody\n");
  ASSERT_TRUE(cleaned.message.refusal);
  EXPECT_EQ(cleaned.message.refusal->status, (mail::EnhancedStatus{5, 4, 0}));
  EXPECT_EQ(cleaned.content.size(), cleaned.message.header_bytes + 1) << "the header is enough for a report";
  EXPECT_EQ(Addresses(cleaned), std::vector<std::string>{"x@y.example"});
}

TEST(Cleanup, RefusesWhatIsTooLarge) {
  conf::PickupSettings settings = SampleSettings();
  settings.message_size_limit = 100;
  EXPECT_FALSE(Clean("\n" + std::string(99, 'x'), SampleHead(), settings).message.refusal);
  const Cleaned cleaned = Clean("Subject: s\n\n" + std::string(99, 'x'), SampleHead(), settings);
  ASSERT_TRUE(cleaned.message.refusal);
  EXPECT_EQ(cleaned.message.refusal->exit_code, EX_UNAVAILABLE);
  EXPECT_EQ(cleaned.message.refusal->status, (mail::EnhancedStatus{5, 3, 4}));
  EXPECT_EQ(cleaned.content.size(), cleaned.message.header_bytes + 1);
  EXPECT_NE(cleaned.content.find("Subject: s\n"), std::string::npos);
}

TEST(Cleanup, CutsFieldsButFindsAllRecipients) {
  conf::PickupSettings settings = SampleSettings();
  settings.header_size_limit = 1000;
  spool::RecordHead head = SampleHead();
  head.recipients.clear();
  head.extract_recipients = true;
  std::string to = "To: first@x.example";
  for (int i = 0; i < 1000; ++i) to += ",\n user" + std::to_string(i) + "@x.example";
  const Cleaned cleaned = Clean(Whole(to + "\nSubject: x\n\nbody\n"), head, settings);
  EXPECT_FALSE(cleaned.message.refusal);
  EXPECT_EQ(Addresses(cleaned).size(), 1001U);
  EXPECT_LT(cleaned.header.size(), 1200U);
  EXPECT_TRUE(cleaned.header.ends_with("\nSubject: x\n"));
  const Cleaned too_long = Clean(Whole("To: a@b, " + std::string(2000000, 'x') + "\n\n"), head, settings);
  ASSERT_TRUE(too_long.message.refusal) << "some recipients may not have been found";
  EXPECT_EQ(too_long.message.refusal->exit_code, EX_DATAERR);
}

TEST(Cleanup, DropsAFieldWhoseNameIsLongerThanAllowed) {
  conf::PickupSettings settings = SampleSettings();
  settings.header_size_limit = 100;
  EXPECT_EQ(Clean(Whole(std::string(200, 'X') + ": 1\nSubject: x\n\n"), SampleHead(), settings).header,
            Whole("Subject: x\n"));
}

TEST(Cleanup, CompletesSenderAndHeaderAddresses) {
  spool::RecordHead head = SampleHead();
  head.sender = "www-data";
  const Cleaned cleaned =
      Clean("From: root (Cron Daemon)\nTo: \"A, B\" <a>,\n b@c (x), d\nSubject: root\nDate: x\nMessage-Id: <m>\n\n",
            head);
  EXPECT_EQ(cleaned.message.envelope.sender, "www-data@origin.example");
  EXPECT_EQ(
      cleaned.header,
      "From: root@origin.example (Cron Daemon)\nTo: \"A, B\" <a@origin.example>,\n b@c (x), d@origin.example\n"
      "Subject: root\nDate: x\nMessage-Id: <m>\n");
}

TEST(Cleanup, MarksAddressesThatNeedSmtpUtf8) {
  spool::RecordHead head = SampleHead();
  EXPECT_FALSE(Clean("Subject: \xc3\xa9\n\n", head).message.envelope.smtputf8) << "text alone does not need it";
  head.recipients.emplace_back("j\xc3\xb6rg@x.example");
  EXPECT_TRUE(Clean("\n", head).message.envelope.smtputf8);
  head = SampleHead();
  head.sender = "j\xc3\xb6rg";
  EXPECT_TRUE(Clean("\n", head).message.envelope.smtputf8);
}

TEST(Cleanup, CarriesWhatTheEnvelopeAskedFor) {
  spool::RecordHead head = SampleHead();
  head.notify.failure = true;
  head.ret = mail::ReturnContent::kHeaders;
  head.envelope_id = "id+20x";
  const Cleaned cleaned = Clean("\n", head);
  EXPECT_EQ(cleaned.message.envelope.ret, mail::ReturnContent::kHeaders);
  EXPECT_EQ(cleaned.message.envelope.envelope_id, "id+20x");
  EXPECT_TRUE(cleaned.message.envelope.recipients.at(0).notify.failure);
}

TEST(Cleanup, GivesAMessageWithResentFieldsResentOnes) {
  const Cleaned cleaned = Clean(Whole("Resent-To: x@y.example\n\n"));
  EXPECT_NE(cleaned.header.find("\nResent-Message-Id: <"), std::string::npos);
  EXPECT_NE(cleaned.header.find("\nResent-Date: "), std::string::npos);
  EXPECT_NE(cleaned.header.find("\nResent-From: root@origin.example\n"), std::string::npos);
}

}  // namespace
}  // namespace outpost::pickup
