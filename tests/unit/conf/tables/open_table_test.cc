#include "conf/tables/open_table.h"

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace outpost::conf {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string Value(Table& table, std::string_view key) {
  const Found found = table.Find(key);
  return !found ? "error: " + found.error().text() : found->value_or("none");
}

// What the table `item` has for `key`; "cannot: ..." when it cannot be opened.
std::string Ask(std::string_view item, std::string_view key) {
  std::vector<TextComplaints> complaints;
  const auto table = OpenTable(item, &complaints);
  if (!table) return "cannot: " + table.error().text();
  EXPECT_THAT(complaints, IsEmpty()) << item << ": " << complaints[0].complaints[0].text;
  return Value(**table, key);
}

struct Case {
  std::string_view item;
  std::string_view key;
  std::string_view expected;
};

void Check(std::span<const Case> cases) {
  for (const auto& [item, key, expected] : cases) EXPECT_EQ(Ask(item, key), expected) << item << " for " << key;
}

TEST(OpenTable, PlainOnes) {
  setenv("OUTPOST_TABLE_TEST", "value", 1);
  const Case cases[] = {
      {"static:value", "any", "value"},
      {"static:{ a b, c }", "", "a b, c"},
      {"static:{a {b}}", "x", "a {b}"},
      {"proxy:static:value", "any", "value"},
      {"inline:{ {a = b c}, D=e }", "a", "b c"},
      {"inline:{ {a = b c}, D=e }", "d", "e"},
      {"inline:{ {a = b c}, D=e }", "x", "none"},
      {"inline:{ a=1, A=2 }", "a", "2"},
      {"inline:{ {key = {a b}} }", "KEY", "{a b}"},
      {"environ:x", "OUTPOST_TABLE_TEST", "value"},
      {"environ:x", "OUTPOST_TABLE_TEST_NONE", "none"},
      {"unix:passwd.byname", "root", "root:x:0:0:root:/root:/bin/bash"},
      {"unix:passwd.byname", "no-such-user", "none"},
      {"unix:group.byname", "root", "root:x:0:"},
      {"unix:group.byname", "no-such-group", "none"},
      {"fail:why", "any", "error: fail:why fails always"},
  };
  Check(cases);
}

TEST(OpenTable, JoinedOnes) {
  const Case cases[] = {
      {"unionmap:{static:a, inline:{k=b}}", "k", "a,b"},
      {"unionmap:{static:a, inline:{k=b}}", "x", "a"},
      {"unionmap:{inline:{k=b}}", "x", "none"},
      {"unionmap:{static:a, fail:x}", "k", "error: fail:x fails always"},
      {"pipemap:{inline:{a=b}, inline:{b=c}}", "a", "c"},
      {"pipemap:{inline:{a=b}, inline:{x=c}}", "a", "none"},
      {"pipemap:{inline:{a=b}, fail:x}", "none", "none"},
      {"pipemap:{inline:{a=b}, unionmap:{static:x, inline:{b=c}}}", "a", "x,c"},
      {"randmap:{one}", "any", "one"},
      {"randmap:{{one two}}", "any", "one two"},
  };
  Check(cases);
  const std::string either = Ask("randmap:{one, two}", "any");
  EXPECT_TRUE(either == "one" || either == "two") << either;
}

TEST(OpenTable, Regexps) {
  const Case cases[] = {
      {"regexp:{{/^a/ x}}", "ABC", "x"},
      {"regexp:{{/^a/i x}}", "ABC", "none"},
      {"regexp:{{/b/ x}, {/a/ y}}", "ab", "x"},
      {"regexp:{{!/b/ x}, {/a/ y}}", "ab", "y"},
      {"regexp:{{!!/b/ x}, {/a/ y}}", "ab", "x"},
      {"regexp:{{/^(.*)@(.*)$/ $2-${1}-$(2)-$$}}", "a@b", "b-a-b-$"},
      {"regexp:{{/(x)?a/ [$1]}}", "a", "[]"},
      {"regexp:{{|^a/b| x}}", "a/b", "x"},
      {"regexp:{{/^a\\/b/ x}}", "a/b", "x"},
      {"regexp:{{/a+/x x}}", "a+", "x"},
      {"regexp:{{if /a/}, {/b/ x}, endif, {/c/ y}}", "ab", "x"},
      {"regexp:{{if /a/}, {/b/ x}, endif, {/c/ y}}", "bc", "y"},
      {"regexp:{{if !/a/}, {if /b/}, {/c/ x}, endif, {/d/ y}, endif, {/e/ z}}", "bcd", "x"},
      {"regexp:{{if !/a/}, {if /b/}, {/c/ x}, endif, {/d/ y}, endif, {/e/ z}}", "cd", "y"},
      {"regexp:{{if !/a/}, {if /b/}, {/c/ x}, endif, {/d/ y}, endif, {/e/ z}}", "abcde", "z"},
      {"regexp:{{/a/ x}}", "", "none"},
  };
  Check(cases);
}

TEST(OpenTable, Pcres) {
  const Case cases[] = {
      {"pcre:{{/^(?<user>\\w+)@/ $1}}", "Ab@c", "Ab"},
      {"pcre:{{/^a/i x}}", "ABC", "none"},
      {"pcre:{{/a.b/ x}}", "a\nb", "x"},
      {"pcre:{{/a.b/s x}}", "a\nb", "none"},
      {"pcre:{{/^b/ x}}", "a\nb", "none"},
      {"pcre:{{/^b/m x}}", "a\nb", "x"},
      {"pcre:{{/a b # c/x x}}", "ab", "x"},
      {"pcre:{{/b/A x}}", "ab", "none"},
      {"pcre:{{/a$/ x}}", "a\n", "x"},
      {"pcre:{{/a$/E x}}", "a\n", "none"},
      {"pcre:{{/(a+)/U $1}}", "aaa", "a"},
      {"pcre:{{/(a)|(b)/X $1$2.}}", "b", "b."},
      {"pcre:{{if /a/}, {!/b/ x}, endif}", "ac", "x"},
  };
  Check(cases);
}

// The system's library would take all memory to compile these.
TEST(OpenTable, ARegexpThatRepeatsRepetitionsIsRefused) {
  for (const std::string& pattern : {std::string("((((a{99}){99}){99}){99}){99}"), "a" + std::string(300, '+'),
                                     std::string("(((a{1000}b+)+)+){255}"), std::string("a{0,999999}")}) {
    std::vector<TextComplaints> complaints;
    ASSERT_TRUE(OpenTable("regexp:{{/" + pattern + "/ x}}", &complaints)) << pattern;
    ASSERT_THAT(complaints, SizeIs(1)) << pattern;
    EXPECT_THAT(complaints[0].complaints[0].text, HasSubstr("repeats too much"));
  }
  EXPECT_EQ(Ask("regexp:{{/^([a-z]+[.])*([0-9]{1,3}[.]){3}[0-9]{1,3}(x+y?)+$/ x}}", "a.b.10.0.0.1xxyx"), "x");
}

// The system's library would try for minutes, and cannot be stopped.
TEST(OpenTable, ARegexpThatRefersBackIsRefused) {
  for (const std::string pattern : {"(a*)(a*)(a*)\\3\\2\\1c", "[[:alpha:]](x)\\1", "[]](x)\\1", "\\\\(x)\\1"}) {
    std::vector<TextComplaints> complaints;
    ASSERT_TRUE(OpenTable("regexp:{{/" + pattern + "/ x}}", &complaints)) << pattern;
    ASSERT_THAT(complaints, SizeIs(1)) << pattern;
    EXPECT_THAT(complaints[0].complaints[0].text, HasSubstr("use pcre:"));
  }
  EXPECT_EQ(Ask("regexp:{{/^[]\\1]x\\.\\\\1$/ y}}", "1x.\\1"), "y");
  EXPECT_EQ(Ask("pcre:{{/^(a+)\\1$/ $1}}", "aaaa"), "aa");
}

TEST(OpenTable, AMatchThatTakesTooLongIsTrouble) {
  EXPECT_THAT(Ask("pcre:{{/^(a+)+$/ x}}", std::string(64, 'a') + "b"), HasSubstr("match limit"));
}

TEST(OpenTable, Networks) {
  const Case cases[] = {
      {"cidr:{{10.0.0.0/8 x}}", "10.1.2.3", "x"},
      {"cidr:{{10.0.0.0/8 x}}", "11.1.2.3", "none"},
      {"cidr:{{10.0.0.1 $1 x}}", "10.0.0.1", "$1 x"},
      {"cidr:{{0.0.0.0/0 x}}", "255.255.255.255", "x"},
      {"cidr:{{0.0.0.0/0 x}}", "::1", "none"},
      {"cidr:{{2001:db8::/33 x}}", "2001:db8:7fff::1", "x"},
      {"cidr:{{2001:db8::/33 x}}", "2001:db8:8000::1", "none"},
      {"cidr:{{::/0 x}}", "user@example.org", "none"},
      {"cidr:{{!10.0.0.0/8 x}}", "11.0.0.1", "x"},
      {"cidr:{{!10.0.0.0/8 x}}", "::1", "none"},
      {"cidr:{{!10.0.0.0/8 x}}", "user@example.org", "none"},
      {"cidr:{{if !10.0.0.0/8}, {::/0 x}, endif, {::/0 y}}", "::1", "y"},
      {"cidr:{{[10.0.0.1] x}}", "10.0.0.1", "x"},
      {"cidr:{{[10.0.0.0]/8 x}}", "10.1.2.3", "x"},
      {"cidr:{{[2001:db8::/33] x}}", "2001:db8:7fff::1", "x"},
      {"cidr:{{if 10.0.0.0/8}, {10.1.0.0/16 x}, endif, {0.0.0.0/0 y}}", "10.1.0.1", "x"},
      {"cidr:{{if 10.0.0.0/8}, {10.1.0.0/16 x}, endif, {0.0.0.0/0 y}}", "10.2.0.1", "y"},
      {"cidr:{{if !10.0.0.0/8}, {0.0.0.0/0 x}, endif}", "10.2.0.1", "none"},
  };
  Check(cases);
}

TEST(OpenTable, SaysWhatIsNoTable) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"ldap:/etc/x", "no table type \"ldap\""},
      {"hash:x", "\"x\" is no absolute path"},
      {"inline:{}", "inline:{}: is empty"},
      {"inline:a=b", "\"{...}\" expected"},
      {"inline:{ {a b} }", "no \"key = value\""},
      {"static:", "\"static:\" is no \"type:name\""},
      {"static:{}", "static:{}: a value is missing"},
      {"environ:", "a name is missing"},
      {"static:{a", "\"{\" without \"}\""},
      {"randmap:{}", "has no value"},
      {"unionmap:{nis:x}", "no table type \"nis\""},
      {"unix:hosts", "passwd.byname"},
      {"pcre:{a", "\"{...}\" expected"},
  };
  for (const auto& [item, part] : cases) EXPECT_THAT(Ask(item, ""), HasSubstr(part)) << item;
  std::string deep = "static:a";
  for (int i = 0; i < kMaxTableDepth; ++i) deep = "unionmap:{" + deep + "}";
  EXPECT_EQ(Ask(deep, ""), "a");
  EXPECT_THAT(Ask("pipemap:{" + deep + "}", ""), HasSubstr("too many"));
}

