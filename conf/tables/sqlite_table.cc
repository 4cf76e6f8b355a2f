#include "conf/tables/sqlite_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "conf/main_cf.h"
#include "conf/tables/changing_file.h"
#include "conf/tables/sql_template.h"
#include "conf/value_types.h"
#include "lib/sys/clock.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr size_t kMaxFile = 64 * 1024;
constexpr std::chrono::milliseconds kBusyTime{5000};
constexpr std::chrono::milliseconds kQueryTime{10'000};
constexpr int kStepsBetweenLooks = 100'000;
constexpr int kMaxBytes = 1024 * 1024;  // of a value or row, also within the query

struct Closer {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Closer>;
using Statement = std::unique_ptr<sqlite3_stmt, Closer>;

// What the file says.
struct Description {
  std::string dbpath;
  SqlQuery query;
  std::optional<SqlTemplate> result_format;
  bool has_domains = false;
  std::vector<std::string> domains;  // in lower case
  std::vector<std::unique_ptr<Table>> domain_tables;
  uint64_t expansion_limit = 0;
};

class SqliteTable : public Table {
 public:
  explicit SqliteTable(Description description) : description_(std::move(description)) {}

  sys::Result<void> Connect();
  Found Find(std::string_view key) override;

 private:
  sys::Error Trouble(std::string_view attempted) const {
    return sys::Error(sys::Cat(attempted, " ", description_.dbpath, ": ", sqlite3_errmsg(database_.get())));
  }
  sys::Result<bool> IsAskedFor(std::string_view key);
  // False where a macro of the query has no part of the key to stand for.
  sys::Result<bool> Bind(std::string_view key);
  sys::Result<std::optional<std::string>> Rows(std::string_view key);
  static int IsTooLate(void* table) { return sys::MonotonicClock() > static_cast<SqliteTable*>(table)->deadline_; }

  Description description_;
  Database database_;
  Statement statement_;  // of database_, so ended first
  dev_t device_ = 0;
  ino_t inode_ = 0;
  sys::Microseconds deadline_{};
};

// Connects, and again when another file is in the database's place.
sys::Result<void> SqliteTable::Connect() {
  struct stat status {};
  if (stat(description_.dbpath.c_str(), &status) != 0) {
    return sys::Error::FromErrno(sys::Cat("open ", description_.dbpath));
  }
  if (!S_ISREG(status.st_mode)) return sys::Error(sys::Cat(description_.dbpath, " is no regular file"));
  if ((status.st_mode & S_IWOTH) != 0) {
    return sys::Error(sys::Cat(description_.dbpath, " may be written by everybody"));
  }
  if (statement_ && status.st_dev == device_ && status.st_ino == inode_) return {};
  statement_.reset();
  database_.reset();
  sqlite3* database = nullptr;
  const int opened = sqlite3_open_v2(description_.dbpath.c_str(), &database, SQLITE_OPEN_READONLY, nullptr);
  database_.reset(database);
  if (opened != SQLITE_OK) return Trouble("open");
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, kMaxBytes);
  sqlite3_busy_timeout(database, static_cast<int>(kBusyTime.count()));
  sqlite3_progress_handler(database, kStepsBetweenLooks, IsTooLate, this);
  deadline_ = sys::MonotonicClock() + kQueryTime;
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  const std::string& text = description_.query.statement;
  const int prepared = sqlite3_prepare_v2(database, text.c_str(), static_cast<int>(text.size()), &statement, &rest);
  Statement owned(statement);
  if (prepared != SQLITE_OK) return Trouble("prepare the query to");
  if (statement == nullptr || sqlite3_stmt_readonly(statement) == 0 || !sys::Trim(rest).empty()) {
    return sys::Error("the query is to be one SELECT");
  }
  statement_ = std::move(owned);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return {};
}

sys::Result<bool> SqliteTable::IsAskedFor(std::string_view key) {
  if (!description_.has_domains) return true;
  const size_t at = key.rfind('@');
  if (at == std::string_view::npos || at == 0) return false;
  const std::string_view domain = key.substr(at + 1);
  if (std::ranges::find(description_.domains, domain) != description_.domains.end()) return true;
  for (const auto& table : description_.domain_tables) {
    const Found found = table->Find(domain);
    if (!found) return found.error();
    if (*found) return true;
  }
  return false;
}

sys::Result<bool> SqliteTable::Bind(std::string_view key) {
  int number = 0;
  for (const SqlTemplate& literal : description_.query.literals) {
    const auto text = literal.Expand(key, key);
    if (!text) return false;
    const int bound = sqlite3_bind_text(statement_.get(), ++number, text->data(), static_cast<int>(text->size()),
                                        SQLITE_TRANSIENT);
    if (bound != SQLITE_OK) return Trouble("ask");
  }
  return true;
}

sys::Result<std::optional<std::string>> SqliteTable::Rows(std::string_view key) {
  std::optional<std::string> all;
  uint64_t count = 0;
  while (true) {
    const int stepped = sqlite3_step(statement_.get());
    if (stepped == SQLITE_DONE) return all;
    if (stepped != SQLITE_ROW) return Trouble("ask");
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), 0));
    if (text == nullptr || *text == '\0') continue;
    if (!IsLine(text)) return sys::Error("a result is more than one line of text");
    const auto value = description_.result_format->Expand(text, key);
    if (!value) continue;
    if (description_.expansion_limit > 0 && ++count > description_.expansion_limit) {
      return sys::Error(sys::Cat("more than ", description_.expansion_limit, " results (expansion_limit)"));
    }
    if (all) *all += ',';
    all = all.value_or("") + *value;
    if (all->size() > kMaxLogicalLine)
      return sys::Error(sys::Cat("a result of more than ", kMaxLogicalLine, " bytes"));
  }
}

