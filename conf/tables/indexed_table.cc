#include "conf/tables/indexed_table.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "conf/tables/table_text.h"
#include "conf/value_types.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

class IndexedTable : public Table {
 public:
  explicit IndexedTable(std::unordered_map<std::string, std::string> values) : values_(std::move(values)) {}

  Found Find(std::string_view key) override {
    const auto found = values_.find(sys::LowerCase(key));
    if (found == values_.end()) return std::optional<std::string>();
    return std::optional(found->second);
  }

  sys::Result<void> Walk(const EntryVisitor& visit) override {
    std::vector<std::string_view> keys;
    for (const auto& entry : values_) keys.emplace_back(entry.first);
    std::ranges::sort(keys);
    for (const auto key : keys) {
      if (!visit(key, values_.find(std::string(key))->second)) break;
    }
    return {};
  }

 private:
  std::unordered_map<std::string, std::string> values_;
};

}  // namespace

std::unique_ptr<Table> MakeIndexedTable(const std::vector<LogicalLine>& lines, std::vector<Complaint>* complaints) {
  TableText text = ParseTableText(lines);
  complaints->insert(complaints->end(), text.complaints.begin(), text.complaints.end());
  return std::make_unique<IndexedTable>(std::move(text.values));
}

sys::Result<std::unique_ptr<Table>> MakeInlineTable(std::string_view text) {
  const sys::Result<std::vector<std::string>> items = SplitBracedList(text);
  if (!items) return items.error();
  if (items->empty()) return sys::Error("is empty");
  std::unordered_map<std::string, std::string> values;
  for (const std::string& item : *items) {
    const size_t equals = item.find('=');
    const std::string_view key = sys::Trim(std::string_view(item).substr(0, equals));
    if (equals == std::string::npos || key.empty()) {
      return sys::Error(sys::Cat("\"", sys::Printable(key, 40), "\" is no \"key = value\""));
    }
    values.insert_or_assign(sys::LowerCase(key), sys::Trim(std::string_view(item).substr(equals + 1)));
  }
  return std::unique_ptr<Table>(std::make_unique<IndexedTable>(std::move(values)));
}

}  // namespace outpost::conf