class RulesOfFile : public testing::Test {
 protected:
  std::unique_ptr<Table> Open(std::string_view type, std::string_view text) {
    const std::string file = directory_.path() + "/table";
    std::ofstream(file, std::ios::trunc) << text;
    const timespec long_ago[] = {{1, 0}, {1, 0}};
    EXPECT_EQ(utimensat(AT_FDCWD, file.c_str(), long_ago, 0), 0);
    complaints_.clear();
    auto table = OpenTable(std::string(type) + ":" + file, &complaints_);
    EXPECT_TRUE(table) << table.error().text();
    return std::move(*table);
  }
  tests::TemporaryDirectory directory_;
  std::vector<TextComplaints> complaints_;
};

TEST_F(RulesOfFile, LinesAreThoseOfMainCf) {
  const auto table = Open("regexp", "# comment\n/^a/\n  x\n\n /b/ continues\n/c/ z # no comment\n");
  EXPECT_THAT(complaints_, IsEmpty());
  EXPECT_EQ(Value(*table, "a"), "x /b/ continues");
  EXPECT_EQ(Value(*table, "c"), "z # no comment");
}

TEST_F(RulesOfFile, BadRulesAreLeftOutWithTheirPlace) {
  const std::tuple<std::string_view, std::string_view, int, std::string_view> cases[] = {
      {"regexp", "/a/ x\n/(/ y\n", 2, "bad pattern"},
      {"regexp", "/a/ x\nabc y\n", 2, "between two slashes"},
      {"regexp", "/a/ x\n/b y\n", 2, "no closing"},
      {"regexp", "/a/ x\n/b/s y\n", 2, "unknown flag \"s\""},
      {"regexp", "/a/ x\n/b/\"y\"\n", 2, "unknown flag"},
      {"regexp", "/a/ x\n// y\n", 2, "the pattern is empty"},
      {"regexp", "/a/ x\n/(b)/ $2\n", 2, "no group 2"},
      {"regexp", "/a/ x\n!/(b)/ $1\n", 2, "has no groups"},
      {"regexp", "/a/ x\n/(b)/ $x\n", 2, "before a number"},
      {"regexp", "/a/ x\n/(b)/ ${1\n", 2, "before a number"},
      {"regexp", "/a/ x\nendif\n", 2, "\"endif\" without \"if\""},
      {"regexp", "/a/ x\nif /b/\n/b/ y\n", 2, "\"if\" without \"endif\""},
      {"regexp", "/a/ x\nif /(/\n/b/ y\nendif\n", 2, "bad pattern"},
      {"pcre", "/a/ x\n/b\\y/ y\n", 2, "bad pattern"},
      {"pcre", "/a/ x\n/b/z y\n", 2, "unknown flag \"z\""},
  };
  for (const auto& [type, text, line, part] : cases) {
    const auto table = Open(type, text);
    ASSERT_THAT(complaints_, SizeIs(1)) << text;
    EXPECT_EQ(complaints_[0].file, directory_.path() + "/table");
    ASSERT_THAT(complaints_[0].complaints, SizeIs(1)) << text;
    EXPECT_EQ(complaints_[0].complaints[0].line, line) << text;
    EXPECT_THAT(complaints_[0].complaints[0].text, HasSubstr(part)) << text;
    EXPECT_EQ(Value(*table, "a"), "x") << text;
    EXPECT_EQ(Value(*table, "b"), "none") << text;
  }
  for (const std::string_view text :
       {"10.0.0.1/8 x\n", "10.0.0.0/33 x\n", "10.0.0 x\n", "10.0.0.0/a x\n", "[10.0.0.1 x\n", "[10.0.0.1]8 x\n"}) {
    EXPECT_EQ(Value(*Open("cidr", text), "10.0.0.1"), "none");
    ASSERT_THAT(complaints_, SizeIs(1)) << text;
  }
}