Found SqliteTable::Find(std::string_view key) {
  if (key.find('\0') != std::string_view::npos || key.size() > kMaxLogicalLine) return std::optional<std::string>();
  const std::string folded = sys::LowerCase(key);
  const auto asked_for = IsAskedFor(folded);
  if (!asked_for) return asked_for.error();
  if (!*asked_for) return std::optional<std::string>();
  if (auto connected = Connect(); !connected) return connected.error();
  deadline_ = sys::MonotonicClock() + kQueryTime;
  const auto bound = Bind(folded);
  if (!bound) return bound.error();
  Found found = *bound ? Rows(folded) : std::optional<std::string>();
  sqlite3_reset(statement_.get());
  return found;
}

using Settings = std::map<std::string, std::string, std::less<>>;

std::string_view ValueOf(const Settings& settings, std::string_view name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string_view() : found->second;
}

sys::Result<std::string> ReadText(const std::string& path) {
  if (!path.starts_with('/')) return sys::Error("the absolute path of a file is expected");
  std::string text;
  const auto read = ChangingFile(path, kMaxFile).Read([&](const TextSource& source) -> sys::Result<void> {
    text.assign(kMaxFile + 1, '\0');
    const auto count = source(text);
    if (!count) return count.error();
    text.resize(*count);
    return {};
  });
  if (!read) return read.error();
  return text;
}

sys::Result<Settings> ReadSettings(const std::string& path) {
  constexpr auto kKnown =
      std::to_array<std::string_view>({"dbpath", "query", "result_format", "domain", "expansion_limit",
                                       "select_field", "table", "where_field", "additional_conditions"});
  const auto text = ReadText(path);
  if (!text) return text.error();
  const MainCf parsed = ParseMainCf(*text);
  if (!parsed.errors.empty())
    return sys::Error(sys::Cat("line ", parsed.errors[0].line, ": ", parsed.errors[0].text));
  Settings settings;
  for (const Setting& setting : parsed.settings) {
    if (std::ranges::find(kKnown, setting.name) == kKnown.end()) {
      return sys::Error(
          sys::Cat("line ", setting.line, ": there is no \"", sys::Printable(setting.name, 80), "\""));
    }
    settings.insert_or_assign(setting.name, setting.value);
  }
  return settings;
}

sys::Result<SqlQuery> QueryOf(const Settings& settings) {
  std::string query(ValueOf(settings, "query"));
  if (query.empty()) {
    for (const std::string_view name : {"select_field", "table", "where_field"}) {
      if (ValueOf(settings, name).empty()) return sys::Error("query is missing");
    }
    query = sys::Cat("SELECT ", ValueOf(settings, "select_field"), " FROM ", ValueOf(settings, "table"), " WHERE ",
                     ValueOf(settings, "where_field"), " = '%s' ", ValueOf(settings, "additional_conditions"));
  }
  return ParseSqlQuery(query);
}

sys::Result<void> TakeDomains(std::string_view text, const TableOpener& open, Description* description) {
  const auto items = SplitList(text);
  if (!items) return items.error();
  description->has_domains = !items->empty();
  for (const std::string& item : *items) {
    if (item.find(':') == std::string::npos) {
      if (!IsHostName(item)) return sys::Error(sys::Cat("domain: \"", sys::Printable(item, 80), "\" is no domain"));
      description->domains.push_back(sys::LowerCase(item));
      continue;
    }
    auto table = open(item);
    if (!table) return table.error().Within("domain");
    description->domain_tables.push_back(std::move(*table));
  }
  return {};
}

sys::Result<Description> Describe(const Settings& settings, const TableOpener& open) {
  Description description;
  description.dbpath = ValueOf(settings, "dbpath");
  if (!description.dbpath.starts_with('/')) return sys::Error("dbpath is to be the absolute path of a database");
  auto query = QueryOf(settings);
  if (!query) return query.error();
  description.query = std::move(*query);
  const std::string_view format = ValueOf(settings, "result_format");
  auto result_format = SqlTemplate::Parse(format.empty() ? "%s" : format);
  if (!result_format) return result_format.error().Within("result_format");
  description.result_format = std::move(*result_format);
  const std::string_view limit = ValueOf(settings, "expansion_limit");
  const auto number = sys::ParseDecimal(limit.empty() ? "0" : limit);
  if (!number) return sys::Error("expansion_limit is to be a number");
  description.expansion_limit = *number;
  if (auto taken = TakeDomains(ValueOf(settings, "domain"), open, &description); !taken) return taken.error();
  return description;
}

}  // namespace

sys::Result<std::unique_ptr<Table>> OpenSqliteTable(const std::string& path, const TableOpener& open) {
  const auto settings = ReadSettings(path);
  if (!settings) return settings.error();
  auto description = Describe(*settings, open);
  if (!description) return description.error();
  auto table = std::make_unique<SqliteTable>(std::move(*description));
  if (auto connected = table->Connect(); !connected) return connected.error();
  return std::unique_ptr<Table>(std::move(table));
}

}  // namespace outpost::conf
