// "type:name", one table of a `*_maps` parameter. Pure.
#pragma once

#include <string>
#include <string_view>

#include "lib/sys/error.h"

namespace outpost::conf {

struct TableName {
  std::string type;  // one that there is
  std::string name;  // for these types an absolute path
};

// A leading "proxy:" is dropped: each program reads its tables itself. A name without a type is a hash.
sys::Result<TableName> ParseTableName(std::string_view item);

}  // namespace outpost::conf
