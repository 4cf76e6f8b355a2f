#include "conf/expand.h"

#include <map>

#include <gtest/gtest.h>

namespace outpost::conf {
namespace {

std::optional<std::string> LookUp(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> kValues = {
      {"host", "a.example"}, {"origin", "$host"}, {"empty", ""},    {"self", "x$self"},
      {"one", "$two$two"},   {"two", "$one$one"}, {"dollar", "$$"}, {"broken", "${host"},
  };
  const auto found = kValues.find(name);
  return found == kValues.end() ? std::nullopt : std::optional(found->second);
}

TEST(Expand, ReplacesNames) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"plain", "plain"},
      {"", ""},
      {"$host", "a.example"},
      {"x$host.y", "xa.example.y"},
      {"${host}y", "a.exampley"},
      {"$(host)y", "a.exampley"},
      {"${ host }", "a.example"},
      {"$origin", "a.example"},
      {"$$host", "$host"},
      {"$dollar", "$"},
      {"[$unknown]", "[]"},
      {"${host?set}", "set"},
      {"${empty?set}", ""},
      {"${unknown?set}", ""},
      {"${host:unset}", ""},
      {"${empty:unset}", "unset"},
      {"${unknown:${host}}", "a.example"},
      {"$(empty:unset)", "unset"},
      {"${host?a:b?c}", "a:b?c"},
      {"${host?{a b}:{c}}", "a b"},
      {"${empty?{a b}:{c : d}}", "c : d"},
      {"${host ? {a} : {b}}", "a"},
      {"${empty?{a}}", ""},
      {"${host:{b}}", ""},
      {"${empty:{b}}", "b"},
      {"${host?{$origin}:{$broken}}", "a.example"},
      {"${host?{a}:b }", "a"},
      {"${empty?{a}: b }", " b "},
      {"[${host?{ y }}]", "[ y ]"},
  };
  for (const auto& [text, expected] : cases) {
    const sys::Result<std::string> result = Expand(text, LookUp);
    ASSERT_TRUE(result) << text << ": " << result.error().text();
    EXPECT_EQ(*result, expected) << text;
  }
}

TEST(Expand, RefusesWhatIsNoMacro) {
  for (const std::string_view text :
       {"${host", "$(host", "$", "a $ b", "${}", "${ho-st}", "$broken", "${host?{a} b}", "${host?{a}:{b}c}",
        "${empty:{a}:{b}}", "${empty:{a}?{b}}", "${to_upper{x}}", "${ }"}) {
    EXPECT_FALSE(Expand(text, LookUp)) << text;
  }
}

// The results are Postfix's.
TEST(Expand, Compares) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"${{a} == {a}}", "true"},
      {"${{a} == {b}}", ""},
      {"$({1} == {1})", "true"},
      {"${{1}=={1}}", "true"},
      {"${{a} == {a} ? {yes} : {no}}", "yes"},
      {"${{a} == {b} ? {yes} : {no}}", "no"},
      {"${{a} == {a}?{ y }:{n}}", " y "},
      {"${{a} == {a} ?text : more}", "text : more"},
      {"${{a} == {b} : {no}}", "no"},
      {"${{a} == {a} : {no}}", ""},
      {"${{ a } == {a}}", "true"},
      {"${{} == {}}", "true"},
      {"${{a} != {b}?{q}}", "q"},
      {"${{x$host} == {xa.example} ? {$host}}", "a.example"},
      {"${{$unknown} == {} ? {$host} : {$broken}}", "a.example"},
      {"${{10} < {9}}", ""},
      {"${{10} > {9}}", "true"},
      {"${{10} <= {010}}", "true"},
      {"${{01} == {1}}", "true"},
      {"${{99999999999999999999} > {99999999999999999998}}", "true"},
      {"${{10} < {9x}}", "true"},
      {"${{abc} < {9}}", ""},
      {"${{-1} < {1}}", "true"},
      {"${{+1} == {1}}", ""},
      {"${{b} >= {a}}", "true"},
      {"${{a} >= {b}}", ""},
      {"${{3.6} <level {3.10} ? {yes}:{no}}", "yes"},
      {"${{3.6} < {3.10}}", ""},
      {"${{3} <=level {3.0}}", "true"},
      {"${{3} ==level {3.0.0}}", "true"},
      {"${{3.6.1} >level {3.6}}", "true"},
      {"${{2} >=level {3.6}}", ""},
  };
  for (const auto& [text, expected] : cases) {
    const sys::Result<std::string> result = Expand(text, LookUp);
    ASSERT_TRUE(result) << text << ": " << result.error().text();
    EXPECT_EQ(*result, expected) << text;
  }
}

TEST(Expand, RefusesWhatIsNoComparison) {
  for (const std::string_view text :
       {"${{a}}", "${{a} }", "${{a} = {a}}", "${{a} == a}", "${{a} == {a} x}", "${{a} == {a}{b}}", "${{a}{==}{a}}",
        "${{x} <level {3}}", "${{3.} <level {4}}", "${{} <level {4}}", "${{3.6.1.2} <level {4}}",
        "${{a} ==levl {a}}", "${{$broken} == {a}}", "${{$self} == {a}}", "${{a} == {a} : {c} ? {d}}"}) {
    EXPECT_FALSE(Expand(text, LookUp)) << text;
  }
}

TEST(Expand, EndsWhereValuesReferToEachOther) {
  EXPECT_FALSE(Expand("$self", LookUp));
  EXPECT_FALSE(Expand("$one", LookUp));
}

// Thirty names, each of which names the next one twice: 2^30 references.
TEST(Expand, LooksForANameOnce) {
  for (const std::string_view last : {"", "x"}) {
    int looks = 0;
    const auto doubling = [&](std::string_view name) -> std::optional<std::string> {
      ++looks;
      const size_t level = name.size();
      if (level > 30) return std::string(last);
      const std::string next = "$" + std::string(level + 1, 'a');
      return next + next;
    };
    const auto expanded = Expand("$a", doubling);
    EXPECT_EQ(expanded ? *expanded : "too long", last.empty() ? "" : "too long");
    EXPECT_LE(looks, 31);
  }
}

TEST(Expand, BoundsReferencesAndWhatTheyStandFor) {
  const auto value = [](std::string_view name) {
    return std::optional(std::string(name == "x" ? 0 : 60'000, 'v'));
  };
  std::string references;
  for (int i = 0; i < 10'000; ++i) references += "$x";
  EXPECT_TRUE(Expand(references, value));
  EXPECT_FALSE(Expand(references + "$x", value));
  const auto compared = [](int values) {
    std::string text;
    for (int i = 0; i < values; ++i) text += "${{$a" + std::to_string(i) + "} == {} ? {y} : {}}";
    return text;
  };
  EXPECT_TRUE(Expand(compared(17), value));
  EXPECT_FALSE(Expand(compared(18), value));
}

TEST(Expand, CollectsNamesOfEveryBranch) {
  std::set<std::string, std::less<>> names;
  CollectNames("$a ${b?$c} ${d?{$e}:{${f:x}}} $$g ${{$h} == {${i}} ? {$j}}", &names);
  EXPECT_EQ(names, (std::set<std::string, std::less<>>{"a", "b", "c", "d", "e", "f", "h", "i", "j"}));
}

}  // namespace
}  // namespace outpost::conf
