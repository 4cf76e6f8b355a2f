#include "conf/tables/file_table.h"

#include <utility>

namespace outpost::conf {

sys::Result<std::unique_ptr<Table>> FileTable::Open(const std::string& path, TableMaker make,
                                                    std::vector<Complaint>* complaints) {
  std::unique_ptr<FileTable> table(new FileTable(path, std::move(make)));
  const sys::Result<std::string> text = table->file_.Read();
  if (!text) return text.error();
  table->Take(*text, complaints);
  return std::unique_ptr<Table>(std::move(table));
}

void FileTable::Take(std::string_view text, std::vector<Complaint>* complaints) {
  LogicalLines lines = SplitLogicalLines(text);
  *complaints = std::move(lines.complaints);
  table_ = make_(lines.lines, complaints);
}

sys::Result<void> FileTable::ReadIfChanged() {
  const sys::Result<std::optional<std::string>> text = file_.ReadIfChanged();
  if (!text) return text.error();
  std::vector<Complaint> told_when_it_is_checked;
  if (*text) Take(**text, &told_when_it_is_checked);
  return {};
}

Found FileTable::Find(std::string_view key) {
  if (auto current = ReadIfChanged(); !current) return current.error();
  return table_->Find(key);
}

sys::Result<void> FileTable::Walk(const EntryVisitor& visit) {
  if (auto current = ReadIfChanged(); !current) return current;
  return table_->Walk(visit);
}

}  // namespace outpost::conf
