#include "conf/tables/file_table.h"

#include <algorithm>
#include <utility>

#include "lib/sys/text.h"

namespace outpost::conf {

using Severity = Finding::Severity;

sys::Result<ReadTable> FileTable::Open(const std::string& path, uint64_t max_bytes, TableMaker make, Teller tell) {
  std::unique_ptr<FileTable> table(new FileTable(path, max_bytes, std::move(make), std::move(tell)));
  const auto read = table->file_.Read([&](const TextSource& source) { return table->Make(source, &table->read_); });
  if (!read) return read.error();
  std::vector<Complaint> complaints = table->read_.complaints;
  return ReadTable{std::move(table), std::move(complaints)};
}

sys::Result<void> FileTable::Make(const TextSource& source, ReadTable* made) const {
  *made = ReadTable();
  LogicalLineReader lines(source, &made->complaints);
  auto table = make_(lines, &made->complaints);
  if (!table) return table.error();
  made->table = std::move(*table);
  return {};
}

void FileTable::ReadIfChanged() {
  const sys::Microseconds now = sys::MonotonicClock();
  if (now - looked_ < kLookInterval) return;
  looked_ = now;
  ReadTable made;
  const auto read = file_.ReadIfChanged([&](const TextSource& source) { return Make(source, &made); });
  if (!read) return Keep(read.error().text());
  if (*read) return Take(std::move(made));
  trouble_.clear();
}

void FileTable::Take(ReadTable made) {
  const auto error = std::ranges::find(made.complaints, true, &Complaint::is_error);
  if (error != made.complaints.end()) return Keep(sys::Cat("line ", error->line, ": ", error->text));
  for (const Complaint& complaint : made.complaints) {
    const auto is_same = [&](const Complaint& old) {
      return old.line == complaint.line && old.text == complaint.text;
    };
    if (tell_ && std::ranges::none_of(read_.complaints, is_same)) {
      tell_({Severity::kWarning, file_.path(), complaint.line, complaint.text});
    }
  }
  read_ = std::move(made);
  trouble_.clear();
}

void FileTable::Keep(const std::string& why) {
  if (why == std::exchange(trouble_, why) || !tell_) return;
  tell_({Severity::kWarning, file_.path(), 0, sys::Cat(why, "; what was read of it before stays in force")});
}

Found FileTable::Find(std::string_view key) {
  ReadIfChanged();
  Found found = read_.table->Find(key);
  return found ? std::move(found) : Found(found.error().Within(file_.path()));
}

sys::Result<void> FileTable::Walk(const EntryVisitor& visit) {
  ReadIfChanged();
  return read_.table->Walk(visit);
}

}  // namespace outpost::conf
