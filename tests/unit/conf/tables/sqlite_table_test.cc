#include "conf/tables/sqlite_table.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "conf/tables/open_table.h"
#include "conf/tables/sql_template.h"
#include "tests/support/temporary_directory.h"

namespace outpost::conf {
namespace {

using testing::HasSubstr;

class SqliteTableTest : public testing::Test {
 protected:
  SqliteTableTest() {
    Execute(
        "CREATE TABLE m (k TEXT, v TEXT);"
        "INSERT INTO m VALUES ('u@d.example', 'x@y.example'), ('two', 'a'), ('two', 'b'), ('two', ''), ('two', "
        "NULL),"
        "('o''brien', 'quoted'), ('d.example', 'domain'), ('100%', 'percent'), ('bare', 'z')");
  }
  void Execute(const char* sql, const char* name = "db") const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((directory_ / name).c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  sys::Result<std::unique_ptr<Table>> Open(const std::string& text) const {
    directory_.Write("cf", "dbpath = " + directory_ / "db" + "\n" + text);
    std::vector<TextComplaints> complaints;
    return OpenTable("sqlite:" + directory_ / "cf", &complaints);
  }
  std::string Ask(const std::string& text, std::string_view key) const {
    const auto table = Open(text);
    if (!table) return "cannot: " + table.error().text();
    const Found found = (*table)->Find(key);
    return found ? found->value_or("none") : "error: " + found.error().text();
  }
  tests::TemporaryDirectory directory_;
};

constexpr const char* kQuery = "query = SELECT v FROM m WHERE k = '%s'\n";

TEST_F(SqliteTableTest, AnswersAsPostfixDoes) {
  const std::tuple<std::string, std::string_view, std::string_view> cases[] = {
      {kQuery, "u@d.example", "x@y.example"},
      {kQuery, "U@D.example", "x@y.example"},
      {kQuery, "none", "none"},
      {kQuery, "two", "a,b"},
      {kQuery, "o'brien", "quoted"},
      {kQuery, "' OR 1=1 --", "none"},
      {kQuery, "%s", "none"},
      {kQuery, "100%", "percent"},
      {"query = SELECT v FROM m WHERE k = \"%s\"\n", "two", "a,b"},
      {"query = SELECT v FROM m WHERE k = \"%s\"\n", "\" OR 1=1 --", "none"},
      {"query = SELECT v FROM m WHERE k = '%u@%d'\n", "u@d.example", "x@y.example"},
      {"query = SELECT v FROM m WHERE k = '%u'\n", "two@d.example", "a,b"},
      {"query = SELECT v FROM m WHERE k = '%u'\n", "two", "a,b"},
      {"query = SELECT v FROM m WHERE k = '%d'\n", "u@d.example", "domain"},
      {"query = SELECT v FROM m WHERE k = '%d'\n", "d.example", "none"},
      {"query = SELECT v FROM m WHERE k = '%2.%1'\n", "u@a.d.example", "domain"},
      {"query = SELECT v FROM m WHERE k = '%3.%2.%1'\n", "u@d.example", "none"},
      {"query = SELECT v FROM m WHERE k LIKE '10%%'\n", "any", "percent"},
      {"query = SELECT v FROM m WHERE k = '100%%' AND 7 %% 4 = 3\n", "any", "percent"},
      {"select_field = v\ntable = m\nwhere_field = k\nadditional_conditions = AND v <> 'a'\n", "two", "b"},
      {std::string(kQuery) + "result_format = [%s]\n", "two", "[a],[b]"},
      {std::string(kQuery) + "result_format = %u at %d for %U\n", "u@d.example", "x at y.example for u"},
      {std::string(kQuery) + "result_format = smtp:%d\n", "two", "none"},
      {std::string(kQuery) + "result_format = %s of %2 %%\n", "u@d.example", "x@y.example of d %"},
      {std::string(kQuery) + "expansion_limit = 2\n", "two", "a,b"},
      {std::string(kQuery) + "expansion_limit = 1\n", "two", "error: more than 1 results (expansion_limit)"},
      {std::string(kQuery) + "domain = other.example, D.example\n", "u@d.example", "x@y.example"},
      {std::string(kQuery) + "domain = inline:{d.example=1}\n", "u@d.example", "x@y.example"},
      {std::string(kQuery) + "domain = other.example\n", "u@d.example", "none"},
      {std::string(kQuery) + "domain = d.example\n", "two", "none"},
      {std::string(kQuery) + "domain = d.example\n", "@d.example", "none"},
      {std::string(kQuery) + "domain = fail:x\n", "u@d.example", "error: fail:x fails always"},
  };
  for (const auto& [text, key, expected] : cases) EXPECT_EQ(Ask(text, key), expected) << text << "for " << key;
}

TEST_F(SqliteTableTest, SaysWhatIsWrongAtTheStart) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"", "query is missing"},
      {"query = SELECT v FROM m WHERE k = %s\n", "stands in quotes"},
      {"query = SELECT v FROM m WHERE k = '%x'\n", "there are %s, %u"},
      {"query = SELECT v FROM m WHERE k = '%s\n", "not closed"},
      {"query = SELECT v FROM none WHERE k = '%s'\n", "no such table: none"},
      {"query = DELETE FROM m WHERE k = '%s'\n", "one SELECT"},
      {"query = SELECT v FROM m; DELETE FROM m\n", "one SELECT"},
      {std::string(kQuery) + "hosts = x\n", "line 3: there is no \"hosts\""},
      {std::string(kQuery) + "result_format = %y\n", "result_format: there are"},
      {std::string(kQuery) + "expansion_limit = x\n", "is to be a number"},
      {std::string(kQuery) + "domain = ldap:x\n", "no table type"},
      {std::string(kQuery) + "dbpath = db\n", "absolute path"},
      {std::string(kQuery) + "dbpath = /nonexistent/db\n", "No such file"},
      {"nonsense\n", "line 2: "},
      {std::string(100'000, '#'), "larger than"},
  };
  for (const auto& [text, part] : cases) EXPECT_THAT(Ask(text, "two"), HasSubstr(part)) << text;
}

TEST_F(SqliteTableTest, TroubleIsNeverNotFound) {
  const auto table = Open(kQuery);
  ASSERT_TRUE(table);
  Execute("DROP TABLE m");
  EXPECT_FALSE((*table)->Find("two"));
  std::filesystem::remove(directory_ / "db");
  EXPECT_FALSE((*table)->Find("two"));
  directory_.Write(
      "db", "this is no database, and longer than the header of one would be, which is a hundred bytes long");
  EXPECT_FALSE((*table)->Find("two"));
}

TEST_F(SqliteTableTest, SeesChangesAndAnotherFileInItsPlace) {
  const auto table = Open(kQuery);
  ASSERT_TRUE(table);
  Execute("INSERT INTO m VALUES ('new', '1')");
  EXPECT_EQ((*table)->Find("new")->value_or("none"), "1");
  Execute("CREATE TABLE m (k TEXT, v TEXT); INSERT INTO m VALUES ('new', '2')", "other");
  std::filesystem::rename(directory_ / "other", directory_ / "db");
  EXPECT_EQ((*table)->Find("new")->value_or("none"), "2");
}

TEST_F(SqliteTableTest, AFileThatOthersCouldChangeIsNotTaken) {
  directory_.Write("cf", "dbpath = " + directory_ / "db" + "\n" + kQuery);
  std::filesystem::permissions(directory_ / "cf", std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  std::vector<TextComplaints> complaints;
  const auto table = OpenTable("sqlite:" + directory_ / "cf", &complaints);
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().text(), HasSubstr("chmod o-w"));
  EXPECT_THAT(OpenTable("sqlite:cf", &complaints).error().text(), HasSubstr("absolute path"));
}

TEST_F(SqliteTableTest, FilesThatNameOthersManyTimesEnd) {
  std::string domains = "domain = ";
  for (int i = 0; i < 100; ++i) domains += "sqlite:" + directory_ / "next" + " ";
  directory_.Write(
      "next", "dbpath = " + directory_ / "db" + "\n" + kQuery + "domain =" + [] {
        std::string inner;
        for (int i = 0; i < 20; ++i) inner += " static:x";
        return inner;
      }() + "\n");
  EXPECT_THAT(Ask(kQuery + domains + "\n", "two"), HasSubstr("tables within tables are too many"));
}

TEST_F(SqliteTableTest, WhatIsNoLineOfTextIsTrouble) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"query = SELECT 'a' || char(10) || 'b' WHERE '%s' = 'k'\n", "more than one line"},
      {"query = SELECT hex(zeroblob(500000000)) WHERE '%s' = 'k'\n", "too big"},
      {"query = SELECT hex(zeroblob(100000)) WHERE '%s' = 'k'\n", "a result of more than"},
      {"query = WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT 'a' FROM n WHERE '%s' = 'k'\n",
       "a result of more than"},
  };
  for (const auto& [text, part] : cases) EXPECT_THAT(Ask(text, "k"), HasSubstr(part)) << text;
}

TEST_F(SqliteTableTest, WritesNothing) {
  const auto before = std::filesystem::last_write_time(directory_ / "db");
  EXPECT_EQ(Ask(kQuery, "two"), "a,b");
  EXPECT_EQ(std::filesystem::last_write_time(directory_ / "db"), before);
}

}  // namespace
}  // namespace outpost::conf
