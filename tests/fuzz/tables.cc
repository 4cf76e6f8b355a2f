// Texts of lookup tables: any bytes are a table, what was wrong with its lines, or an Error in words. Each text is taken
// for every kind of table.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <vector>

#include "conf/tables/cidr.h"
#include "conf/tables/indexed_table.h"
#include "conf/tables/open_table.h"
#include "conf/tables/pcre.h"
#include "conf/tables/regexp.h"
#include "conf/tables/sql_template.h"
#include "conf/tables/sqlite_table.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace {

using namespace outpost::conf;
namespace sys = outpost::sys;

constexpr std::string_view kKeys[] = {"", "ab@c", "10.1.2.3", "2001:db8::1", "user+ext@sub.example.org"};

void Require(bool holds) {
  if (!holds) std::abort();
}

void Ask(Table& table) {
  for (const std::string_view key : kKeys) (void)table.Find(key);
}

// Lines are the same in whatever pieces they arrive.
void ReadInPieces(std::string_view text, const LogicalLines& whole) {
  std::vector<Complaint> complaints;
  size_t piece = text.size();
  const auto source = [&](std::span<char> room) -> sys::Result<size_t> {
    piece = piece * 5 + 3;
    const size_t length = std::min({room.size(), text.size(), 1 + piece % 7});
    std::copy_n(text.begin(), length, room.begin());
    text.remove_prefix(length);
    return length;
  };
  LogicalLineReader reader(source, &complaints);
  for (const LogicalLine& line : whole.lines) {
    const auto next = reader.Next();
    Require(next && *next && (*next)->text == line.text && (*next)->line == line.line);
  }
  Require(!*reader.Next());
  Require(complaints.size() == whole.complaints.size());
}

// What a table of keys shows is what it finds.
void TakeForKeys(std::string_view text) {
  for (const auto make : {MakeIndexedTable, MakeAliasTable}) {
    std::vector<Complaint> complaints;
    LogicalLineReader reader(SourceOf(text), &complaints);
    const auto table = make(reader, &complaints);
    Require(table && complaints.size() <= kMaxComplaints + 1);
    const auto walked = (*table)->Walk([&](std::string_view key, std::string_view value) {
      const Found found = (*table)->Find(key);
      Require(!key.empty() && !value.empty() && found && *found && **found == value);
      return true;
    });
    Require(walked.has_value());
  }
}

void TakeForPatterns(const LogicalLines& lines) {
  for (const auto take : {TakeRegexp, TakePcre, TakeNetwork}) {
    for (const auto groups : {GroupsInResults::kTaken, GroupsInResults::kRefused}) {
      std::vector<Complaint> complaints;
      Ask(*MakePatternTable(lines.lines, take, groups, &complaints));
    }
  }
}

// The types whose text is in main.cf itself.
void TakeForInline(std::string_view text) {
  for (const std::string_view type :
       {"inline:", "regexp:", "pcre:", "cidr:", "unionmap:", "pipemap:", "randmap:"}) {
    std::vector<TextComplaints> complaints;
    const auto table = OpenTable(sys::Cat(type, sys::Trim(text)), &complaints);
    if (table) Ask(**table);
  }
}

void TakeForSql(std::string_view text) {
  const auto query = ParseSqlQuery(text);
  for (size_t i = 0; query && i < query->literals.size(); ++i) {
    Require(query->statement.find(sys::Cat("?", i + 1)) != std::string::npos);
    for (const std::string_view key : kKeys) (void)query->literals[i].Expand(key, key);
  }
  const sys::UniqueFd file(memfd_create("sqlite_table", MFD_CLOEXEC));
  const auto written = sys::WriteAll(file, text, "a memfd");
  Require(written.has_value());
  const auto open = [](std::string_view item) {
    std::vector<TextComplaints> complaints;
    return OpenTable(sys::Cat("static:", item), &complaints);
  };
  (void)OpenSqliteTable(sys::Cat("/proc/self/fd/", file.get()), open);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const LogicalLines lines = SplitLogicalLines(text);
  ReadInPieces(text, lines);
  TakeForKeys(text);
  TakeForPatterns(lines);
  TakeForInline(text);
  TakeForSql(text);
  return 0;
}
