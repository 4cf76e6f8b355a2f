// Tables' texts and addresses that nobody writes: a corpus, changed at random. The asan build tells what is read or
// written out of bounds; what is asserted here is what holds for any bytes. A usual run takes a second; a long one:
//   OUTPOST_FUZZ_SECONDS=600 build/asan/tests/test_tables --gtest_filter='MutatedText.*'
// A failure names its seed; OUTPOST_FUZZ_SEED repeats it.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "conf/tables/address_keys.h"
#include "conf/tables/alias_line.h"
#include "conf/tables/cidr.h"
#include "conf/tables/indexed_table.h"
#include "conf/tables/open_table.h"
#include "conf/tables/pcre.h"
#include "conf/tables/regexp.h"
#include "conf/tables/sql_template.h"

namespace outpost::conf {
namespace {

using Random = std::mt19937_64;

const std::vector<std::string> kTexts = {
    "a b\n# c\n d e\n\n\"x y\" z\nkey:\tvalue\n",
    "root: alice, \"|/bin/x a\", :include:/l\n\"na me\": b\n",
    "/^(a+)@(.*)$/i $2-${1}$$\n!/b/ x\nif /c/\n|d| e\nendif\n",
    "10.0.0.0/8 x\nif !2001:db8::/32\n::1 $1\nendif\n",
    "SELECT v FROM m WHERE k = '%s' AND d = '%u@%d' AND x LIKE '%%%3.%2.%1' -- \"%S\"",
    "{ {a = b c}, D=e }",
    "{{/^(.)/ $1}, {if /x/}, {endif}}",
    "owner-list+ext-x@sub.example.org",
    "\"a b\\\"c+x\"@[IPv6:::1]",
    "@u@b\xc3\xbc"
    "cher.example.",
    "[mail.example.org]:587",
};

std::string Mutated(Random& random) {
  const auto below = [&](size_t bound) { return static_cast<size_t>(random() % bound); };
  std::string text = kTexts[below(kTexts.size())];
  for (size_t change = below(8); change > 0; --change) {
    const size_t place = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        text.insert(place, 1, static_cast<char>(random()));
        break;
      case 1:
        text.erase(place, below(10));
        break;
      case 2:
        text.insert(place, 1, "\"'\\/{}%$@:+-., \t\n#![]()"[below(23)]);
        break;
      case 3: {
        const std::string& other = kTexts[below(kTexts.size())];
        text.insert(place, other.substr(below(other.size())));
        break;
      }
      default:
        text.insert(place, below(300), text.empty() ? 'a' : text[below(text.size())]);
        break;
    }
  }
  return text;
}

// Calls `look` with texts until the time is over; some hundreds at least.
void ForMutatedTexts(const std::function<void(const std::string&, Random&)>& look) {
  const char* const seconds = getenv("OUTPOST_FUZZ_SECONDS");
  const char* const chosen = getenv("OUTPOST_FUZZ_SEED");
  const auto time = seconds == nullptr ? std::chrono::milliseconds(150) : std::chrono::seconds(atoi(seconds)) / 5;
  const auto end = std::chrono::steady_clock::now() + time;
  uint64_t seed =
      chosen == nullptr ? (seconds == nullptr ? 1 : std::random_device()()) : strtoull(chosen, nullptr, 10);
  for (int round = 0; round < 300 || std::chrono::steady_clock::now() < end; ++round, ++seed) {
    Random random(seed);
    const std::string text = Mutated(random);
    look(text, random);
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed << ": " << testing::PrintToString(text);
    if (chosen != nullptr) break;
  }
}

TEST(MutatedText, LinesAreTheSameInWhateverPiecesTheyArrive) {
  ForMutatedTexts([](const std::string& text, Random& random) {
    const LogicalLines whole = SplitLogicalLines(text);
    std::vector<Complaint> complaints;
    std::string_view rest = text;
    LogicalLineReader reader(
        [&](std::span<char> room) -> sys::Result<size_t> {
          const size_t length = std::min({room.size(), rest.size(), static_cast<size_t>(1 + random() % 7)});
          std::copy_n(rest.begin(), length, room.begin());
          rest.remove_prefix(length);
          return length;
        },
        &complaints);
    for (const LogicalLine& line : whole.lines) {
      const auto next = reader.Next();
      ASSERT_TRUE(next && *next);
      EXPECT_EQ((*next)->text, line.text);
      EXPECT_EQ((*next)->line, line.line);
    }
    EXPECT_FALSE(*reader.Next());
    EXPECT_EQ(complaints.size(), whole.complaints.size());
  });
}

TEST(MutatedText, TablesOfKeysHoldWhatTheyShow) {
  ForMutatedTexts([](const std::string& text, Random&) {
    for (const auto make : {MakeIndexedTable, MakeAliasTable}) {
      std::vector<Complaint> complaints;
      LogicalLineReader reader(SourceOf(text), &complaints);
      const auto table = make(reader, &complaints);
      ASSERT_TRUE(table);
      ASSERT_TRUE((*table)->Walk([&](std::string_view key, std::string_view value) {
        EXPECT_FALSE(key.empty());
        EXPECT_FALSE(value.empty());
        const Found found = (*table)->Find(key);
        EXPECT_TRUE(found && *found && **found == value);
        return true;
      }));
    }
    std::ignore = MakeInlineTable(text);
  });
}

TEST(MutatedText, PatternsAnswerOrAreInTrouble) {
  ForMutatedTexts([](const std::string& text, Random&) {
    const LogicalLines lines = SplitLogicalLines(text);
    for (const auto take : {TakeRegexp, TakePcre, TakeNetwork}) {
      for (const auto groups : {GroupsInResults::kTaken, GroupsInResults::kRefused}) {
        std::vector<Complaint> complaints;
        const auto table = MakePatternTable(lines.lines, take, groups, &complaints);
        for (const std::string_view key : {"", "ab@c", "10.1.2.3", "2001:db8::1"}) {
          const Found found = table->Find(key);
          EXPECT_TRUE(!found || !*found || !(*found)->empty());
        }
      }
    }
  });
}

TEST(MutatedText, AQueryHoldsNoMacroAndEachLiteralExpands) {
  ForMutatedTexts([](const std::string& text, Random& random) {
    const auto query = ParseSqlQuery(text);
    if (!query) return;
    const std::string key = Mutated(random);
    for (size_t i = 0; i < query->literals.size(); ++i) {
      EXPECT_NE(query->statement.find("?" + std::to_string(i + 1)), std::string::npos);
      std::ignore = query->literals[i].Expand(key, key);
    }
  });
}

TEST(MutatedText, KeysOfAnAddressAreEachAskedOnceAndTheFirstIsWhole) {
  ForMutatedTexts([](const std::string& text, Random&) {
    AddressRules rules;
    rules.extension.recipient_delimiter = "+-";
    rules.is_local = [](std::string_view domain) { return domain.size() % 2 == 0; };
    const LookupKeys all[] = {AddressKeys(text, rules),
                              TransportKeys(text, rules, Parents::kDotted),
                              TransportKeys(text, rules, Parents::kPlain),
                              DomainKeys(text, Parents::kPlain),
                              TlsPolicyKeys(text),
                              AliasKeys(text, rules.extension),
                              PasswordKeys(text, rules, {text, text, 25})};
    for (const LookupKeys& keys : all) {
      std::set<std::string> seen;
      for (const LookupKey& key : keys) {
        EXPECT_FALSE(key.text.empty());
        EXPECT_TRUE(seen.insert(key.text).second) << key.text;
      }
    }
    const std::string_view extension = ExtensionOf(text, rules.extension);
    EXPECT_TRUE(text.ends_with(extension));
    EXPECT_TRUE(extension.empty() || extension.size() < text.size());
  });
}

}  // namespace
}  // namespace outpost::conf
