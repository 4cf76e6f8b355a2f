// A table whose text is a file's: read whole, and again when the file has changed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conf/logical_lines.h"
#include "conf/tables/changing_file.h"
#include "conf/tables/table.h"

namespace outpost::conf {

// Makes a table of its lines; adds what is wrong with them, which leaves these lines out. Pure.
using TableMaker =
    std::function<std::unique_ptr<Table>(const std::vector<LogicalLine>&, std::vector<Complaint>* complaints)>;

class FileTable : public Table {
 public:
  static sys::Result<std::unique_ptr<Table>> Open(const std::string& path, TableMaker make,
                                                  std::vector<Complaint>* complaints);

  // An Error when the file has become unreadable.
  Found Find(std::string_view key) override;
  sys::Result<void> Walk(const EntryVisitor& visit) override;

 private:
  FileTable(std::string path, TableMaker make) : file_(std::move(path)), make_(std::move(make)) {}
  sys::Result<void> ReadIfChanged();
  void Take(std::string_view text, std::vector<Complaint>* complaints);

  ChangingFile file_;
  TableMaker make_;
  std::unique_ptr<Table> table_;
};

}  // namespace outpost::conf
