#include "conf/tables/table_text.h"

#include <algorithm>
#include <optional>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

// Takes the key from the front of `line`; nothing when its quotes are not closed.
std::optional<std::string> TakeKey(std::string_view* line) {
  if (line->front() != '"') {
    const size_t end = std::min(line->find_first_of(" \t"), line->size());
    std::string key(line->substr(0, end));
    line->remove_prefix(end);
    return key;
  }
  std::string key;
  for (size_t i = 1; i < line->size(); ++i) {
    if ((*line)[i] == '"') {
      line->remove_prefix(i + 1);
      return key;
    }
    if ((*line)[i] == '\\' && i + 1 < line->size()) ++i;
    key += (*line)[i];
  }
  return std::nullopt;
}

// What is wrong with one line, "" when it has been added. A key may be shown, a value never: it may be a secret.
std::string AddLine(std::string_view line, TableText* table) {
  const std::optional<std::string> key = TakeKey(&line);
  if (!key) return "a quote is not closed; line ignored";
  const std::string_view value = sys::Trim(line);
  if (value.empty()) return "a key without a value, \"key value\" is expected; line ignored";
  if (!table->values.try_emplace(sys::LowerCase(*key), value).second) {
    return sys::Cat("\"", sys::Printable(*key, 80), "\" is there already; line ignored");
  }
  return key->ends_with(':') ? "the key ends in ':', as in an alias file; it is \"key value\" here" : "";
}

}  // namespace

TableText ParseTableText(const std::vector<LogicalLine>& lines) {
  TableText table;
  for (const LogicalLine& line : lines) {
    std::string wrong = AddLine(line.text, &table);
    if (!wrong.empty()) table.complaints.push_back({line.line, std::move(wrong)});
  }
  return table;
}

}  // namespace outpost::conf
