// A table whose text is a file's: read at the start, and again when the file has changed and is whole.
//
// Once it is open it answers: a file that has vanished or become unreadable, or whose new text has an error, leaves
// what was read before in force; that is told once. A new text comes into force as a whole.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conf/logical_lines.h"
#include "conf/tables/changing_file.h"
#include "conf/tables/table.h"
#include "lib/sys/clock.h"

namespace outpost::conf {

// Makes a table of a text's lines; adds what is wrong with them, which leaves these lines out.
using TableMaker = std::function<sys::Result<std::unique_ptr<Table>>(LogicalLineReader& lines,
                                                                     std::vector<Complaint>* complaints)>;

// A table, and what is wrong with the text that it was made of.
struct ReadTable {
  std::unique_ptr<Table> table;
  std::vector<Complaint> complaints;
};

// A file is looked at again so long after the last time: asking for its time stamps takes as long as a look-up.
constexpr std::chrono::milliseconds kLookInterval{10};

class FileTable : public Table {
 public:
  // Files of at most `max_bytes`. `tell` receives what is found wrong after the opening.
  static sys::Result<ReadTable> Open(const std::string& path, uint64_t max_bytes, TableMaker make, Teller tell);

  Found Find(std::string_view key) override;
  sys::Result<void> Walk(const EntryVisitor& visit) override;
  bool IsPattern() const override { return read_.table->IsPattern(); }

 private:
  FileTable(std::string path, uint64_t max_bytes, TableMaker make, Teller tell)
      : file_(std::move(path), max_bytes), make_(std::move(make)), tell_(std::move(tell)) {}
  sys::Result<void> Make(const TextSource& source, ReadTable* made) const;
  void ReadIfChanged();
  // Puts `made` in force, unless it has an error.
  void Take(ReadTable made);
  // Keeps what is in force. The same trouble is told once.
  void Keep(const std::string& why);

  ChangingFile file_;
  TableMaker make_;
  Teller tell_;
  ReadTable read_;
  sys::Microseconds looked_{0};
  std::string trouble_;  // why the file as it is now is not in force
};

}  // namespace outpost::conf
