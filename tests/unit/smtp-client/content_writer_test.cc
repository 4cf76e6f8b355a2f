#include "smtp-client/content_writer.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "lib/sys/file.h"

namespace outpost::smtp_client {
namespace {

using namespace std::string_literals;

std::string Encode(std::string_view content, size_t limit, size_t step) {
  WireEncoder encoder(limit);
  std::string wire;
  while (!content.empty()) {
    encoder.Append(content.substr(0, step), wire);
    content.remove_prefix(std::min(step, content.size()));
  }
  encoder.End(wire);
  return wire;
}

TEST(SmtpContentWriter, ByteExactInAnyPieces) {
  struct Case {
    std::string content;
    std::string wire;
  };
  const std::vector<Case> cases = {
      {"", ".\r\n"},
      {"\n", "\r\n.\r\n"},
      {"a\n", "a\r\n.\r\n"},
      {"a", "a\r\n.\r\n"},
      {".", "..\r\n.\r\n"},
      {".\n", "..\r\n.\r\n"},
      {"..\n", "...\r\n.\r\n"},
      {".a\nb.\n.\n", "..a\r\nb.\r\n..\r\n.\r\n"},
      {"a\n\n\nb\n", "a\r\n\r\n\r\nb\r\n.\r\n"},
      {"nul\0here\n"s, "nul\0here\r\n.\r\n"s},
      {"\xFF\x80\n", "\xFF\x80\r\n.\r\n"},
  };
  for (const Case& c : cases) {
    for (const size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{100}}) {
      EXPECT_EQ(c.wire, Encode(c.content, 998, step)) << c.content;
    }
  }
}

// S22: what other servers take for the end of a message never stands on the wire before it.
TEST(SmtpContentWriter, NoSmuggledEnd) {
  for (const std::string& content :
       {"a\n.\r\nMAIL FROM:<x>\n"s, "a\r.\r\nMAIL\n"s, "a\r\n.\nMAIL\n"s, "a\r\n.\rMAIL\n"s, "a\n.\n.\n"s,
        "a\r\r\n.\n"s, "\0\n.\r\n"s, "\n\r.\r\n.\r\n"s}) {
    for (const size_t step : {size_t{1}, size_t{5}, size_t{100}}) {
      const std::string wire = Encode(content, 998, step);
      EXPECT_EQ(wire.size() - 3, wire.find("\r\n.\r\n") + 2) << content;
      for (size_t i = 0; i < wire.size(); ++i) {
        EXPECT_TRUE(wire[i] != '\r' || wire[i + 1] == '\n') << content;
        EXPECT_TRUE(wire[i] != '\n' || wire[i - 1] == '\r') << content;
      }
    }
  }
}

TEST(SmtpContentWriter, CutsLongLines) {
  struct Case {
    std::string content;
    std::string wire;
  };
  const std::vector<Case> cases = {
      {"12345\n", "12345\r\n.\r\n"},
      {"123456\n", "12345\r\n 6\r\n.\r\n"},
      {"123456789\n", "12345\r\n 6789\r\n.\r\n"},
      {"1234567890\n", "12345\r\n 6789\r\n 0\r\n.\r\n"},
      {".2345\n", "..2345\r\n.\r\n"},
      {"12345.\n", "12345\r\n .\r\n.\r\n"},
      {"123456", "12345\r\n 6\r\n.\r\n"},
  };
  for (const Case& c : cases) {
    for (const size_t step : {size_t{1}, size_t{2}, size_t{5}, size_t{100}}) {
      EXPECT_EQ(c.wire, Encode(c.content, 5, step)) << c.content << " by " << step;
    }
  }
}

TEST(SmtpContentWriter, NoLimitAndTheSmallest) {
  const std::string line(5000, 'x');
  EXPECT_EQ(line + "\r\n.\r\n", Encode(line + "\n", 0, 100));
  EXPECT_EQ("ab\r\n c\r\n.\r\n", Encode("abc\n", 1, 100));
}

TEST(SmtpContentWriter, SaysThatItHasCut) {
  WireEncoder encoder(5);
  std::string wire;
  encoder.Append("12345\n", wire);
  EXPECT_FALSE(encoder.has_cut_lines());
  encoder.Append("123456\n", wire);
  EXPECT_TRUE(encoder.has_cut_lines());
}

TEST(SmtpContentWriter, LargeContentComesWholeInBoundedBlocks) {
  std::mt19937 random(1);
  std::string content;
  while (content.size() < 300000) content += "..a\n"[random() % 4];
  content += '\n';
  const auto file = sys::SealedCopy(content);
  ASSERT_TRUE(file);
  ContentWriter writer(file->view(), content.size(), 998);
  std::string wire;
  do {
    const auto block = writer.Next();
    ASSERT_TRUE(block);
    EXPECT_LE(block->size(), 128U * 1024);
    wire += *block;
  } while (!writer.is_last());
  EXPECT_EQ(Encode(content, 998, content.size()), wire);
}

TEST(SmtpContentWriter, ContentThatIsTooShortIsAnErrorBeforeTheDot) {
  const auto file = sys::SealedCopy("abc\n");
  ASSERT_TRUE(file);
  ContentWriter writer(file->view(), 1000, 998);
  EXPECT_FALSE(writer.Next());
}

}  // namespace
}  // namespace outpost::smtp_client
