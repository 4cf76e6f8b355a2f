// Keys and values in memory: of a file's "key value" lines (hash:, btree:, lmdb:, cdb:, dbm:, sdbm:, texthash:, all read
// as the text that postmap would have compiled), or of inline:'s own. Letters of keys are folded, ASCII ones alone. Pure.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "conf/logical_lines.h"
#include "conf/tables/table.h"

namespace outpost::conf {

// Of equal keys the first one holds.
std::unique_ptr<Table> MakeIndexedTable(const std::vector<LogicalLine>& lines, std::vector<Complaint>* complaints);

// "{ {key = value}, {key = value} }", where an item without a blank needs no braces; of equal keys the last one holds.
sys::Result<std::unique_ptr<Table>> MakeInlineTable(std::string_view text);

}  // namespace outpost::conf
