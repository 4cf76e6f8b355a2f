// "type:name" -> the table. The types that there are, and what each makes of its name.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "conf/logical_lines.h"
#include "conf/tables/table.h"
#include "conf/tables/table_rules.h"

namespace outpost::conf {

// What is wrong with lines of a table's text, which are left out.
struct TextComplaints {
  std::string file;  // "" for a text in main.cf itself
  std::vector<Complaint> complaints;
};

// What a table is opened for.
struct TableUse {
  TableRules rules;
  Teller tell;  // receives what is found wrong later; may be empty
};

// Tables within tables are opened too, at most kMaxTableDepth deep and kMaxTables of them.
constexpr int kMaxTableDepth = 10;
constexpr int kMaxTables = 1000;
sys::Result<std::unique_ptr<Table>> OpenTable(std::string_view item, std::vector<TextComplaints>* complaints,
                                              const TableUse& use = {});

// "hash, btree, ..., unionmap"
std::string KnownTableTypes();
// The same, in order of name.
std::vector<std::string_view> TableTypes();

}  // namespace outpost::conf
