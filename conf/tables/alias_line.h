// A line of an aliases(5) file, "name: value, value". Pure.
#pragma once

#include <string_view>

#include "conf/tables/table_line.h"

namespace outpost::conf {

// The name is a local part; one with blanks, ':', '#' or '@' is written "in quotes", where a backslash keeps the
// character after it. The value is as written: who delivers takes it apart.
TableLine ParseAliasLine(std::string_view line);

}  // namespace outpost::conf
