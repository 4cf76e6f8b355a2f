#include "smtp-client/reply.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

using namespace std::string_literals;

// All replies of `bytes`, fed in pieces of `step`.
std::vector<Reply> ParseAll(std::string_view bytes, size_t step, std::string& broken) {
  ReplyParser parser;
  std::vector<Reply> replies;
  while (!bytes.empty() && parser.broken().empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    while (!piece.empty() && parser.broken().empty()) {
      piece.remove_prefix(parser.Feed(piece));
      if (auto reply = parser.Take()) replies.push_back(*reply);
    }
  }
  broken = parser.broken();
  return replies;
}

struct Case {
  std::string name;
  std::string bytes;
  std::vector<std::string> texts;  // of the complete replies
  bool breaks = false;
};

// S20: what relays, and those who play one, have been seen to send.
const std::vector<Case> kCorpus = {
    {"one line", "250 Ok\r\n", {"250 Ok"}},
    {"bare LF ends a line", "250 Ok\n", {"250 Ok"}},
    {"no text", "250\r\n", {"250"}},
    {"blank and no text", "250 \r\n", {"250"}},
    {"several lines", "250-a\r\n250-b\r\n250 c\r\n", {"250 a b c"}},
    {"last line without text", "250-a\r\n250\r\n", {"250 a"}},
    {"two replies", "250 a\r\n354 b\r\n", {"250 a", "354 b"}},
    {"no end yet", "250-a\r\n250-b\r\n", {}},
    {"half a line", "250 a", {}},
    {"four digits", "2500 Ok\r\n", {}, true},
    {"two digits", "25 Ok\r\n", {}, true},
    {"a letter in the code", "25x Ok\r\n", {}, true},
    {"code 99x", "99x\r\n", {}, true},
    {"code below 200", "150 wait\r\n", {}, true},
    {"code above 599", "600 what\r\n", {}, true},
    {"sign before the code", "+250 Ok\r\n", {}, true},
    {"blank before the code", " 250 Ok\r\n", {}, true},
    {"empty line", "\r\n", {}, true},
    {"empty line within", "250-a\r\n\r\n250 b\r\n", {}, true},
    {"code changes within", "250-a\r\n550 b\r\n", {}, true},
    {"code is lost within", "250-a\r\nb\r\n", {}, true},
    {"tab behind the code", "250\tOk\r\n", {}, true},
    {"not SMTP", "HTTP/1.1 400 Bad Request\r\n", {}, true},
    {"TLS alert", "\x15\x03\x03\x00\x02\x02\x46\n"s, {}, true},
    {"NUL", "250 a\0b\r\n"s, {"250 a?b"}},
    {"NUL in the code", "2\0"s + "50 a\r\n", {}, true},
    {"escape sequence", "550 \x1B[2Jgone\r\n", {"550 ?[2Jgone"}},
    {"Latin-1",
     "550 r\xE9"
     "fus\xE9\r\n",
     {"550 r?fus?"}},
    {"UTF-8",
     "550 r\xC3\xA9"
     "fus\xC3\xA9\r\n",
     {"550 r\xC3\xA9"
      "fus\xC3\xA9"}},
    {"bidirectional override",
     "550 a\xE2\x80\xAE"
     "b\r\n",
     {"550 a?b"}},
    {"bare CR within", "250 a\rb\r\n", {"250 a?b"}},
    {"several CRs at the end", "250 a\r\r\n", {"250 a"}},
    {"text after 221", "221 bye\r\n250 more\r\n", {"221 bye", "250 more"}},
};

TEST(SmtpReply, CorpusInAnyPieces) {
  for (const Case& c : kCorpus) {
    for (const size_t step : {size_t{1}, size_t{2}, size_t{7}, size_t{4096}}) {
      std::string broken;
      const auto replies = ParseAll(c.bytes, step, broken);
      EXPECT_EQ(c.breaks, !broken.empty()) << c.name << ": " << broken;
      std::vector<std::string> texts;
      for (const auto& reply : replies) texts.push_back(reply.ToString());
      EXPECT_EQ(c.texts, texts) << c.name;
      EXPECT_TRUE(sys::IsCleanText(broken)) << c.name;
    }
  }
}

TEST(SmtpReply, KeepsTheFrontOfALongLine) {
  std::string broken;
  const auto replies = ParseAll("250 " + std::string(60000, 'x') + "\r\n", 4096, broken);
  ASSERT_EQ(1U, replies.size()) << broken;
  EXPECT_TRUE(replies[0].cut);
  EXPECT_LE(replies[0].lines[0].size(), kKeptReplyLine);
  EXPECT_LE(replies[0].ToString().size(), kMaxReplyDescription);
}

TEST(SmtpReply, RefusesALineAboveTheBound) {
  std::string broken;
  EXPECT_TRUE(ParseAll("250 " + std::string(kMaxReplyLine, 'x'), 65536, broken).empty());
  EXPECT_EQ("a reply line is too long", broken);
}

TEST(SmtpReply, RefusesTenThousandLines) {
  std::string bytes;
  for (int i = 0; i < 10000; ++i) bytes += "250-x\r\n";
  std::string broken;
  EXPECT_TRUE(ParseAll(bytes, 65536, broken).empty());
  EXPECT_EQ("a reply has too many lines", broken);
}

TEST(SmtpReply, KeepsABoundedTextOfManyLines) {
  std::string bytes;
  for (int i = 0; i < 9000; ++i) bytes += "250-" + std::string(100, 'x') + "\r\n";
  std::string broken;
  const auto replies = ParseAll(bytes + "250 end\r\n", 65536, broken);
  ASSERT_EQ(1U, replies.size()) << broken;
  size_t kept = 0;
  for (const auto& line : replies[0].lines) kept += line.size();
  EXPECT_LE(kept, kKeptReplyText);
  EXPECT_TRUE(replies[0].cut);
}

TEST(SmtpReply, StatusOfAnotherClassIsNotBelieved) {
  const std::vector<std::tuple<std::string, std::string>> cases = {
      {"250 2.1.5 Ok\r\n", "2.1.5"},
      {"250 Ok\r\n", "2.0.0"},
      {"550 5.1.1 no\r\n", "5.1.1"},
      {"550 2.1.1 no\r\n", "5.0.0"},
      {"450 5.1.1 later\r\n", "4.0.0"},
      {"550 5.1 no\r\n", "5.0.0"},
      {"550 5.1.1234 no\r\n", "5.0.0"},
      {"354 go\r\n", "3.0.0"},
      {"550-5.7.1 a\r\n550 5.7.1 b\r\n", "5.7.1"},
  };
  for (const auto& [bytes, status] : cases) {
    std::string broken;
    const auto replies = ParseAll(bytes, 4096, broken);
    ASSERT_EQ(1U, replies.size());
    EXPECT_EQ(status, replies[0].Status().ToString()) << bytes;
  }
}

TEST(SmtpReply, KnowsThatPartOfAReplyWaits) {
  ReplyParser parser;
  EXPECT_FALSE(parser.in_reply());
  parser.Feed("25");
  EXPECT_TRUE(parser.in_reply());
  parser.Feed("0-a\r\n");
  EXPECT_TRUE(parser.in_reply());
  parser.Feed("250 b\r\n");
  ASSERT_TRUE(parser.Take());
  EXPECT_FALSE(parser.in_reply());
}

}  // namespace
}  // namespace outpost::smtp_client
