#include "queue-runner/bounce.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using testing::HasSubstr;
using testing::Not;

// What a test says of a notice, and what comes of it.
struct Facts {
  ReportedMessage original{mail::QueueId::Make(std::chrono::seconds(1), 2).text(),
                           "sender@example.org",
                           std::chrono::seconds(1700000000),
                           "",
                           {}};
  ReportRequest request;
  std::string quoted = "Subject: hello\nFrom: sender@example.org\n\nbody\n";
  bool whole = true;
  Policy policy;
  Facts() {
    policy.myhostname = "host.example.org";
    policy.myorigin = "example.org";
    policy.mail_name = "Outpost";
    policy.notices.double_bounce_sender = "double-bounce@example.org";
  }
};

RecipientReport Refused() {
  RecipientReport failed;
  failed.recipient.address = "rcpt@example.net";
  failed.status = "5.1.1";
  failed.text = "550 5.1.1 <rcpt@example.net>: no such user";
  failed.relay = "mx.example.net[192.0.2.1]:25";
  return failed;
}

struct Notice {
  std::string content;
  size_t header_bytes = 0;
  SystemMail mail;
};

Notice Format(Facts facts, std::vector<RecipientReport> failed = {Refused()}) {
  facts.original.recipients = std::move(failed);
  facts.request.messages.insert(facts.request.messages.begin(), facts.original);
  facts.request.quotation = {facts.quoted.size(), facts.whole, false};
  Notice notice;
  notice.mail.id = mail::QueueId::Make(std::chrono::seconds(3), 4);
  notice.mail.now = std::chrono::seconds(1700001000);
  notice.mail.recipient = facts.original.sender;
  const SystemMailText text = FormatReport(facts.request, facts.policy, notice.mail);
  notice.header_bytes = text.header_bytes;
  notice.content = text.front + facts.quoted + text.tail;
  return notice;
}

TEST(Bounce, GoesToTheSenderFromTheNullSender) {
  const Notice notice = Format({});
  EXPECT_EQ(notice.mail.sender, "");
  EXPECT_THAT(notice.content, HasSubstr("\nTo: sender@example.org\n"));
  EXPECT_THAT(notice.content, HasSubstr("\nFrom: MAILER-DAEMON@example.org (Mail Delivery System)\n"));
  EXPECT_THAT(notice.content, HasSubstr("\nAuto-Submitted: auto-replied\n"));
  EXPECT_THAT(notice.content, HasSubstr("\nSubject: Undelivered Mail Returned to Sender\n"));
}

TEST(Bounce, OfVeryManyRecipientsFitsItsPlaceAndLeavesNobodyOut) {
  RecipientReport longest = Refused();
  longest.recipient.address.assign(mail::kMaxAddress, 'a');
  longest.recipient.original.assign(mail::kMaxAddress, 'b');
  for (int i = 0; i < 50; ++i) longest.text += " " + std::string(36, 'c');  // worst for broken lines
  Facts facts;
  facts.original.sender.assign(mail::kMaxAddress, 's');
  facts.quoted = "";
  for (const auto& kind : {Refused(), longest}) {
    std::vector<RecipientReport> left(3000, kind);
    size_t notices = 0;
    while (!left.empty() && ++notices < 3000) {
      const size_t count = CountForOneNotice(left);
      ASSERT_GE(count, 1U);
      const std::vector<RecipientReport> told(left.begin(), left.begin() + static_cast<ptrdiff_t>(count));
      EXPECT_LE(Format(facts, told).content.size(), kMaxNoticeText);
      left.erase(left.begin(), left.begin() + static_cast<ptrdiff_t>(count));
    }
    EXPECT_TRUE(left.empty());
    EXPECT_GT(notices, 1U);
  }
}

TEST(Bounce, HasAHeaderOfTheLengthThatItSays) {
  const Notice notice = Format({});
  EXPECT_EQ(notice.content.find("\n\n") + 1, notice.header_bytes);
  EXPECT_THAT(notice.content.substr(0, notice.header_bytes),
              HasSubstr("Message-Id: " + MessageIdOf(notice.mail, Facts().policy)));
}

TEST(Bounce, IsAReportInThreeParts) {
  const Notice notice = Format({});
  const std::string& text = notice.content;
  const std::string boundary = "=_" + notice.mail.id.text();
  EXPECT_THAT(text, HasSubstr("Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"" +
                              boundary + "\"\n"));
  size_t parts = 0;
  for (size_t at = text.find("\n--" + boundary); at != std::string::npos;
       at = text.find("\n--" + boundary, at + 1)) {
    ++parts;
  }
  EXPECT_EQ(parts, 4U);  // three beginnings and the end
  EXPECT_TRUE(text.ends_with("\n--" + boundary + "--\n"));
  const size_t words = text.find("text/plain; charset=us-ascii");
  const size_t status = text.find("Content-Type: message/delivery-status\n");
  const size_t original = text.find("Content-Type: message/rfc822\n");
  EXPECT_LT(words, status);
  EXPECT_LT(status, original);
  EXPECT_NE(original, std::string::npos);
}

