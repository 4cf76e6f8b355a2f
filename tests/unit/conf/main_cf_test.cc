#include "conf/main_cf.h"

#include <gtest/gtest.h>

namespace outpost::conf {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs Read(std::string_view text) {
  Pairs pairs;
  for (const Setting& setting : ParseMainCf(text).settings) pairs.emplace_back(setting.name, setting.value);
  return pairs;
}

TEST(MainCf, ReadsSettings) {
  struct Case {
    std::string_view text;
    Pairs expected;
  };
  const Case cases[] = {
      {"", {}},
      {"a = b\n", {{"a", "b"}}},
      {"a=b", {{"a", "b"}}},
      {"a =  b c \r\nd =\n", {{"a", "b c"}, {"d", ""}}},
      {"a = b = c # d\n", {{"a", "b = c # d"}}},
      {"a = b,\n\tc,\n  d\n", {{"a", "b,\tc,  d"}}},
      {"a = b,\n\n# between\n  # and here\n  c\n", {{"a", "b,  c"}}},
      {"# only\n\n  \n", {}},
      {"a =\n  b\n", {{"a", "b"}}},
  };
  for (const Case& c : cases) EXPECT_EQ(Read(c.text), c.expected) << c.text;
}

TEST(MainCf, TellsTheLineOfEachSetting) {
  const MainCf parsed = ParseMainCf("# x\n\na = 1\n  2\nb = 3\n");
  ASSERT_EQ(parsed.settings.size(), 2U);
  EXPECT_EQ(parsed.settings[0].line, 3);
  EXPECT_EQ(parsed.settings[1].line, 5);
}

TEST(MainCf, ComplainsOfEachBadLineAndKeepsTheOthers) {
  struct Case {
    std::string_view text;
    int line;
    std::string_view part;
  };
  const std::string nul("a = 1\nb = x\0y\n", 14);
  const Case cases[] = {
      {"relayhost [a]\na = 1\n", 1, "no '='"},
      {"a = 1\n= 2\n", 2, "no name"},
      {"  b = 2\na = 1\n", 1, "must not begin with a blank"},
      {"a = 1\nsmtp tls = 1\n", 2, "no parameter name"},
      {nul, 2, "control character"},
      {"a = 1\nb = x\x1b[2J\n", 2, "control character"},
  };
  for (const Case& c : cases) {
    const MainCf parsed = ParseMainCf(c.text);
    ASSERT_EQ(parsed.errors.size(), 1U) << c.text;
    EXPECT_EQ(parsed.errors[0].line, c.line) << c.text;
    EXPECT_NE(parsed.errors[0].text.find(c.part), std::string::npos) << parsed.errors[0].text;
    EXPECT_EQ(Read(c.text), (Pairs{{"a", "1"}})) << c.text;
  }
}

TEST(MainCf, LeavesOutAnOverlongLogicalLine) {
  const std::string text =
      "a = " + std::string(kMaxLogicalLine / 2, 'x') + "\n " + std::string(kMaxLogicalLine, 'y') + "\n z\nb = 1\n";
  const MainCf parsed = ParseMainCf(text);
  EXPECT_EQ(parsed.errors.size(), 1U);
  EXPECT_EQ(Read(text), (Pairs{{"b", "1"}}));
}

TEST(MainCf, WarnsOfAValueThatIsLost) {
  const MainCf parsed = ParseMainCf("a = 1\na = 1\na = 2\n");
  ASSERT_EQ(parsed.warnings.size(), 1U);
  EXPECT_EQ(parsed.warnings[0].line, 3);
  EXPECT_EQ(parsed.warnings[0].text, "a is set again; the value of line 2 is lost");
}

}  // namespace
}  // namespace outpost::conf
