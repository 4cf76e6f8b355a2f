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

// Whether `value` is one line of text, as a value of a text file is: without control characters but tabs. For tables whose
// values come from elsewhere.
bool IsLine(std::string_view value);

// A key and its value; false ends the walk.
using EntryVisitor = std::function<bool(std::string_view key, std::string_view value)>;

// Receives what is found wrong with a table after it has been opened.
using Teller = std::function<void(const Finding&)>;

class Table {
 public:
  virtual ~Table() = default;
  virtual Found Find(std::string_view key) = 0;
  // All that is in it, in order of key unless it is too large for memory; an Error for tables that are no lists of keys.
  virtual sys::Result<void> Walk(const EntryVisitor& visit);
  // Whether it looks at the key as a whole, so that parts of an address make no sense to it (Postfix's
  // DICT_FLAG_PATTERN, as opposed to DICT_FLAG_FIXED).
  virtual bool IsPattern() const { return false; }
};

// What one key is to a table.
enum class KeyPart {
  kWhole,  // all of what is looked up
  kPart,   // derived from it: no question for pattern tables
};

// The tables of one `*_maps` parameter, asked left to right.
class TableList {
 public:
  // `items` are "type:name" words of the parameter `parameter`. What cannot be opened adds a finding with the
  // file, the line and the command that mends it; the list is then left without that table. What the parameter takes
  // is conf/tables/table_rules.h's. `tell` receives what is found wrong later.
  static TableList Open(Configuration& configuration, std::string_view parameter,
                        const std::vector<std::string>& items, const Teller& tell = {});
  // An empty value, as an inline table or the environment may have, is an Error, as Postfix has it.
  Found Find(std::string_view key, KeyPart part = KeyPart::kWhole);
  bool empty() const { return tables_.empty(); }

 private:
  std::vector<std::unique_ptr<Table>> tables_;
};

}  // namespace outpost::conf
