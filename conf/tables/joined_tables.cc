#include "conf/tables/joined_tables.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "conf/value_types.h"

namespace outpost::conf {
namespace {

class Union : public Table {
 public:
  explicit Union(Tables tables) : tables_(std::move(tables)) {}

  bool IsPattern() const override {
    return std::ranges::all_of(tables_, [](const auto& table) { return table->IsPattern(); });
  }

  Found Find(std::string_view key) override {
    std::optional<std::string> all;
    for (const auto& table : tables_) {
      Found found = table->Find(key);
      if (!found) return found;
      if (!*found) continue;
      if (all) *all += ',';
      all = all.value_or("") + **found;
    }
    return all;
  }

 private:
  Tables tables_;
};

class Pipe : public Table {
 public:
  explicit Pipe(Tables tables) : tables_(std::move(tables)) {}

  // The first one sees the key.
  bool IsPattern() const override { return tables_.front()->IsPattern(); }

  Found Find(std::string_view key) override {
    std::optional<std::string> value{std::string(key)};
    for (const auto& table : tables_) {
      Found found = table->Find(*value);
      if (!found || !*found) return found;
      value = std::move(*found);
    }
    return value;
  }

 private:
  Tables tables_;
};

class RandomTable : public Table {
 public:
  explicit RandomTable(std::vector<std::string> values) : values_(std::move(values)) {}

  bool IsPattern() const override { return true; }

  Found Find(std::string_view) override {
    std::uniform_int_distribution<size_t> place(0, values_.size() - 1);
    return std::optional(values_[place(random_)]);
  }

 private:
  std::vector<std::string> values_;
  std::random_device random_;
};

}  // namespace

std::unique_ptr<Table> MakeUnion(Tables tables) { return std::make_unique<Union>(std::move(tables)); }

std::unique_ptr<Table> MakePipe(Tables tables) { return std::make_unique<Pipe>(std::move(tables)); }

sys::Result<std::unique_ptr<Table>> MakeRandomTable(std::string_view name) {
  sys::Result<std::vector<std::string>> values = SplitBracedList(name);
  if (!values) return values.error();
  if (values->empty()) return sys::Error("has no value");
  return std::unique_ptr<Table>(std::make_unique<RandomTable>(std::move(*values)));
}

}  // namespace outpost::conf
