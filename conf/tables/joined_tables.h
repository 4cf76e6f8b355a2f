// Tables made of tables, or of values: unionmap:{T, T}, pipemap:{T, T}, randmap:{value, value}.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "conf/tables/table.h"

namespace outpost::conf {

using Tables = std::vector<std::unique_ptr<Table>>;

// What all of them have for the key, between commas; nothing only where none has anything.
std::unique_ptr<Table> MakeUnion(Tables tables);
// The result of each is the key of the next; nothing where one has nothing.
std::unique_ptr<Table> MakePipe(Tables tables);
// One of the values by chance, whatever the key.
sys::Result<std::unique_ptr<Table>> MakeRandomTable(std::string_view name);

}  // namespace outpost::conf
