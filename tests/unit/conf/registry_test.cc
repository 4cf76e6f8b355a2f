#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/configuration.h"
#include "conf/parameters.h"

namespace outpost::conf {
namespace {

using testing::HasSubstr;

// The lines of a file of tests/data between tabs; those that begin with '#' are left out.
std::vector<std::vector<std::string>> ReadData(const std::string& name) {
  std::ifstream file(std::string(OUTPOST_SOURCE_DIR "/tests/data/") + name);
  EXPECT_TRUE(file) << name;
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == '\t') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    rows.push_back(std::move(fields));
  }
  return rows;
}

using Defaults = std::map<std::string, std::string>;

// Of Postfix's parameters and of ours, with what is said of a computed one.
Defaults OurDefaults() {
  Defaults defaults;
  for (const Parameter* parameter : KnownParameters()) {
    defaults.emplace(parameter->name, parameter->default_value);
  }
  for (const Parameter& parameter : TransportParameters()) {
    defaults.emplace(parameter.name, parameter.default_value);
  }
  return defaults;
}

// The types of the facts that say more than "a text".
std::set<Type> TypesFor(const std::string& fact) {
  if (fact.starts_with("bool")) return {Type::kBool, Type::kString};
  if (fact.starts_with("int")) return {Type::kInteger};
  if (fact.starts_with("size")) return {Type::kSize, Type::kInteger};
  if (fact.starts_with("time")) return {Type::kTime};
  if (fact.starts_with("enum {")) return {Type::kWord};
  if (fact.starts_with("list enum") || fact.starts_with("list {")) return {Type::kWords};
  if (fact.starts_with("maptype list")) return {Type::kTables};
  return {Type::kString, Type::kNonEmpty,  Type::kList,   Type::kPatterns,
          Type::kWord,   Type::kOwnMacros, Type::kInteger};
}

TEST(Registry, DefaultsArePostfixsButForTheDifferences) {
  Defaults expected;
  for (const auto& row : ReadData("postfix-parameters.tsv")) expected[row.at(0)] = row.at(1);
  ASSERT_GT(expected.size(), 500U);
  for (const auto& row : ReadData("differences.tsv")) {
    ASSERT_EQ(row.size(), 3U) << row.at(0);
    const auto postfix = expected.find(row[0]);
    EXPECT_TRUE(postfix == expected.end() || postfix->second != row[1]) << row[0] << " is no difference";
    EXPECT_FALSE(row[2].empty()) << row[0] << " differs without a reason";
    expected[row[0]] = row[1];
  }
  EXPECT_EQ(OurDefaults(), expected);
}

TEST(Registry, TypesAndUnitsArePostfixs) {
  for (const auto& row : ReadData("postfix-parameters.tsv")) {
    const Parameter* parameter = FindParameter(row[0]);
    if (const auto pattern = FindTransportParameter(row[0]); parameter == nullptr && pattern) {
      parameter = pattern->parameter;
    }
    ASSERT_NE(parameter, nullptr) << row[0];
    EXPECT_TRUE(TypesFor(row[2]).contains(parameter->values.type)) << row[0] << ": " << row[2];
    if (parameter->values.type == Type::kTime) {
      EXPECT_THAT(row[2], HasSubstr(std::string("(") + parameter->values.unit + ")")) << row[0];
    }
  }
}

TEST(Registry, KnowsEveryParameterOfWhatThisMailerDoesNotHave) {
  std::set<std::string> expected;
  for (const auto& row : ReadData("postfix-not-applicable.tsv")) expected.insert(row.at(0));
  ASSERT_GT(expected.size(), 400U);
  // They mean something here.
  for (const char* name : {"daemon_timeout", "max_idle", "queue_minfree"}) {
    EXPECT_EQ(expected.erase(name), 1U);
    EXPECT_NE(FindInEffect(name), nullptr);
  }
  std::set<std::string> known;
  for (const InapplicableParameter& parameter : InapplicableParameters()) {
    known.emplace(parameter.name);
    EXPECT_EQ(FindParameter(parameter.name), nullptr) << parameter.name;
    EXPECT_TRUE(FindInapplicable(parameter.name)) << parameter.name;
    EXPECT_TRUE(parameter.reason.starts_with("has no effect: ")) << parameter.name;
  }
  EXPECT_EQ(known, expected);
}

TEST(Registry, SaysOfEachParameterWhoReadsItOrWhatItWaitsFor) {
  for (const Parameter* parameter : KnownParameters()) {
    EXPECT_FALSE(ReaderNames(parameter->readers).empty()) << parameter->name;
    EXPECT_TRUE(parameter->doc.ends_with('.')) << parameter->name;
    EXPECT_EQ(parameter->IsInEffect(), FindInEffect(parameter->name) == parameter) << parameter->name;
    if (parameter->IsInEffect()) continue;
    EXPECT_FALSE(Meanwhile(parameter->feature).empty()) << parameter->name;
    EXPECT_EQ(FindParameter(parameter->name), parameter);
  }
}

