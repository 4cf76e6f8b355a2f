#include "conf/tables/indexed_table.h"

#include <algorithm>
#include <malloc.h>
#include <string>
#include <unordered_map>
#include <utility>

#include "conf/tables/alias_line.h"
#include "conf/tables/disk_index.h"
#include "conf/tables/table_line.h"
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

// Gathers entries in memory, and on disk from the first that is too many.
class Gatherer {
 public:
  explicit Gatherer(std::vector<Complaint>* complaints) : complaints_(complaints) {}

  sys::Result<void> Add(std::string key, std::string_view value, int line) {
    if (on_disk_) return on_disk_->Add(key, value, line);
    const auto [place, is_new] = in_memory_.try_emplace(std::move(key), value);
    if (is_new) {
      bytes_ += place->first.size() + value.size();
    } else {
      Complain(complaints_, DuplicateKey(place->first, line));
    }
    const bool is_large = in_memory_.size() > kMaxEntriesInMemory || bytes_ > kMaxBytesInMemory;
    return is_large ? MoveToDisk() : sys::Result<void>();
  }

  sys::Result<std::unique_ptr<Table>> Finish() && {
    if (!on_disk_) return std::unique_ptr<Table>(std::make_unique<IndexedTable>(std::move(in_memory_)));
    if (auto finished = on_disk_->Finish(complaints_); !finished) return finished.error();
    return std::unique_ptr<Table>(std::move(on_disk_));
  }

 private:
  sys::Result<void> MoveToDisk() {
    auto disk = DiskIndex::Make();
    if (!disk) return disk.error();
    on_disk_ = std::move(*disk);
    for (const auto& [key, value] : std::exchange(in_memory_, {})) {
      if (auto added = on_disk_->Add(key, value, 0); !added) return added;
    }
    malloc_trim(0);  // what was freed here goes back to the system, for as long as this process lives
    return {};
  }

  std::vector<Complaint>* complaints_;
  std::unordered_map<std::string, std::string> in_memory_;
  size_t bytes_ = 0;  // of keys and values in_memory_
  std::unique_ptr<DiskIndex> on_disk_;
};

template <TableLine (*parse)(std::string_view line)>
sys::Result<std::unique_ptr<Table>> MakeTable(LogicalLineReader& lines, std::vector<Complaint>* complaints) {
  Gatherer gatherer(complaints);
  while (true) {
    const sys::Result<std::optional<LogicalLine>> line = lines.Next();
    if (!line) return line.error();
    if (!*line) return std::move(gatherer).Finish();
    TableLine parsed = parse((*line)->text);
    if (!parsed.complaint.empty()) Complain(complaints, {(*line)->line, std::move(parsed.complaint)});
    if (parsed.key.empty()) continue;
    auto added = gatherer.Add(std::move(parsed.key), parsed.value, (*line)->line);
    if (!added) return added.error();
  }
}

}  // namespace

sys::Result<std::unique_ptr<Table>> MakeIndexedTable(LogicalLineReader& lines, std::vector<Complaint>* complaints) {
  return MakeTable<ParseTableLine>(lines, complaints);
}

sys::Result<std::unique_ptr<Table>> MakeAliasTable(LogicalLineReader& lines, std::vector<Complaint>* complaints) {
  return MakeTable<ParseAliasLine>(lines, complaints);
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
      // Its text may be a password.
      return sys::Error(sys::Cat("item ", &item - items->data() + 1, " is no \"key = value\""));
    }
    values.insert_or_assign(sys::LowerCase(key), sys::Trim(std::string_view(item).substr(equals + 1)));
  }
  return std::unique_ptr<Table>(std::make_unique<IndexedTable>(std::move(values)));
}

}  // namespace outpost::conf
