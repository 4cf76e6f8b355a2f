#include "conf/tables/table_text.h"

#include <gtest/gtest.h>

namespace outpost::conf {
namespace {

using Values = std::unordered_map<std::string, std::string>;

TableText ParseText(std::string_view text) {
  LogicalLines lines = SplitLogicalLines(text);
  TableText table = ParseTableText(lines.lines);
  table.complaints.insert(table.complaints.begin(), lines.complaints.begin(), lines.complaints.end());
  return table;
}

TEST(TableText, ReadsKeysAndValues) {
  const std::pair<std::string_view, Values> cases[] = {
      {"", {}},
      {"a b", {{"a", "b"}}},
      {"[smtp.Example.org]:587  User:pass word \r\n", {{"[smtp.example.org]:587", "User:pass word"}}},
      {"a\tb\n\n# x\nc  d # e\n", {{"a", "b"}, {"c", "d # e"}}},
      {"a\n  b\n  c\n", {{"a", "b  c"}}},
      {"\"a b\" c\n", {{"a b", "c"}}},
      {"\"a\\\"b\\\\\" c\n", {{"a\"b\\", "c"}}},
      {"a 1\nA 2\n", {{"a", "1"}}},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(ParseText(text).values, expected) << text;
}

TEST(TableText, ComplainsOfBadLinesWithoutShowingValues) {
  const std::pair<std::string_view, int> cases[] = {
      {"a b\nkey\n", 2}, {"\"key value\n", 1},         {"a b\na secret\n", 2},
      {" a b\n", 1},     {"a b\nkey sec\x01ret\n", 2}, {"key: secret\n", 1},
  };
  for (const auto& [text, line] : cases) {
    const TableText table = ParseText(text);
    ASSERT_EQ(table.complaints.size(), 1U) << text;
    EXPECT_EQ(table.complaints[0].line, line) << text;
    EXPECT_EQ(table.complaints[0].text.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace outpost::conf
