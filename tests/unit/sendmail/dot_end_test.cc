#include "sendmail/dot_end.h"

#include <gtest/gtest.h>

namespace outpost::sendmail {
namespace {

using namespace std::string_literals;

using content::LineEndings;

struct Seen {
  std::string kept;
  bool ended = false;
};

Seen Feed(const std::string& input, size_t piece, LineEndings line_endings) {
  Seen seen;
  DotEnd dot_end(line_endings);
  const auto keep = [&](std::string_view bytes) { seen.kept += bytes; };
  for (size_t at = 0; at < input.size(); at += piece) {
    if (!dot_end.Feed(std::string_view(input).substr(at, piece), keep)) {
      seen.ended = true;
      return seen;
    }
  }
  dot_end.End(keep);
  return seen;
}

struct Case {
  std::string input;
  std::string kept;
  bool ended;
  LineEndings line_endings = LineEndings::kAlways;
};

TEST(SendmailDotEnd, IsALineThatIsNothingButADot) {
  const Case cases[] = {
      {"", "", false},
      {".\n", "", true},
      {"a\n.\nb\n", "a\n", true},
      {"a\n..\nb\n", "a\n..\nb\n", false},
      {"a\n.b\n", "a\n.b\n", false},
      {"a\n .\n", "a\n .\n", false},
      {"a\n. \n", "a\n. \n", false},
      {"a.\n.", "a.\n", false},
      {".", "", false},
      {"a.", "a.", false},
      {"a\n\n.\n.\n", "a\n\n", true},
      {".\0\n.\n"s, ".\0\n"s, true},
      {"a\r\n.\r\nb", "a\r\n", true},
      {"a\n.\r\r\nb", "a\n", true},
      {"a\n.\r", "a\n.\r", false},
      {"a\n.\rb\n", "a\n.\rb\n", false},
      {"a\n\r.\n", "a\n\r.\n", false},
      {"a\n." + std::string(100, '\r') + "\n", "a\n." + std::string(100, '\r') + "\n", false},
      {"a\r\n.\r\nb", "a\r\n", true, LineEndings::kStrict},
      {".\r\nb", "", true, LineEndings::kStrict},
      {"a\n.\r\nb", "a\n.\r\nb", false, LineEndings::kStrict},
      {"a\n.\nb", "a\n", true, LineEndings::kStrict},
      {"a\r\n.\r\nb", "a\r\n.\r\nb", false, LineEndings::kNever},
      {"a\r\n.\nb", "a\r\n", true, LineEndings::kNever},
  };
  for (const Case& expected : cases) {
    for (const size_t piece : {1U, 2U, 3U, 1000U}) {
      const Seen seen = Feed(expected.input, piece, expected.line_endings);
      EXPECT_EQ(seen.kept, expected.kept) << testing::PrintToString(expected.input) << " by " << piece;
      EXPECT_EQ(seen.ended, expected.ended) << testing::PrintToString(expected.input) << " by " << piece;
    }
  }
}

}  // namespace
}  // namespace outpost::sendmail
