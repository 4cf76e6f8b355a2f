// "type:name", one table of a `*_maps` parameter. Pure.
#pragma once

#include <string>
#include <string_view>

#include "lib/sys/error.h"

namespace outpost::conf {

struct TableName {
  std::string type;
  std::string name;
};

// A leading "proxy:" is dropped: each program reads its tables itself. A name without a type is a hash.
TableName ParseTableName(std::string_view item);

// Whether tables of `type` are files of "key value" lines; else their names may be files of something else, or
// no files at all.
bool IsIndexed(std::string_view type);

// Whether `table` is a file by its type, with any path, and not a text in braces.
bool NamesFile(const TableName& table);

// The file that a table is read from: "" where there is none.
std::string FileOf(const TableName& table);

}  // namespace outpost::conf
