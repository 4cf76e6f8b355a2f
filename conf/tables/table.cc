#include "conf/tables/table.h"

#include <algorithm>

#include "conf/tables/file_rights.h"
#include "conf/tables/open_table.h"
#include "conf/tables/table_name.h"
#include "conf/tables/table_rules.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Severity = Finding::Severity;

std::unique_ptr<Table> OpenOne(Configuration& configuration, std::string_view parameter, const std::string& item,
                               const Teller& tell) {
  std::vector<TextComplaints> texts;
  sys::Result<std::unique_ptr<Table>> table = OpenTable(item, &texts, {RulesOf(parameter), tell});
  const std::string file = FileOf(ParseTableName(item));
  if (!table && table.error().code() == EACCES && !file.empty()) {
    configuration.AddFinding(UnreadableFile(file, CurrentReader()));
    return nullptr;
  }
  if (!table) {
    configuration.AddFinding(Severity::kError, parameter, table.error().text());
    return nullptr;
  }
  for (TextComplaints& text : texts) {
    for (Complaint& complaint : text.complaints) {
      const Severity severity = complaint.is_error ? Severity::kError : Severity::kWarning;
      if (text.file.empty()) {
        configuration.AddFinding(severity, parameter, complaint.text);
      } else {
        configuration.AddFinding({severity, text.file, complaint.line, std::move(complaint.text)});
      }
    }
  }
  return std::move(*table);
}

}  // namespace

bool IsLine(std::string_view value) {
  return std::ranges::none_of(
      value, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; });
}

sys::Result<void> Table::Walk(const EntryVisitor&) { return sys::Error("a table of this type is no list of keys"); }

TableList TableList::Open(Configuration& configuration, std::string_view parameter,
                          const std::vector<std::string>& items, const Teller& tell) {
  TableList list;
  for (const std::string& item : items) {
    if (std::unique_ptr<Table> table = OpenOne(configuration, parameter, item, tell)) {
      list.tables_.push_back(std::move(table));
    }
  }
  return list;
}

Found TableList::Find(std::string_view key, KeyPart part) {
  for (const std::unique_ptr<Table>& table : tables_) {
    if (part == KeyPart::kPart && table->IsPattern()) continue;
    Found found = table->Find(key);
    if (found && *found && (*found)->empty()) {
      return sys::Error(sys::Cat("a table has an empty value for \"", sys::Printable(key, 80), "\""));
    }
    if (!found || *found) return found;
  }
  return std::optional<std::string>();
}

}  // namespace outpost::conf
