#include "queue-runner/bounce.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using testing::HasSubstr;
using testing::Not;

queue::QueuedMessage Original() {
  queue::QueuedMessage original;
  original.id = mail::QueueId::Make(std::chrono::seconds(1), 2);
  original.envelope.sender = "sender@example.org";
  original.arrival = std::chrono::seconds(1700000000);
  original.content_bytes = 100;
  original.header_bytes = 40;
  return original;
}

FailedRecipient Refused() {
  FailedRecipient failed;
  failed.recipient.address = "rcpt@example.net";
  failed.status = "5.1.1";
  failed.text = "550 5.1.1 <rcpt@example.net>: no such user";
  failed.relay = "mx.example.net[192.0.2.1]:25";
  return failed;
}

NoticeFacts Facts() {
  NoticeFacts facts;
  facts.id = mail::QueueId::Make(std::chrono::seconds(3), 4);
  facts.now = std::chrono::seconds(1700001000);
  facts.myhostname = "host.example.org";
  facts.myorigin = "example.org";
  facts.mail_name = "Outpost";
  facts.quoted = "Subject: hello\nFrom: sender@example.org\n\nbody\n";
  facts.whole = true;
  return facts;
}

TEST(Bounce, GoesToTheSenderFromTheNullSender) {
  const Notice notice = FormatNotice(Original(), {Refused()}, Facts());
  EXPECT_EQ(notice.envelope.sender, "");
  ASSERT_EQ(notice.envelope.recipients.size(), 1U);
  EXPECT_EQ(notice.envelope.recipients[0].address, "sender@example.org");
  EXPECT_THAT(notice.content, HasSubstr("\nTo: sender@example.org\n"));
  EXPECT_THAT(notice.content, HasSubstr("\nFrom: MAILER-DAEMON@example.org (Mail Delivery System)\n"));
  EXPECT_THAT(notice.content, HasSubstr("\nAuto-Submitted: auto-replied\n"));
  EXPECT_THAT(notice.content, HasSubstr("\nSubject: Undelivered Mail Returned to Sender\n"));
}

TEST(Bounce, OfVeryManyRecipientsFitsItsPlaceAndLeavesNobodyOut) {
  FailedRecipient longest = Refused();
  longest.recipient.address.assign(mail::kMaxAddress, 'a');
  longest.recipient.original.assign(mail::kMaxAddress, 'b');
  for (int i = 0; i < 50; ++i) longest.text += " " + std::string(36, 'c');  // worst for broken lines
  queue::QueuedMessage original = Original();
  original.envelope.sender.assign(mail::kMaxAddress, 's');
  NoticeFacts facts = Facts();
  facts.quoted = "";
  for (const auto& kind : {Refused(), longest}) {
    std::vector<FailedRecipient> left(5000, kind);
    size_t notices = 0;
    while (!left.empty() && ++notices < 5000) {
      const size_t count = CountForOneNotice(left);
      ASSERT_GE(count, 1U);
      const std::vector<FailedRecipient> told(left.begin(), left.begin() + static_cast<ptrdiff_t>(count));
      EXPECT_LE(FormatNotice(original, told, facts).content.size(), kMaxNoticeText);
      left.erase(left.begin(), left.begin() + static_cast<ptrdiff_t>(count));
    }
    EXPECT_TRUE(left.empty());
    EXPECT_GT(notices, 1U);
  }
}

TEST(Bounce, HasAHeaderOfTheLengthThatItSays) {
  const Notice notice = FormatNotice(Original(), {Refused()}, Facts());
  EXPECT_EQ(notice.content.find("\n\n") + 1, notice.header_bytes);
  EXPECT_THAT(notice.content.substr(0, notice.header_bytes), HasSubstr("Message-Id: " + notice.message_id));
}

TEST(Bounce, IsAReportInThreeParts) {
  const Notice notice = FormatNotice(Original(), {Refused()}, Facts());
  const std::string& text = notice.content;
  const std::string boundary = "=_" + Facts().id.text();
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
  const Notice notice = FormatNotice(Original(), {Refused()}, Facts());
  const size_t reason = notice.content.find("<rcpt@example.net>: 550 5.1.1");
  EXPECT_LT(reason, notice.content.find("message/delivery-status"));
}

TEST(Bounce, CarriesTheFieldsOfADeliveryStatus) {
  auto original = Original();
  original.envelope.envelope_id = "QQ+2B1";
  FailedRecipient failed = Refused();
  failed.recipient.orcpt = "rfc822;Rcpt+2Bx@example.net";
  const std::string text = FormatNotice(original, {failed}, Facts()).content;
  for (const char* field :
       {"\nReporting-MTA: dns; host.example.org\n", "\nOriginal-Envelope-Id: QQ+1\n",
        "\nX-Outpost-Sender: rfc822; sender@example.org\n",
        "\nArrival-Date: ", "\nFinal-Recipient: rfc822; rcpt@example.net\n",
        "\nOriginal-Recipient: rfc822; Rcpt+x@example.net\n", "\nAction: failed\n", "\nStatus: 5.1.1\n",
        "\nRemote-MTA: dns; mx.example.net\n", "\nDiagnostic-Code: smtp; 550 5.1.1"}) {
    EXPECT_THAT(text, HasSubstr(field));
  }
  EXPECT_THAT(text, HasSubstr("\nX-Outpost-Queue-ID: " + original.id.text() + "\n"));
}

