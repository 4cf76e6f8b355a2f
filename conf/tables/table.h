// Lookup tables, `type:name`. A table is opened once and asked many times; one that is made of a file notices that it
// has changed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/configuration.h"
#include "lib/sys/error.h"

namespace outpost::conf {

// What a table has for a key: the value; nothing when the key is not there; an Error is temporary trouble, never "not
// found".
using Found = sys::Result<std::optional<std::string>>;

// A key and its value; false ends the walk.
using EntryVisitor = std::function<bool(std::string_view key, std::string_view value)>;

class Table {
 public:
  virtual ~Table() = default;
  virtual Found Find(std::string_view key) = 0;
  // All that is in it, in order of key; an Error for tables that are no lists of keys.
  virtual sys::Result<void> Walk(const EntryVisitor& visit);
};

// The tables of one `*_maps` parameter, asked left to right.
class TableList {
 public:
  // `items` are "type:name" words of the parameter `parameter`. What cannot be opened adds a finding with the
  // file, the line and the command that mends it; the list is then left without that table.
  static TableList Open(Configuration& configuration, std::string_view parameter,
                        const std::vector<std::string>& items);
  Found Find(std::string_view key);
  bool empty() const { return tables_.empty(); }

 private:
  std::vector<std::unique_ptr<Table>> tables_;
};

}  // namespace outpost::conf
