// What a row of each of the queue's tables looks like where it lies: the types of its values in the order in which they
// are stored. By it a row is told from those of other tables and of indices, whatever has become of the tree around it.
#pragma once

#include <string>
#include <vector>

#include "lib/queue/connection.h"
#include "lib/queue/raw_row.h"

namespace outpost::queue {

struct TableShape {
  struct Column {
    std::string name;
    RawValue::Kind kind = RawValue::Kind::kNull;
    bool is_row_number = false;  // INTEGER PRIMARY KEY: stored as NULL
    bool may_be_null = false;
    bool may_be_absent = false;  // added by a later version: rows from before end sooner
  };
  std::string name;
  bool has_row_numbers = false;
  std::vector<Column> columns;

  bool Fits(const RawRow& row) const;
  // Of the column `name`; nothing when the row ends before it.
  const RawValue* Find(const RawRow& row, std::string_view name) const;
};

// Of all tables of a new database.
Result<std::vector<TableShape>> ReadShapes(Connection& connection);

}  // namespace outpost::queue
