#include "lib/content/message_reader.h"

#include <random>

#include <gtest/gtest.h>

namespace outpost::content {
namespace {

using namespace std::string_literals;

struct Parts : MessageParts {
  std::vector<std::string> fields;  // raw
  std::vector<std::string> names;
  std::string body;
  int header_ends = 0;
  void OnField(const Field& field) override {
    fields.push_back(field.raw);
    names.push_back(field.name);
  }
  void OnHeaderEnd() override { ++header_ends; }
  void OnBody(std::string_view bytes) override { body += bytes; }
};

Parts Read(std::string_view text, LineEndings endings = LineEndings::kAlways, size_t chunk = 1 << 20,
           size_t limit = 1 << 20) {
  Parts parts;
  MessageReader reader(endings, limit, parts);
  for (size_t i = 0; i < text.size(); i += chunk) reader.Feed(text.substr(i, chunk));
  reader.End();
  EXPECT_TRUE(reader.in_body());
  EXPECT_EQ(parts.header_ends, 1);
  return parts;
}

using Strings = std::vector<std::string>;

TEST(MessageReader, TellsHeaderFromBody) {
  const struct {
    std::string text;
    Strings fields;
    std::string body;
  } cases[] = {
      {"", {}, ""},
      {"\n", {}, ""},
      {"A: 1\nB : 2\n c\n\td\n\nbody\n", {"A: 1\n", "B : 2\n c\n\td\n"}, "body\n"},
      {"A: 1\n", {"A: 1\n"}, ""},
      {"A: 1", {"A: 1\n"}, ""},
      {"A: 1\n\n", {"A: 1\n"}, ""},
      {"A: 1\nno header\nB: 2\n", {"A: 1\n"}, "no header\nB: 2\n"},
      {"just text", {}, "just text\n"},
      {" leading blank\nA: 1\n", {}, " leading blank\nA: 1\n"},
      {"A: 1\n\n\n\n", {"A: 1\n"}, "\n\n"},
      {"A: 1\n \n\nb", {"A: 1\n \n"}, "b\n"},
      {": 1\n", {}, ": 1\n"},
      {"\nA: 1\n", {}, "A: 1\n"},
      {"A: 1\n\nlast", {"A: 1\n"}, "last\n"},
  };
  for (const auto& one : cases) {
    for (const size_t chunk : {1U, 2U, 3U, 1000U}) {
      const Parts parts = Read(one.text, LineEndings::kAlways, chunk);
      EXPECT_EQ(parts.fields, one.fields) << one.text;
      EXPECT_EQ(parts.body, one.body) << one.text;
    }
  }
}

TEST(MessageReader, DropsMailboxSeparatorsAtTheTopAlone) {
  const Parts parts = Read("From a Mon\n>From b\n>>>From c\nA: 1\n\nFrom d\n");
  EXPECT_EQ(parts.fields, Strings{"A: 1\n"});
  EXPECT_EQ(parts.body, "From d\n");
  EXPECT_EQ(Read("A: 1\nFrom x\n").body, "From x\n");
  EXPECT_EQ(Read("From: x\n\n").fields, Strings{"From: x\n"});
  EXPECT_EQ(Read("From " + std::string(300000, 'x') + "\nA: 1\n").fields, Strings{"A: 1\n"});
}

TEST(MessageReader, TreatsCarriageReturnsAsConfigured) {
  const struct {
    LineEndings endings;
    std::string text;
    Strings fields;
    std::string body;
  } cases[] = {
      {LineEndings::kAlways, "A: 1\r\n\r\nb\r\r\nc\rd\n", {"A: 1\n"}, "b\nc d\n"},
      {LineEndings::kAlways, "A: 1\n\nlast\r", {"A: 1\n"}, "last \n"},
      {LineEndings::kStrict, "A: 1\r\n\r\nb\r\n", {"A: 1\n"}, "b\n"},
      {LineEndings::kStrict, "A: 1\n\nb\r\n", {"A: 1\n"}, "b \n"},
      {LineEndings::kNever, "A: 1\r\n\nb\r\n", {"A: 1 \n"}, "b \n"},
      // A smuggled end of content has no CR left to work with (attack S22).
      {LineEndings::kAlways, "A: 1\n\nx\n.\r\ny\r.\rz\n", {"A: 1\n"}, "x\n.\ny . z\n"},
  };
  for (const auto& one : cases) {
    for (const size_t chunk : {1U, 2U, 1000U}) {
      const Parts parts = Read(one.text, one.endings, chunk);
      EXPECT_EQ(parts.fields, one.fields) << one.text;
      EXPECT_EQ(parts.body, one.body) << one.text;
    }
  }
  EXPECT_EQ(Read("A: 1\n\n" + std::string(100, '\r') + "x\n").body, std::string(100, ' ') + "x\n");
}

// Attack S27: a line that a C string would take for empty must not turn the rest of the header into body.
TEST(MessageReader, LetsNoNulEndTheHeaderOrHideAName) {
  const Parts parts = Read("A: 1\n\0\nBcc: x\n\0Bcc: y\nB\0cc: z\nC: 1\0 2\n\nb\0d\n"s);
  EXPECT_EQ(parts.names, (Strings{"A", "Bcc", "Bcc", "Bcc", "C"}));
  EXPECT_EQ(parts.fields.back(), "C: 1 2\n");
  EXPECT_EQ(parts.body, "b\0d\n"s);
}

// A line of NULs that was longer than a piece had left its newline behind, which ended the header: a Bcc below it went
// out with the body.
TEST(MessageReader, LetsNoLongLineOfNulsEndTheHeader) {
  constexpr size_t kPiece = 64 * 1024;
  for (const size_t count : {kPiece - 1, kPiece, kPiece + 1, 3 * kPiece}) {
    const std::string nuls(count, '\0');
    const Parts alone = Read("A: 1\n" + nuls + "\nBcc: b\n\nbody\n");
    EXPECT_EQ(alone.names, (Strings{"A", "Bcc"})) << count;
    EXPECT_EQ(alone.body, "body\n");
    EXPECT_EQ(Read(nuls + "\nBcc: b\n\nbody\n").names, Strings{"Bcc"}) << count;
    EXPECT_EQ(Read("A: 1\n" + nuls + "Bcc: b\n\nbody\n").names, (Strings{"A", "Bcc"})) << count;
    EXPECT_EQ(Read("A: 1\n" + nuls + "\n\nBcc: b\n").body, "Bcc: b\n") << "the empty line still does";
  }
}

TEST(MessageReader, CutsAFieldAtItsLimitAndGoesOn) {
  const Parts parts =
      Read("A: " + std::string(200000, 'a') + "\n more\nB: 2\n\nx", LineEndings::kAlways, 1 << 20, 100);
  ASSERT_EQ(parts.fields.size(), 2U);
  EXPECT_EQ(parts.fields[0], "A: " + std::string(97, 'a') + "\n");
  EXPECT_EQ(parts.fields[1], "B: 2\n");
  EXPECT_EQ(parts.body, "x\n");
}

TEST(MessageReader, TakesAFieldOfManyPiecesAsOne) {
  const std::string field = "A: " + std::string(500000, 'a') + "\n";
  const Parts parts = Read(field + "B: 2\n\n", LineEndings::kAlways, 1000);
  EXPECT_EQ(parts.fields, (Strings{field, "B: 2\n"}));
}

TEST(MessageReader, KeepsAHugeLineOfTheBody) {
  const std::string line(3000000, 'x');
  EXPECT_EQ(Read(line, LineEndings::kAlways, 4096).body, line + "\n");
}

TEST(MessageReader, FindsTheSameHoweverAnyBytesAreCut) {
  constexpr std::string_view kAlphabet("Ab: \t\r\n\r\n\0>.\xe9", 13);
  std::minstd_rand random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string text(random() % 40, ' ');
    for (char& c : text) c = kAlphabet[random() % kAlphabet.size()];
    const auto endings = static_cast<LineEndings>(random() % 3);
    const Parts whole = Read(text, endings);
    const Parts cut = Read(text, endings, 1 + random() % 5);
    ASSERT_EQ(whole.fields, cut.fields) << testing::PrintToString(text);
    ASSERT_EQ(whole.body, cut.body) << testing::PrintToString(text);
    for (const std::string& field : whole.fields) {
      EXPECT_TRUE(field.ends_with('\n'));
      EXPECT_EQ(field.find('\0'), std::string::npos);
    }
    EXPECT_EQ(whole.body.find('\r'), std::string::npos);
    EXPECT_TRUE(whole.body.empty() || whole.body.ends_with('\n'));
  }
}

}  // namespace
}  // namespace outpost::content