TEST_F(RulesOfFile, WhatFollowsEndifIsIgnored) {
  const auto table = Open("regexp", "if /a/\n/b/ x\nENDIF of a\n/./ y\n");
  ASSERT_THAT(complaints_, SizeIs(1));
  EXPECT_THAT(complaints_[0].complaints[0].text, HasSubstr("follows \"endif\""));
  EXPECT_FALSE(complaints_[0].complaints[0].is_error);
  EXPECT_EQ(Value(*table, "ab"), "x");
  EXPECT_EQ(Value(*table, "a"), "y");
}

TEST_F(RulesOfFile, PatternsThatTakeTooMuchMemoryAreCutWithTheirPlace) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"regexp", "/x{4900}y/ z\n"},
                                                                 {"pcre", "/((x?){90}){40}y/ z\n"}};
  for (const auto& [type, line] : cases) {
    std::string text = "/a/ x\n";
    for (int i = 0; i < 2000; ++i) text += line;
    const auto table = Open(type, text);
    ASSERT_THAT(complaints_, SizeIs(1)) << type;
    ASSERT_THAT(complaints_[0].complaints, SizeIs(1)) << type;
    EXPECT_THAT(complaints_[0].complaints[0].text, HasSubstr("patterns of more than 64 MiB"));
    EXPECT_TRUE(complaints_[0].complaints[0].is_error);
    EXPECT_EQ(Value(*table, "a"), "x");
  }
}

TEST_F(RulesOfFile, ARuleWithoutResultIsTroubleWhenItMatches) {
  const auto table = Open("regexp", "/a/\n");
  ASSERT_THAT(complaints_, SizeIs(1));
  EXPECT_EQ(Value(*table, "a"), "error: " + directory_.path() + "/table: line 1: the result is empty");
  EXPECT_EQ(Value(*table, "b"), "none");
}

}  // namespace
}  // namespace outpost::conf
