#include "lib/sys/text.h"

#include <gtest/gtest.h>

#include "lib/sys/error.h"

namespace outpost::sys {
namespace {

TEST(SysText, PutsPartsTogether) {
  EXPECT_EQ(Cat("a", std::string("b"), 'c', 1, -2, uint64_t{18446744073709551615U}), "abc1-218446744073709551615");
  EXPECT_EQ(Cat(), "");
}

TEST(SysText, ReadsDecimalNumbersThatAreTheWholeText) {
  EXPECT_EQ(ParseDecimal("0"), 0U);
  EXPECT_EQ(ParseDecimal("007"), 7U);
  EXPECT_EQ(ParseDecimal("18446744073709551615"), 18446744073709551615U);
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "1a", "0x1", "1.0", "18446744073709551616"}) {
    EXPECT_FALSE(ParseDecimal(text)) << text;
  }
}

struct Shown {
  std::string_view text;
  std::string_view printable;
};

TEST(SysText, MakesTextPrintable) {
  using namespace std::string_view_literals;
  constexpr Shown kCases[] = {
      {"plain", "plain"},
      {"jürgen € 😀", "jürgen € 😀"},
      {"a\tb", "a b"},
      {"a\r\nb\0c\x7f\x1b[2J"sv, "a??b?c??[2J"},
      {"\xc2\x9b"
       "31m",
       "?31m"},                      // C1: CSI
      {"\xe2\x80\xae", "?"},         // right-to-left override
      {"\xe2\x81\xa6", "?"},         // isolate
      {"\xe2\x80\xa8", "?"},         // line separator
      {"\xe9", "?"},                 // Latin-1
      {"\xc0\xaf", "??"},            // overlong
      {"\xe0\x80\xaf", "???"},       // overlong
      {"\xed\xa0\x80", "???"},       // surrogate
      {"\xf4\x90\x80\x80", "????"},  // above U+10FFFF
      {"\xf5\x80\x80\x80", "????"},  // no such first byte
      {"\xe2\x82", "??"},            // cut short
      {"\x80x", "?x"},               // a continuation alone
      {"\xe2\x28\xa1", "?(?"},       // a wrong continuation
      {"\xc3\xbc\xff\xc3\xbc", "ü?ü"},
  };
  for (const Shown& each : kCases) {
    EXPECT_EQ(Printable(each.text), each.printable);
    EXPECT_EQ(IsCleanText(each.text), each.text == each.printable) << each.printable;
    EXPECT_TRUE(IsCleanText(Printable(each.text)));
  }
}

TEST(SysText, CutsOnACharactersBorder) {
  EXPECT_EQ(Printable("aü€", 0), "");
  EXPECT_EQ(Printable("aü€", 1), "a");
  EXPECT_EQ(Printable("aü€", 2), "a");
  EXPECT_EQ(Printable("aü€", 3), "aü");
  EXPECT_EQ(Printable("aü€", 5), "aü");
  EXPECT_EQ(Printable("aü€", 6), "aü€");
  EXPECT_EQ(Printable("\xff\xff\xff", 2), "??");
}

TEST(SysText, ComparesAsciiWithoutCaseAndNothingElse) {
  EXPECT_TRUE(EqualsIgnoringCase("Ab-Z9", "aB-z9"));
  EXPECT_FALSE(EqualsIgnoringCase("a", "ab"));
  EXPECT_FALSE(EqualsIgnoringCase("@", "`"));
  EXPECT_FALSE(EqualsIgnoringCase("Ü", "ü"));
  EXPECT_EQ(LowerCase("AZ@[Ü"), "az@[Ü");
}

TEST(SysText, TrimsBothEnds) {
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim(" \t\r\n"), "");
  EXPECT_EQ(Trim(""), "");
}

TEST(SysError, SaysWhatWasAttemptedAndWhy) {
  const Error error = Error::FromErrno("open x", ENOENT).Within("read the table");
  EXPECT_EQ(error.text(), "read the table: open x: No such file or directory");
  EXPECT_EQ(error.code(), ENOENT);
}

TEST(SysResult, ReadingTheOtherStateAborts) {
  Result<int> failed = Error("no");
  Result<int> worked = 1;
  const Result<void> nothing;
  EXPECT_DEATH(static_cast<void>(*failed), "");
  EXPECT_DEATH(static_cast<void>(worked.error()), "");
  EXPECT_DEATH(static_cast<void>(nothing.error()), "");
}

}  // namespace
}  // namespace outpost::sys
