#include "conf/tables/table_line.h"

#include <algorithm>
#include <optional>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

// Takes the key from the front of `line`; nothing when its quotes are not closed.
std::optional<std::string> TakeKey(std::string_view* line) {
  if (!line->starts_with('"')) {
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

}  // namespace

TableLine ParseTableLine(std::string_view line) {
  const std::optional<std::string> key = TakeKey(&line);
  if (!key) return {"", "", "a quote is not closed; line ignored"};
  if (key->empty()) return {"", "", "the key is empty; line ignored"};
  const std::string_view value = sys::Trim(line);
  if (value.empty()) return {"", "", "a key without a value, \"key value\" is expected; line ignored"};
  TableLine parsed{sys::LowerCase(*key), value, ""};
  if (key->ends_with(':')) parsed.complaint = "the key ends in ':', as in an alias file; it is \"key value\" here";
  return parsed;
}

Complaint DuplicateKey(std::string_view key, int line) {
  return {line, sys::Cat("\"", sys::Printable(key, 80), "\" is there already; line ignored")};
}

}  // namespace outpost::conf