TEST(Bounce, NamesNoRemoteServerWhereNoneWasAsked) {
  FailedRecipient failed = Refused();
  failed.relay.clear();
  failed.text = "bad address syntax";
  const std::string text = FormatNotice(Original(), {failed}, Facts()).content;
  EXPECT_THAT(text, HasSubstr("\nDiagnostic-Code: x-outpost; bad address syntax\n"));
  EXPECT_THAT(text, Not(HasSubstr("Remote-MTA")));
}

TEST(Bounce, GivesTheRelaysOwnWordsAsDiagnosticCode) {
  FailedRecipient failed = Refused();
  failed.text = "host mx.example.net[192.0.2.1]:25 said: 550 5.1.1 nobody (in reply to RCPT TO command)";
  EXPECT_THAT(FormatNotice(Original(), {failed}, Facts()).content,
              HasSubstr("\nDiagnostic-Code: smtp; 550 5.1.1 nobody\n"));
}

TEST(Bounce, KeepsTheStatusOfTheLastAttemptOfAnExpiredRecipient) {
  FailedRecipient failed = Refused();
  failed.expired = true;
  failed.status = "4.4.1";
  failed.text = "connect to mx: refused";
  const std::string text = FormatNotice(Original(), {failed}, Facts()).content;
  EXPECT_THAT(text, HasSubstr("\nAction: failed\nStatus: 4.4.1\n"));
  EXPECT_THAT(text, HasSubstr("given up after trying for too long"));
}

TEST(Bounce, QuotesHeadersAloneAsSuch) {
  NoticeFacts facts = Facts();
  facts.quoted = "Subject: hello";
  facts.whole = false;
  const std::string text = FormatNotice(Original(), {Refused()}, facts).content;
  EXPECT_THAT(text, HasSubstr("Content-Type: text/rfc822-headers\n"));
  EXPECT_THAT(text, HasSubstr("\nReturn-Path: <sender@example.org>\nSubject: hello\n"));
}

TEST(Bounce, DeclaresEightBitsWhereTheOriginalHasThem) {
  NoticeFacts facts = Facts();
  facts.quoted = "Subject: gr\xc3\xbc\xc3\x9f\n\n";
  const Notice notice = FormatNotice(Original(), {Refused()}, facts);
  EXPECT_EQ(notice.envelope.body, mail::BodyType::k8BitMime);
  EXPECT_THAT(notice.content, HasSubstr("Content-Transfer-Encoding: 8bit\n"));
  EXPECT_THAT(notice.content, HasSubstr("message/delivery-status"));
}

TEST(Bounce, UsesTheInternationalTypesForAddressesBeyondAscii) {
  FailedRecipient failed = Refused();
  failed.recipient.address = "j\xc3\xbcrgen@example.net";
  const Notice notice = FormatNotice(Original(), {failed}, Facts());
  EXPECT_THAT(notice.content, HasSubstr("message/global-delivery-status"));
  EXPECT_THAT(notice.content, HasSubstr("Final-Recipient: utf-8; j\xc3\xbcrgen@example.net"));
  EXPECT_FALSE(notice.envelope.smtputf8);  // the notice's own addresses are ASCII
}

TEST(Bounce, WritesNoLineThatIsTooLongForMail) {
  FailedRecipient failed = Refused();
  failed.text = std::string(1900, 'x') + " " + std::string(100, 'y');
  const std::string text = FormatNotice(Original(), {failed}, Facts()).content;
  size_t longest = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  EXPECT_LE(longest, 990U);
}

TEST(Bounce, QuotesTheWholeMessageOnlyWithinTheLimitAndUnlessHeadersWereAskedFor) {
  const struct {
    uint64_t content;
    uint64_t header;
    mail::ReturnContent ret;
    size_t limit;
    size_t bytes;
    bool whole;
  } kCases[] = {
      {100, 40, mail::ReturnContent::kUnspecified, 100, 100, true},
      {101, 40, mail::ReturnContent::kUnspecified, 100, 40, false},
      {100, 40, mail::ReturnContent::kHeaders, 1000, 40, false},
      {100, 40, mail::ReturnContent::kFull, 1000, 100, true},
      {5000, 4000, mail::ReturnContent::kFull, 1000, 1000, false},
  };
  for (const auto& one : kCases) {
    auto original = Original();
    original.content_bytes = one.content;
    original.header_bytes = one.header;
    original.envelope.ret = one.ret;
    const Quotation quotation = Quote(original, one.limit);
    EXPECT_EQ(quotation.bytes, one.bytes);
    EXPECT_EQ(quotation.whole, one.whole);
  }
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
    EXPECT_EQ(WantsFailureNotice(recipient), one.wanted) << one.notify;
  }
}

}  // namespace
}  // namespace outpost::queue_runner
