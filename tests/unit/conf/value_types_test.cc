#include "conf/value_types.h"

#include <optional>

#include <gtest/gtest.h>

namespace outpost::conf {
namespace {

using std::chrono::seconds;

TEST(ValueTypes, ReadsTimes) {
  const std::tuple<std::string_view, char, std::optional<int64_t>> cases[] = {
      {"3", 'd', 3 * 86400},
      {"3", 's', 3},
      {"300s", 'd', 300},
      {"2m", 's', 120},
      {"4h", 's', 14400},
      {"1w", 's', 604800},
      {"0", 's', 0},
      {"", 's', std::nullopt},
      {"s", 's', std::nullopt},
      {"-1s", 's', std::nullopt},
      {"1 s", 's', std::nullopt},
      {"1ss", 's', std::nullopt},
      {"1y", 's', std::nullopt},
      {"5days", 's', 5 * 86400},
      {"10mins", 's', 600},
      {"2hrs", 's', 7200},
      {"1month", 's', std::nullopt},
      {"99999999999999999999s", 's', std::nullopt},
      {"5218w", 's', 5218 * 604800LL},
      {"99999999w", 's', std::nullopt},
  };
  for (const auto& [text, unit, expected] : cases) {
    const sys::Result<seconds> time = ParseTime(text, unit, seconds(0));
    ASSERT_EQ(time.has_value(), expected.has_value()) << text;
    if (expected) {
      EXPECT_EQ(time->count(), *expected) << text;
    }
  }
  EXPECT_FALSE(ParseTime("0s", 's', seconds(1)));
}

TEST(ValueTypes, ReadsNumbers) {
  const std::pair<std::string_view, std::optional<int64_t>> cases[] = {
      {"0", 0},
      {"10240000", 10240000},
      {"+5", 5},
      {"-1", std::nullopt},
      {"", std::nullopt},
      {"1k", std::nullopt},
      {"1 ", std::nullopt},
      {"9223372036854775807", INT64_MAX},
      {"9223372036854775808", std::nullopt},
  };
  for (const auto& [text, expected] : cases) {
    const sys::Result<int64_t> number = ParseInteger(text, 0);
    ASSERT_EQ(number.has_value(), expected.has_value()) << text;
    if (expected) {
      EXPECT_EQ(*number, *expected) << text;
    }
  }
}

TEST(ValueTypes, ReadsYesAndNo) {
  EXPECT_TRUE(*ParseBool("Yes"));
  EXPECT_FALSE(*ParseBool("NO"));
  for (const std::string_view text : {"", "true", "1", "yes "}) EXPECT_FALSE(ParseBool(text)) << text;
}

TEST(ValueTypes, SplitsLists) {
  using Items = std::vector<std::string>;
  const std::pair<std::string_view, Items> cases[] = {
      {"", {}},
      {" , ,", {}},
      {"a,b c\t,\nd", {"a", "b", "c", "d"}},
      {"hash:/a, { inline b, c } d", {"hash:/a", "inline b, c", "d"}},
      {"{a {b c} d}", {"a {b c} d"}},
      {"inline:{ {a = b}, c=d } e", {"inline:{ {a = b}, c=d }", "e"}},
      {"static:{a b}x,y}", {"static:{a b}x", "y}"}},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(*SplitList(text), expected) << text;
  for (const std::string_view text : {"{a", "a {b {c}", "{a}b", "{a}{b}", "a{b c"}) {
    EXPECT_FALSE(SplitList(text)) << text;
  }
  EXPECT_EQ(*SplitBracedList(" { {a b}, c } "), (std::vector<std::string>{"a b", "c"}));
  for (const std::string_view text : {"", "{", "a", "{a", "{a} b"}) EXPECT_FALSE(SplitBracedList(text)) << text;
}

TEST(ValueTypes, KnowsHostNames) {
  for (const std::string_view name : {"a", "smtp.example.org", "a-b.c_d.e", "m\xC3\xBCnchen.example"}) {
    EXPECT_TRUE(IsHostName(name)) << name;
  }
  for (const std::string name : {"", ".", "a.", ".a", "a..b", "-a", "a b", "a\r\nb", "[a]", "a:b", "a\xFF"}) {
    EXPECT_FALSE(IsHostName(name)) << name;
  }
  EXPECT_FALSE(IsHostName(std::string(64, 'a') + ".org"));
}

TEST(ValueTypes, MeasuresHowFarNamesAreApart) {
  EXPECT_EQ(EditDistance("relayhost", "relayhost"), 0U);
  EXPECT_EQ(EditDistance("relay_host", "relayhost"), 1U);
  EXPECT_EQ(EditDistance("realyhost", "relayhost"), 1U);
  EXPECT_EQ(EditDistance("", "abc"), 3U);
}

TEST(ValueTypes, ReadsFeedback) {
  using enum Feedback::Per;
  const struct {
    const char* text;
    double amount;
    Feedback::Per per;
  } kGood[] = {{"1", 1, kEvent},
               {"0", 0, kEvent},
               {"0.25", 0.25, kEvent},
               {"1/8", 0.125, kEvent},
               {"1 / 4", 0.25, kEvent},
               {"1/concurrency", 1, kConcurrency},
               {"0.5 / concurrency", 0.5, kConcurrency},
               {"1/sqrt_concurrency", 1, kRootOfConcurrency}};
  for (const auto& row : kGood) {
    const auto feedback = ParseFeedback(row.text);
    ASSERT_TRUE(feedback) << row.text;
    EXPECT_EQ(feedback->amount, row.amount) << row.text;
    EXPECT_EQ(feedback->per, row.per) << row.text;
  }
  for (const char* text :
       {"", "2", "-1", "1/", "1/0", "/2", "1/width", "one", "1/2/3", "nan", "3/2", "concurrency"}) {
    EXPECT_FALSE(ParseFeedback(text)) << text;
  }
}

}  // namespace
}  // namespace outpost::conf
