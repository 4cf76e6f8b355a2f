#include "conf/tables/table_name.h"

#include <algorithm>
#include <array>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr auto kTypes =
    std::to_array<std::string_view>({"hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash"});

std::string KnownTypes() {
  std::string known;
  for (const std::string_view type : kTypes) known += (known.empty() ? "" : ", ") + std::string(type);
  return known;
}

}  // namespace

sys::Result<TableName> ParseTableName(std::string_view item) {
  constexpr std::string_view kProxy = "proxy:";
  if (item.starts_with(kProxy)) item.remove_prefix(kProxy.size());
  const size_t colon = item.starts_with('/') ? std::string_view::npos : item.find(':');
  const bool typed = colon != std::string_view::npos;
  TableName table{std::string(typed ? item.substr(0, colon) : "hash"),
                  std::string(typed ? item.substr(colon + 1) : item)};
  if (std::ranges::find(kTypes, table.type) == kTypes.end()) {
    return sys::Error(sys::Cat("there is no table type \"", sys::Printable(table.type, 40), "\" (in \"",
                               sys::Printable(item, 200), "\"); there are ", KnownTypes(),
                               ", each followed by \":\" and a file"));
  }
  if (!table.name.starts_with('/')) {
    return sys::Error(sys::Cat("\"", sys::Printable(table.name, 200), "\" is no absolute path of a table"));
  }
  return table;
}

}  // namespace outpost::conf
