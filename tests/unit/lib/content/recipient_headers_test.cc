#include "lib/content/recipient_headers.h"

#include <gtest/gtest.h>

#include "lib/mail/envelope.h"

namespace outpost::content {
namespace {

using namespace std::string_literals;
using Strings = std::vector<std::string>;

Strings Extract(std::string_view text) {
  RecipientExtractor extractor;
  for (const char c : text) extractor.Feed(std::string_view(&c, 1));
  return std::move(extractor).Finish().Recipients();
}

TEST(RecipientHeaders, AreToCcAndBcc) {
  EXPECT_EQ(
      Extract("From: f@x\nTo: a@b, C <c@d>\nCC: e\nSubject: g@h\nbcc : i@j\nApparently-To: k\n\nTo: no@body\n"),
      (Strings{"a@b", "c@d", "e", "i@j"}));
  EXPECT_EQ(Extract("To: undisclosed-recipients:;, <>\n"), Strings{});
  EXPECT_EQ(Extract("To: a@b,\r\n c@d\r\n\r\n"), (Strings{"a@b", "c@d"}));
  EXPECT_EQ(Extract("From x\nTo: a@b"), Strings{"a@b"});
  EXPECT_EQ(Extract(""), Strings{});
}

TEST(RecipientHeaders, AreTheResentOnesAloneWhereThereAreAny) {
  EXPECT_EQ(Extract("To: a\nResent-To: b\nCc: c\nResent-Bcc: d\nBcc: e\n\n"), (Strings{"b", "d"}));
  EXPECT_EQ(Extract("To: a\nResent-Bcc:\n\n"), Strings{});
  EXPECT_EQ(Extract("To: a\nResent-From: b\n\n"), Strings{"a"});
}

// Attack S27: what would be delivered as header must be seen as header here.
TEST(RecipientHeaders, AreFoundBehindNulsFoldsAndBlanks) {
  EXPECT_EQ(Extract("To: a\n\0\nBcc: b\nB\0cc : c\nBCC\t:\n d\n\n"s), (Strings{"a", "b", "c", "d"}));
}

TEST(RecipientHeaders, SayWhenThereAreTooMany) {
  RecipientHeaders headers;
  Field field;
  field.name = "To";
  for (int i = 0; i < 1000; ++i) field.body += " user" + std::to_string(i) + "@example.org,";
  for (size_t i = 0; i < mail::kMaxRecipients / 1000; ++i) headers.Add(field);
  EXPECT_FALSE(headers.overflow());
  headers.Add(field);
  EXPECT_TRUE(headers.overflow());
  EXPECT_EQ(std::move(headers).Recipients().size(), mail::kMaxRecipients);
}

// Half an address at the end of a cut field must not become a recipient unnoticed.
TEST(RecipientHeaders, SayWhenAFieldIsTooLong) {
  for (const size_t bytes : {kRecipientFieldBytes - 10, kRecipientFieldBytes + 10}) {
    RecipientExtractor extractor;
    extractor.Feed("To: x@y (" + std::string(bytes - 20, 'c') + "), a@b\n\n");
    EXPECT_EQ(std::move(extractor).Finish().overflow(), bytes > kRecipientFieldBytes);
  }
}

}  // namespace
}  // namespace outpost::content