TEST(Registry, EveryDefaultIsAValueOfItsType) {
  const Configuration configuration = Configuration::Parse({"/etc/outpost", false, "/q"}, "main.cf", "");
  for (const Parameter* parameter : KnownParameters()) {
    const auto value = configuration.Expanded(parameter->name);
    ASSERT_TRUE(value) << parameter->name << ": " << value.error().text();
    const auto checked = CheckValue(parameter->values, *value);
    EXPECT_TRUE(checked) << parameter->name << ": " << checked.error().text();
  }
}

TEST(Registry, FindsTheParametersOfAnyTransport) {
  const auto slow = FindTransportParameter("slow_destination_rate_delay");
  ASSERT_TRUE(slow);
  EXPECT_EQ(slow->transport, "slow");
  EXPECT_EQ(slow->parameter->default_value, "$default_destination_rate_delay");
  EXPECT_EQ(FindTransportParameter("a_b_destination_recipient_limit")->transport, "a_b");
  EXPECT_EQ(FindTransportParameter("retry_recipient_limit")->parameter->name, "transport_recipient_limit");
  EXPECT_FALSE(FindTransportParameter("_recipient_limit"));
  EXPECT_FALSE(FindTransportParameter("relayhost"));
}

TEST(Registry, FindsTheNearestNameOfAllThatIsKnown) {
  EXPECT_EQ(NearestName("relayhosts"), "relayhost");
  EXPECT_EQ(NearestName("transport_map"), "transport_maps");
  EXPECT_EQ(NearestName("nothing_like_it"), "");
}

// What is wrong with `text` as a value of `values`.
std::string Wrong(const Values& values, std::string_view text) {
  const auto checked = CheckValue(values, text);
  return checked ? "" : checked.error().text();
}

TEST(Values, AreCheckedByTypeBoundsAndWords) {
  using values::Bool;
  using values::Integer;
  using values::NonEmpty;
  using values::Size;
  using values::Tables;
  using values::Time;
  using values::Word;
  using values::Words;
  using values::WordsAndNames;
  EXPECT_EQ(Wrong(Bool(), "Yes"), "");
  EXPECT_THAT(Wrong(Bool(), "on"), HasSubstr("neither yes nor no"));
  EXPECT_EQ(Wrong(Integer(0, 6), "6"), "");
  EXPECT_EQ(Wrong(Integer(0, 6), "7"), "\"7\" is more than 6");
  EXPECT_EQ(Wrong(Size(1), "0"), "\"0\" is less than 1");
  EXPECT_THAT(Wrong(Time('s', 0), "soon"), HasSubstr("is no time"));
  EXPECT_EQ(Wrong(NonEmpty(), ""), "must not be empty");
  EXPECT_EQ(Wrong(Words("a, b"), "B, a"), "");
  EXPECT_EQ(Wrong(WordsAndNames("nexthop, hostname"), "Nexthop:Mail.Example.net, .example.org relay"), "");
  EXPECT_EQ(Wrong(WordsAndNames("nexthop, hostname"), "nexthopp"),
            "\"nexthopp\" is not known; did you mean nexthop? Known are nexthop, hostname");
  EXPECT_EQ(Wrong(WordsAndNames("nexthop"), "*.example.org"), "\"*.example.org\" is not known; known are nexthop");
  EXPECT_EQ(Wrong(Words("a, b"), "a, xyz"), "\"xyz\" is not known; known are a, b");
  EXPECT_THAT(Wrong(Tables(), "{hash:/a"), HasSubstr("without"));
  EXPECT_EQ(Wrong(Word("may, encrypt, secure"), "encypt"),
            "\"encypt\" is not known; did you mean encrypt? Known are may, encrypt, secure");
  EXPECT_EQ(Wrong(Word(", disabled, enabled"), ""), "");
  EXPECT_EQ(Wrong(Word("may, encrypt"), ""), "must not be empty; known are may, encrypt");
}

TEST(Values, AreDescribed) {
  using values::Integer;
  using values::Size;
  using values::Time;
  using values::Word;
  EXPECT_EQ(Describe(Word(", disabled, enabled")), "one of disabled, enabled, or empty");
  EXPECT_EQ(Describe(Integer(0, 6)), "number, 0 to 6");
  EXPECT_EQ(Describe(Time('d', 0)), "time in d");
  EXPECT_EQ(Describe(Size(1)), "bytes, at least 1");
}

}  // namespace
}  // namespace outpost::conf
