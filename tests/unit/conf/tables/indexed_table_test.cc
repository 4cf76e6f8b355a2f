#include "conf/tables/indexed_table.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/tables/disk_index.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Values = std::map<std::string, std::string>;

struct Text {
  Values values;
  std::vector<Complaint> complaints;
};

template <auto make>
Text ParseWith(std::string_view text) {
  Text parsed;
  LogicalLineReader reader(SourceOf(text), &parsed.complaints);
  const auto table = make(reader, &parsed.complaints);
  EXPECT_TRUE(table) << table.error().text();
  const auto walked = (*table)->Walk([&](std::string_view key, std::string_view value) {
    EXPECT_EQ(**(*table)->Find(key), value);
    return parsed.values.emplace(key, value).second;
  });
  EXPECT_TRUE(walked);
  return parsed;
}

Text ParseText(std::string_view text) { return ParseWith<MakeIndexedTable>(text); }

TEST(IndexedTable, ReadsKeysAndValues) {
  const std::pair<std::string_view, Values> cases[] = {
      {"", {}},
      {"a b", {{"a", "b"}}},
      {"[smtp.Example.org]:587  User:pass word \r\n", {{"[smtp.example.org]:587", "User:pass word"}}},
      {"a\tb\n\n# x\nc  d # e\n", {{"a", "b"}, {"c", "d # e"}}},
      {"a\n  b\n  c\n", {{"a", "b  c"}}},
      {"\"John Doe\"@example.org joe\n", {{"\"john doe\"@example.org", "joe"}}},
      {"\"a b\" c\n", {{"\"a b\"", "c"}}},
      {"\"a\\\" b\\\\\" c\n", {{"\"a\\\" b\\\\\"", "c"}}},
      {"p\"q r\"s t\na\\ b c\n", {{"p\"q r\"s", "t"}, {"a\\ b", "c"}}},
      {"a 1\nA 2\n", {{"a", "1"}}},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(ParseText(text).values, expected) << text;
}

TEST(IndexedTable, ComplainsOfBadLinesWithoutShowingValues) {
  const std::pair<std::string_view, int> cases[] = {
      {"a b\nkey\n", 2}, {"\"key value\n", 1},         {"a b\na secret\n", 2},
      {" a b\n", 1},     {"a b\nkey sec\x01ret\n", 2}, {"key: secret\n", 1},
  };
  for (const auto& [text, line] : cases) {
    const Text table = ParseText(text);
    ASSERT_EQ(table.complaints.size(), 1U) << text;
    EXPECT_EQ(table.complaints[0].line, line) << text;
    EXPECT_EQ(table.complaints[0].text.find("secret"), std::string::npos);
  }
}

// What aliases(5) takes; kept apart are the cases where Postfix's postalias was asked: it warns, and leaves out, the same.
TEST(AliasTable, ReadsNamesAndValuesAsWritten) {
  const std::pair<std::string_view, Values> cases[] = {
      {"root: alice\n", {{"root", "alice"}}},
      {"Root : alice, bob@x\n", {{"root", "alice, bob@x"}}},
      {"\"na me\": bob\n", {{"na me", "bob"}}},
      {"p: \"|/bin/x a, b\", /var/mail/y\n", {{"p", "\"|/bin/x a, b\", /var/mail/y"}}},
      {"l: :include:/etc/l,\n  more\n", {{"l", ":include:/etc/l,  more"}}},
      {"a: 1\nA: 2\n", {{"a", "1"}}},
      {"b\\ob: x\n", {{"bob", "x"}}},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(ParseWith<MakeAliasTable>(text).values, expected) << text;
}

TEST(AliasTable, LeavesOutWhatIsNoAlias) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"nocolon alice\n", "\"name: value\""}, {"empty:\n", "\"name: value\""}, {"one, two: x\n", "\"name: value\""},
      {"user@dom: x\n", "local part"},        {"user%dom: x\n", "local part"}, {": x\n", "\"name: value\""},
      {"a: \"x\n", "quote is not closed"},
  };
  for (const auto& [text, part] : cases) {
    const Text table = ParseWith<MakeAliasTable>(text);
    EXPECT_THAT(table.values, IsEmpty()) << text;
    ASSERT_THAT(table.complaints, SizeIs(1)) << text;
    EXPECT_THAT(table.complaints[0].text, HasSubstr(part));
  }
}

std::string LargeText(size_t lines) {
  std::string text;
  for (size_t i = 0; i < lines; ++i) text += "Key" + std::to_string(i) + " value " + std::to_string(i) + "\n";
  return text;
}

TEST(IndexedTable, ALargeTextAnswersAsASmallOne) {
  const std::string text =
      LargeText(kMaxEntriesInMemory + 5000) + "KEY7 other\nlong " + std::string(5000, 'x') + "\n";
  std::vector<Complaint> complaints;
  LogicalLineReader reader(SourceOf(text), &complaints);
  const auto table = MakeIndexedTable(reader, &complaints);
  ASSERT_TRUE(table);
  for (const std::string key : {"0", "7", "99999", "100000", "100001", "104999"}) {
    EXPECT_EQ((*table)->Find("kEy" + key)->value_or("none"), "value " + key);
  }
  EXPECT_EQ((*table)->Find("long")->value_or("none"), std::string(5000, 'x'));
  EXPECT_EQ((*table)->Find("key105000")->value_or("none"), "none");
  ASSERT_THAT(complaints, SizeIs(1));
  EXPECT_EQ(complaints[0].line, static_cast<int>(kMaxEntriesInMemory) + 5001);
  EXPECT_THAT(complaints[0].text, HasSubstr("\"key7\" is there already"));
  size_t count = 0;
  ASSERT_TRUE((*table)->Walk([&](std::string_view key, std::string_view value) {
    EXPECT_EQ(value, key.starts_with("key") ? "value " + std::string(key.substr(3)) : std::string(5000, 'x'));
    return ++count > 0;
  }));
  EXPECT_EQ(count, kMaxEntriesInMemory + 5001);
}

TEST(IndexedTable, ATextOfFewLongValuesIsOnDiskToo) {
  for (const auto& [value_size, is_on_disk] : {std::pair(size_t{30'000}, true), std::pair(size_t{10'000}, false)}) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += sys::Cat("key", i, " ", std::string(value_size, 'x'), "\n");
    std::vector<Complaint> complaints;
    LogicalLineReader reader(SourceOf(text), &complaints);
    const auto table = MakeIndexedTable(reader, &complaints);
    ASSERT_TRUE(table);
    EXPECT_EQ(dynamic_cast<DiskIndex*>(table->get()) != nullptr, is_on_disk);
    for (const char* const key : {"key0", "key999"})
      EXPECT_EQ((*table)->Find(key)->value_or("").size(), value_size);
  }
}

TEST(IndexedTable, NonsenseCostsBoundedMemory) {
  const Text table =
      ParseText(std::string(4 * 1024 * 1024, '\x01') + "\n" + std::string(1'000'000, '\n') + "a b\n");
  EXPECT_EQ(table.values, (Values{{"a", "b"}}));
  ASSERT_THAT(table.complaints, SizeIs(1));
  std::string bad_lines;
  for (int i = 0; i < 10'000; ++i) bad_lines += "key\n";
  EXPECT_THAT(ParseText(bad_lines).complaints, SizeIs(kMaxComplaints + 1));
}

}  // namespace
}  // namespace outpost::conf
