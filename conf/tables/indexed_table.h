// Keys and values: of a file's "key value" lines (hash:, btree:, lmdb:, cdb:, dbm:, sdbm:, texthash:, all read as the text
// that postmap would have compiled), or of inline:'s own. Letters of keys are folded, ASCII ones alone.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "conf/logical_lines.h"
#include "conf/tables/table.h"

namespace outpost::conf {

// Texts of more entries, or of more bytes in them, go to an index on disk (conf/tables/disk_index.h).
constexpr size_t kMaxEntriesInMemory = 100'000;
constexpr size_t kMaxBytesInMemory = 16 * 1024 * 1024;

// Of equal keys the first one holds. An Error where the text, or the room for its index, is in trouble.
sys::Result<std::unique_ptr<Table>> MakeIndexedTable(LogicalLineReader& lines, std::vector<Complaint>* complaints);

// The same of an aliases(5) file's "name: value" lines.
sys::Result<std::unique_ptr<Table>> MakeAliasTable(LogicalLineReader& lines, std::vector<Complaint>* complaints);

// "{ {key = value}, {key = value} }", where an item without a blank needs no braces; of equal keys the last one holds.
sys::Result<std::unique_ptr<Table>> MakeInlineTable(std::string_view text);

}  // namespace outpost::conf
