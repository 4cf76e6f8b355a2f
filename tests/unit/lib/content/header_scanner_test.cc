#include "lib/content/header_scanner.h"

#include <gtest/gtest.h>

namespace outpost::content {
namespace {

TEST(HeaderScanner, KnowsANameByItsColon) {
  const struct {
    std::string_view line;
    std::string_view name;
  } cases[] = {
      {"Subject: x\n", "Subject"},
      {"Subject :x", "Subject"},
      {"Subject \t :", "Subject"},
      {"X-a_b!:1", "X-a_b!"},
      {": x", ""},
      {"no colon", ""},
      {"two words: x", ""},
      {" Subject: x", ""},
      {"", ""},
      {"\n", ""},
      {"J\xc3\xb6: x", ""},
      {"A\x01: x", ""},
  };
  for (const auto& one : cases) EXPECT_EQ(FieldName(one.line), one.name) << one.line;
}

TEST(HeaderScanner, GivesNameBodyAndRawLines) {
  HeaderScanner scanner(1000);
  std::vector<Field> fields;
  const auto collect = [&](const Field& field) { fields.push_back(field); };
  EXPECT_TRUE(scanner.Line("Subject : one\n", collect));
  EXPECT_TRUE(scanner.Line("\ttwo\n", collect));
  EXPECT_TRUE(fields.empty());
  EXPECT_FALSE(scanner.Line("\n", collect));
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields[0].name, "Subject");
  EXPECT_EQ(fields[0].body, " one\n\ttwo");
  EXPECT_EQ(fields[0].raw, "Subject : one\n\ttwo\n");
}

TEST(HeaderScanner, GivesTheLastFieldAtTheEnd) {
  HeaderScanner scanner(1000);
  std::string raw;
  const auto keep = [&](const Field& field) { raw = field.raw; };
  EXPECT_TRUE(scanner.Line("A: 1", keep));
  scanner.End(keep);
  EXPECT_EQ(raw, "A: 1\n");
}

}  // namespace
}  // namespace outpost::content
