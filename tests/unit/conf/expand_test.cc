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
      {"${host:unset}", "a.example"},
      {"${empty:unset}", "unset"},
      {"${unknown:${host}}", "a.example"},
      {"${host?a:b?c}", "a:b?c"},
      {"${host?{a b}:{c}}", "a b"},
      {"${empty?{a b}:{c : d}}", "c : d"},
      {"${host ? {a} : {b}}", "a"},
      {"${empty?{a}}", ""},
      {"${host:{b}}", "a.example"},
      {"${empty:{b}}", "b"},
      {"${host?{$origin}:{$broken}}", "a.example"},
  };
  for (const auto& [text, expected] : cases) {
    const sys::Result<std::string> result = Expand(text, LookUp);
    ASSERT_TRUE(result) << text << ": " << result.error().text();
    EXPECT_EQ(*result, expected) << text;
  }
}

TEST(Expand, RefusesWhatIsNoMacro) {
  for (const std::string_view text :
       {"${host", "$(host", "$", "a $ b", "${}", "${ho-st}", "$broken", "${{a} == {b} ? {c} : {d}}",
        "${host?{a} b}", "${host?{a}:b}", "${domain_to_ascii{x}}"}) {
    EXPECT_FALSE(Expand(text, LookUp)) << text;
  }
}

TEST(Expand, EndsWhereValuesReferToEachOther) {
  EXPECT_FALSE(Expand("$self", LookUp));
  EXPECT_FALSE(Expand("$one", LookUp));
}

TEST(Expand, BoundsTheNumberOfReferences) {
  // Thirty names, each of which names the next one twice: 2^30 references to nothing.
  const auto doubling = [](std::string_view name) -> std::optional<std::string> {
    const size_t level = name.size();
    if (level > 30) return "";
    const std::string next = "$" + std::string(level + 1, 'a');
    return next + next;
  };
  EXPECT_FALSE(Expand("$a", doubling));
}

TEST(Expand, CollectsNamesOfEveryBranch) {
  std::set<std::string, std::less<>> names;
  CollectNames("$a ${b?$c} ${d?{$e}:{${f:x}}} $$g", &names);
  EXPECT_EQ(names, (std::set<std::string, std::less<>>{"a", "b", "c", "d", "e", "f"}));
}

}  // namespace
}  // namespace outpost::conf
