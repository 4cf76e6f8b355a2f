#include "conf/tables/table.h"

#include "conf/tables/file_rights.h"
#include "conf/tables/table_name.h"
#include "conf/tables/text_table.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Severity = Finding::Severity;

std::unique_ptr<Table> OpenTable(Configuration& configuration, std::string_view parameter,
                                 const std::string& item) {
  const sys::Result<TableName> name = ParseTableName(item);
  if (!name) {
    configuration.AddFinding(Severity::kError, parameter, name.error().text());
    return nullptr;
  }
  std::vector<Complaint> complaints;
  sys::Result<std::unique_ptr<TextTable>> table = TextTable::Open(name->name, &complaints);
  if (!table && table.error().code() == EACCES) {
    configuration.AddFinding(UnreadableFile(name->name, CurrentReader()));
    return nullptr;
  }
  if (!table) {
    configuration.AddFinding(Severity::kError, parameter, table.error().text());
    return nullptr;
  }
  for (Complaint& complaint : complaints) {
    configuration.AddFinding({Severity::kWarning, name->name, complaint.line, std::move(complaint.text)});
  }
  return std::move(*table);
}

}  // namespace

TableList TableList::Open(Configuration& configuration, std::string_view parameter,
                          const std::vector<std::string>& items) {
  TableList list;
  for (const std::string& item : items) {
    if (std::unique_ptr<Table> table = OpenTable(configuration, parameter, item)) {
      list.tables_.push_back(std::move(table));
    }
  }
  return list;
}

sys::Result<std::optional<std::string>> TableList::Find(std::string_view key) {
  for (const std::unique_ptr<Table>& table : tables_) {
    sys::Result<std::optional<std::string>> found = table->Find(key);
    if (!found || found->has_value()) return found;
  }
  return std::optional<std::string>();
}

}  // namespace outpost::conf
