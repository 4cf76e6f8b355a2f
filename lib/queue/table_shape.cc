#include "lib/queue/table_shape.h"

#include <algorithm>

#include "lib/queue/statement.h"

namespace outpost::queue {
namespace {

RawValue::Kind KindOf(std::string_view type) {
  if (type == "INTEGER") return RawValue::Kind::kInteger;
  if (type == "REAL") return RawValue::Kind::kReal;
  return type == "BLOB" ? RawValue::Kind::kBlob : RawValue::Kind::kText;
}

bool Fits(const TableShape::Column& column, const RawValue& value) {
  if (column.is_row_number) return value.kind == RawValue::Kind::kNull;
  if (value.kind == RawValue::Kind::kNull) return column.may_be_null;
  // A REAL without a fraction is stored as an integer.
  return value.kind == column.kind ||
         (column.kind == RawValue::Kind::kReal && value.kind == RawValue::Kind::kInteger);
}

}  // namespace

bool TableShape::Fits(const RawRow& row) const {
  if (row.is_of_table != has_row_numbers || row.values.size() > columns.size()) return false;
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool fits = i < row.values.size() ? queue::Fits(columns[i], row.values[i]) : columns[i].may_be_absent;
    if (!fits) return false;
  }
  return true;
}

const RawValue* TableShape::Find(const RawRow& row, std::string_view column) const {
  const auto found = std::ranges::find(columns, column, &Column::name);
  const auto index = static_cast<size_t>(found - columns.begin());
  return index < row.values.size() ? &row.values[index] : nullptr;
}

Result<std::vector<TableShape>> ReadShapes(Connection& connection) {
  // A table without row numbers stores the columns of its key first.
  Statement read(connection, "read the tables of",
                 "SELECT t.name, t.wr, c.name, c.type, c.\"notnull\", c.dflt_value IS NOT NULL, c.pk "
                 "FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name) AS c "
                 "WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite_%' "
                 "ORDER BY t.name, iif(t.wr AND c.pk > 0, c.pk, 1000), c.cid");
  std::vector<TableShape> shapes;
  Rows rows(read);
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return shapes;
    if (shapes.empty() || shapes.back().name != rows.Text(0)) {
      shapes.push_back({std::string(rows.Text(0)), rows.Integer(1) == 0, {}});
    }
    TableShape::Column column;
    column.name = rows.Text(2);
    column.kind = KindOf(rows.Text(3));
    const bool is_key = rows.Integer(6) != 0;
    column.is_row_number = is_key && shapes.back().has_row_numbers && column.kind == RawValue::Kind::kInteger;
    column.may_be_null = rows.Integer(4) == 0 && !is_key;
    column.may_be_absent = column.may_be_null || rows.Integer(5) != 0;
    shapes.back().columns.push_back(std::move(column));
  }
}

}  // namespace outpost::queue
