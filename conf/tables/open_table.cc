#include "conf/tables/open_table.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "conf/tables/cidr.h"
#include "conf/tables/file_table.h"
#include "conf/tables/indexed_table.h"
#include "conf/tables/joined_tables.h"
#include "conf/tables/pcre.h"
#include "conf/tables/plain_tables.h"
#include "conf/tables/regexp.h"
#include "conf/tables/secret_tables.h"
#include "conf/tables/sqlite_table.h"
#include "conf/tables/table_name.h"
#include "conf/value_types.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Opened = sys::Result<std::unique_ptr<Table>>;

// What a type makes a table of.
struct Opening {
  std::string_view name;
  int depth = 0;  // of tables around it
  int* count;     // of tables opened for the outermost
  std::vector<TextComplaints>* complaints = nullptr;
  const TableUse& use;

  Opening Within() const { return {{}, depth + 1, count, complaints, use}; }
};
using Opener = Opened (*)(const Opening&);

// A text of patterns is in memory, and takes many times its size there.
constexpr uint64_t kMaxPatternFile = 4 * 1024 * 1024;
// One of keys is on disk where it is large.
constexpr uint64_t kMaxIndexedFile = 256 * 1024 * 1024;

Opened OpenFile(const Opening& opening, uint64_t max_bytes, TableMaker make) {
  if (!opening.name.starts_with('/')) {
    return sys::Error(sys::Cat("\"", sys::Printable(opening.name, 200), "\" is no absolute path of a table"));
  }
  const std::string path(opening.name);
  auto read = FileTable::Open(path, max_bytes, std::move(make), opening.use.tell);
  if (!read) return read.error();
  if (!read->complaints.empty()) opening.complaints->push_back({path, std::move(read->complaints)});
  return std::move(read->table);
}

Opened OpenIndexed(const Opening& opening) {
  return OpenFile(opening, kMaxIndexedFile, opening.use.rules.aliases ? MakeAliasTable : MakeIndexedTable);
}

sys::Result<std::vector<LogicalLine>> AllOf(LogicalLineReader& reader) {
  std::vector<LogicalLine> lines;
  while (true) {
    sys::Result<std::optional<LogicalLine>> line = reader.Next();
    if (!line) return line.error();
    if (!*line) return lines;
    lines.push_back(std::move(**line));
  }
}

// A file of rules, or the rules themselves: "{ {rule}, {rule} }".
template <sys::Result<CompiledPattern> (*take)(std::string_view*)>
Opened OpenPatterns(const Opening& opening) {
  const GroupsInResults groups = opening.use.rules.groups;
  if (!opening.name.starts_with('{')) {
    const auto make = [groups](LogicalLineReader& reader, std::vector<Complaint>* complaints) -> Opened {
      const auto lines = AllOf(reader);
      if (!lines) return lines.error();
      return MakePatternTable(*lines, take, groups, complaints);
    };
    return OpenFile(opening, kMaxPatternFile, make);
  }
  const sys::Result<std::vector<std::string>> rules = SplitBracedList(opening.name);
  if (!rules) return rules.error();
  std::vector<LogicalLine> lines;
  for (const std::string& rule : *rules) lines.push_back({rule, static_cast<int>(lines.size()) + 1});
  TextComplaints found;
  auto table = MakePatternTable(lines, take, groups, &found.complaints);
  for (Complaint& complaint : found.complaints) {
    complaint.text = sys::Cat("rule ", std::exchange(complaint.line, 0), ": ", complaint.text);
  }
  if (!found.complaints.empty()) opening.complaints->push_back(std::move(found));
  return table;
}

// For the types whose name alone says all.
template <Opened (*make)(std::string_view)>
Opened OpenPlain(const Opening& opening) {
  return make(opening.name);
}

Opened OpenWithin(std::string_view item, Opening opening);

template <std::unique_ptr<Table> (*join)(Tables)>
Opened OpenJoined(const Opening& opening) {
  const sys::Result<std::vector<std::string>> items = SplitBracedList(opening.name);
  if (!items) return items.error();
  if (items->empty()) return sys::Error("has no table");
  Tables tables;
  for (const std::string& item : *items) {
    Opened table = OpenWithin(item, opening.Within());
    if (!table) return table;
    tables.push_back(std::move(*table));
  }
  return join(std::move(tables));
}