TEST(Bounce, SaysInPlainWordsWhoAndWhyFirst) {
  const Notice notice = Format({});
  const std::string& text = notice.content;
  const std::string words = text.substr(text.find("us-ascii\n\n") + 10, 700);
  const std::string first = words.substr(0, words.find("\n\n"));
  std::string line = first;
  std::ranges::replace(line, '\n', ' ');
  EXPECT_TRUE(line.starts_with("Your message of Tue, 14 Nov 2023")) << line;
  EXPECT_THAT(line, HasSubstr("to <rcpt@example.net> could not be delivered. "));
  EXPECT_THAT(line, HasSubstr(" The answer of mx.example.net was: 550 5.1.1 "));
  const size_t reason = text.find("<rcpt@example.net>: 550 5.1.1");
  EXPECT_LT(reason, text.find("message/delivery-status"));
}

TEST(Bounce, CarriesTheFieldsOfADeliveryStatus) {
  Facts facts;
  facts.original.envelope_id = "QQ+2B1";
  RecipientReport failed = Refused();
  failed.recipient.orcpt = "rfc822;Rcpt+2Bx@example.net";
  const std::string text = Format(facts, {failed}).content;
  for (const char* field :
       {"\nReporting-MTA: dns; host.example.org\n", "\nOriginal-Envelope-Id: QQ+1\n",
        "\nX-Outpost-Sender: rfc822; sender@example.org\n",
        "\nArrival-Date: ", "\nFinal-Recipient: rfc822; rcpt@example.net\n",
        "\nOriginal-Recipient: rfc822; Rcpt+x@example.net\n", "\nAction: failed\n", "\nStatus: 5.1.1\n",
        "\nRemote-MTA: dns; mx.example.net\n", "\nDiagnostic-Code: smtp; 550 5.1.1"}) {
    EXPECT_THAT(text, HasSubstr(field));
  }
  EXPECT_THAT(text, HasSubstr("\nX-Outpost-Queue-ID: " + facts.original.id + "\n"));
}

TEST(Bounce, NamesNoRemoteServerWhereNoneWasAsked) {
  RecipientReport failed = Refused();
  failed.relay.clear();
  failed.text = "bad address syntax";
  const std::string text = Format({}, {failed}).content;
  EXPECT_THAT(text, HasSubstr("\nDiagnostic-Code: x-outpost; bad address syntax\n"));
  EXPECT_THAT(text, Not(HasSubstr("Remote-MTA")));
}

TEST(Bounce, GivesTheRelaysOwnWordsAsDiagnosticCode) {
  RecipientReport failed = Refused();
  failed.text = "host mx.example.net[192.0.2.1]:25 said: 550 5.1.1 nobody (in reply to RCPT TO command)";
  EXPECT_THAT(Format({}, {failed}).content, HasSubstr("\nDiagnostic-Code: smtp; 550 5.1.1 nobody\n"));
}

TEST(Bounce, KeepsTheStatusOfTheLastAttemptOfAnExpiredRecipient) {
  RecipientReport failed = Refused();
  failed.expired = true;
  failed.status = "4.4.1";
  failed.text = "connect to mx: refused";
  const std::string text = Format({}, {failed}).content;
  EXPECT_THAT(text, HasSubstr("\nAction: failed\nStatus: 4.4.1\n"));
  EXPECT_THAT(text, HasSubstr("given up after trying for too long"));
}

TEST(Bounce, QuotesHeadersAloneAsSuch) {
  Facts facts;
  facts.quoted = "Subject: hello\n";
  facts.whole = false;
  const std::string text = Format(facts).content;
  EXPECT_THAT(text, HasSubstr("Content-Type: text/rfc822-headers\n"));
  EXPECT_THAT(text, HasSubstr("\nReturn-Path: <sender@example.org>\nSubject: hello\n"));
}

TEST(Bounce, UsesTheInternationalTypesForAddressesBeyondAscii) {
  RecipientReport failed = Refused();
  failed.recipient.address = "j\xc3\xbcrgen@example.net";
  const Notice notice = Format({}, {failed});
  EXPECT_THAT(notice.content, HasSubstr("message/global-delivery-status"));
  EXPECT_THAT(notice.content, HasSubstr("Final-Recipient: utf-8; j\xc3\xbcrgen@example.net"));
  EXPECT_TRUE(notice.mail.eight_bit);
  EXPECT_FALSE(notice.mail.smtputf8);  // the notice's own addresses are ASCII
}

