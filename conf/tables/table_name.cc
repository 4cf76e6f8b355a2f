#include "conf/tables/table_name.h"

#include <algorithm>
#include <array>

namespace outpost::conf {
namespace {

constexpr auto kIndexed =
    std::to_array<std::string_view>({"hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash"});
constexpr auto kPatterns = std::to_array<std::string_view>({"regexp", "pcre", "cidr"});
constexpr auto kFiles = std::to_array<std::string_view>({"regexp", "pcre", "cidr", "sqlite"});

}  // namespace

TableName ParseTableName(std::string_view item) {
  constexpr std::string_view kProxy = "proxy:";
  if (item.starts_with(kProxy)) item.remove_prefix(kProxy.size());
  const size_t colon = item.starts_with('/') ? std::string_view::npos : item.find(':');
  if (colon == std::string_view::npos) return {"hash", std::string(item)};
  return {std::string(item.substr(0, colon)), std::string(item.substr(colon + 1))};
}

bool IsIndexed(std::string_view type) { return std::ranges::find(kIndexed, type) != kIndexed.end(); }

bool NamesFile(const TableName& table) {
  const bool may_be_file = IsIndexed(table.type) || std::ranges::find(kFiles, table.type) != kFiles.end();
  return may_be_file && !table.name.empty() && !table.name.starts_with('{');
}

std::string FileOf(const TableName& table) {
  const bool may_be_file = IsIndexed(table.type) || std::ranges::find(kPatterns, table.type) != kPatterns.end();
  return may_be_file && table.name.starts_with('/') ? table.name : "";
}

}  // namespace outpost::conf