// A table of its own: its text names no others, but in "domain".
Opened OpenSqlite(const Opening& opening) {
  const auto open = [&](std::string_view item) { return OpenWithin(item, opening.Within()); };
  return OpenSqliteTable(std::string(opening.name), open);
}

Opened OpenCredential(const Opening& opening) {
  const auto path = CredentialPath(opening.name);
  if (!path) return path.error();
  return OpenFile({*path, opening.depth, opening.count, opening.complaints, opening.use}, kMaxIndexedFile,
                  MakeIndexedTable);
}

Opened OpenSecret(const Opening&) {
  return sys::Error(
      "the Secret Service is not built in; command: runs a program that asks it (secret-tool lookup)");
}

enum class Needs { kNothing, kSecrets };

struct TypeOfTable {
  std::string_view type;
  Opener open;
  Needs needs = Needs::kNothing;
};
constexpr auto kTypes = std::to_array<TypeOfTable>({
    {"hash", OpenIndexed},
    {"btree", OpenIndexed},
    {"lmdb", OpenIndexed},
    {"cdb", OpenIndexed},
    {"dbm", OpenIndexed},
    {"sdbm", OpenIndexed},
    {"texthash", OpenIndexed},
    {"inline", OpenPlain<MakeInlineTable>},
    {"static", OpenPlain<MakeStaticTable>},
    {"regexp", OpenPatterns<TakeRegexp>},
    {"pcre", OpenPatterns<TakePcre>},
    {"cidr", OpenPatterns<TakeNetwork>},
    {"unix", OpenPlain<MakeUnixTable>},
    {"environ", OpenPlain<MakeEnvironTable>},
    {"fail", OpenPlain<MakeFailTable>},
    {"sqlite", OpenSqlite},
    {"unionmap", OpenJoined<MakeUnion>},
    {"pipemap", OpenJoined<MakePipe>},
    {"randmap", OpenPlain<MakeRandomTable>},
    {"command", OpenPlain<OpenCommandTable>, Needs::kSecrets},
    {"credential", OpenCredential, Needs::kSecrets},
    {"secret", OpenSecret, Needs::kSecrets},
});

// A table as complaints name it: without its name where a password may stand in it.
std::string Shown(const TableName& table, bool is_known, const TableRules& rules) {
  const bool may_tell = is_known && table.name.find_first_of("{:") == std::string::npos;
  return sys::Cat(table.type, ":", rules.secrets && !may_tell ? "..." : sys::Printable(table.name, 200));
}

Opened OpenWithin(std::string_view item, Opening opening) {
  if (opening.depth > kMaxTableDepth || ++*opening.count > kMaxTables) {
    return sys::Error("tables within tables are too many");
  }
  const TableName table = ParseTableName(item);
  if (table.name.empty()) {
    return sys::Error(sys::Cat("\"", sys::Printable(item, 200), "\" is no \"type:name\", a name is missing"));
  }
  opening.name = table.name;
  for (const auto& [type, open, needs] : kTypes) {
    if (type != table.type) continue;
    if (needs == Needs::kSecrets && !opening.use.rules.secrets) {
      return sys::Error(sys::Cat(type, ": is a type for passwords alone (smtp_sasl_password_maps)"));
    }
    Opened opened = open(opening);
    if (opened || FileOf(table) == table.name) return opened;  // an error of a file names it
    return opened.error().Within(Shown(table, true, opening.use.rules));
  }
  return sys::Error(sys::Cat("there is no table type \"", sys::Printable(table.type, 40), "\" (in \"",
                             Shown(table, false, opening.use.rules), "\"); there are ", KnownTableTypes()));
}

}  // namespace

sys::Result<std::unique_ptr<Table>> OpenTable(std::string_view item, std::vector<TextComplaints>* complaints,
                                              const TableUse& use) {
  int count = 0;
  return OpenWithin(item, {{}, 0, &count, complaints, use});
}

std::string KnownTableTypes() {
  std::string known;
  for (const auto& type : kTypes) known += sys::Cat(known.empty() ? "" : ", ", type.type);
  return known;
}

std::vector<std::string_view> TableTypes() {
  std::vector<std::string_view> types;
  types.reserve(std::size(kTypes));
  for (const auto& type : kTypes) types.push_back(type.type);
  std::ranges::sort(types);
  return types;
}

}  // namespace outpost::conf