TEST(Bounce, WritesNoLineThatIsTooLongForMail) {
  RecipientReport failed = Refused();
  failed.text = std::string(1900, 'x') + " " + std::string(100, 'y');
  const std::string text = Format({}, {failed}).content;
  size_t longest = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  EXPECT_LE(longest, 990U);
}

TEST(Bounce, OfADelaySaysUntilWhenItIsTried) {
  Facts facts;
  facts.request.kind = queue::ReportKind::kDelayed;
  facts.request.will_retry_until = std::chrono::seconds(1700432000);
  facts.whole = false;
  RecipientReport late = Refused();
  late.status = "4.4.1";
  late.text = "connect to mx.example.net[192.0.2.1]:25: Connection refused";
  const std::string text = Format(facts, {late}).content;
  EXPECT_THAT(text, HasSubstr("\nSubject: Delayed Mail (still being retried)\n"));
  EXPECT_THAT(text, HasSubstr("\nAction: delayed\nStatus: 4.4.1\n"));
  EXPECT_THAT(text, HasSubstr("\nWill-Retry-Until: Sun, 19 Nov 2023"));
  EXPECT_THAT(text, HasSubstr("It is still"));
}

TEST(Bounce, OfWhatARelayTookSaysSo) {
  Facts facts;
  facts.request.kind = queue::ReportKind::kRelayed;
  facts.whole = false;
  RecipientReport sent = Refused();
  sent.status = "2.0.0";
  sent.text = "250 2.0.0 Ok: queued as 4711";
  const std::string text = Format(facts, {sent}).content;
  EXPECT_THAT(text, HasSubstr("\nSubject: Successful Mail Delivery Report\n"));
  EXPECT_THAT(text, HasSubstr("\nAction: relayed\nStatus: 2.0.0\n"));
  EXPECT_THAT(text, HasSubstr("Content-Description: Message Headers\n"));
}

TEST(Bounce, ForTheAdministratorComesFromAnAddressOfItsOwn) {
  Facts facts;
  facts.request.kind = queue::ReportKind::kFailedCopy;
  const Notice copy = Format(facts);
  EXPECT_EQ(copy.mail.sender, "double-bounce@example.org");
  EXPECT_THAT(copy.content, HasSubstr("\nSubject: Postmaster Copy: Undelivered Mail\n"));
  EXPECT_THAT(copy.content, HasSubstr("\nAuto-Submitted: auto-generated\n"));
  EXPECT_THAT(copy.content, HasSubstr("The message of <sender@example.org>"));
}

TEST(Bounce, OfSeveralMessagesNamesEachByItsQueueId) {
  Facts facts;
  ReportedMessage other = facts.original;
  other.id = "other";
  other.envelope_id = "E2";
  other.recipients = {Refused(), Refused()};
  facts.request.messages.push_back(other);
  facts.quoted = "";
  const std::string text = Format(facts).content;
  EXPECT_THAT(text, HasSubstr("2 of your messages, to 3 recipients could not be delivered."));
  EXPECT_THAT(text, HasSubstr("Message other of Tue, 14 Nov 2023"));
  EXPECT_THAT(text, HasSubstr("\nX-Outpost-Original-Envelope-Id: E2\nX-Outpost-Queue-ID: other\n"));
  EXPECT_THAT(text, Not(HasSubstr("rfc822-headers")));
}

TEST(Bounce, SpeaksInTheAdministratorsWordsWhereThereAreSome) {
  Facts facts;
  facts.policy.notices.templates.failure =
      conf::NoticeTemplate{"utf-8", "helpdesk@example.org", "Sorry", "Copy", "We are sorry.\n"};
  const std::string text = Format(facts).content;
  EXPECT_THAT(text, HasSubstr("\nFrom: helpdesk@example.org\nSubject: Sorry\n"));
  EXPECT_THAT(text, HasSubstr("us-ascii\n\nWe are sorry.\n\n<rcpt@example.net>: 550 5.1.1"));
  facts.request.kind = queue::ReportKind::kFailedCopy;
  EXPECT_THAT(Format(facts).content, HasSubstr("\nSubject: Copy\n"));
}

TEST(Bounce, IsSentToThoseWhoWantIt) {
  const struct {
    const char* notify;
    bool wanted;
  } kCases[] = {{"", true},         {"NEVER", false}, {"FAILURE", true},
                {"SUCCESS", false}, {"DELAY", false}, {"SUCCESS,FAILURE", true}};
  for (const auto& one : kCases) {
    mail::Recipient recipient;
    if (*one.notify != '\0') {
      ASSERT_TRUE(mail::Notify::Parse(one.notify, recipient.notify));
    }
    EXPECT_EQ(WantsReport(recipient, queue::ReportKind::kFailed), one.wanted) << one.notify;
  }
}

}  // namespace
}  // namespace outpost::queue_runner
