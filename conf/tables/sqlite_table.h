// sqlite:FILE, a table that is a query to an SQLite database, as Postfix's sqlite_table(5) describes it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "conf/tables/table.h"

namespace outpost::conf {

// Opens the tables of `domain`.
using TableOpener = std::function<sys::Result<std::unique_ptr<Table>>(std::string_view item)>;

// `path` is of a text in main.cf's form:
//   dbpath           the database, an absolute path; it is opened read-only, and again when another file is in its place
//   query            with macros, as conf/tables/sql_template.h says; or, as of old, select_field, table, where_field
//                    and additional_conditions
//   result_format    "%s"; what a row becomes. Rows without a value are left out, the others stand between commas
//   domain           names and tables: only keys user@domain of these are asked for
//   expansion_limit  0: none; more rows are an error
// Letters of keys are folded. Whatever goes wrong in a look-up, a database that is locked for kBusyTime or a query that
// takes kQueryTime too, is an Error.
sys::Result<std::unique_ptr<Table>> OpenSqliteTable(const std::string& path, const TableOpener& open);

}  // namespace outpost::conf
