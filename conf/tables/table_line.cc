#include "conf/tables/table_line.h"

#include <algorithm>
#include <optional>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

// The length of the key at the front of `line`: up to the first blank without quotes and backslash before it; nothing when
// its quotes are not closed.
std::optional<size_t> KeyLength(std::string_view line) {
  bool quoted = false;
  size_t i = 0;
  for (; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (line[i] == ' ' || line[i] == '\t')) {
      break;
    }
  }
  if (quoted) return std::nullopt;
  return std::min(i, line.size());
}

}  // namespace

TableLine ParseTableLine(std::string_view line) {
  const std::optional<size_t> length = KeyLength(line);
  if (!length) return {"", "", "a quote is not closed; line ignored"};
  const std::string_view key = line.substr(0, *length);
  const std::string_view value = sys::Trim(line.substr(*length));
  if (value.empty()) return {"", "", "a key without a value, \"key value\" is expected; line ignored"};
  TableLine parsed{sys::LowerCase(key), value, ""};
  if (key.ends_with(':')) parsed.complaint = "the key ends in ':', as in an alias file; it is \"key value\" here";
  return parsed;
}

Complaint DuplicateKey(std::string_view key, int line) {
  return {line, sys::Cat("\"", sys::Printable(key, 80), "\" is there already; line ignored")};
}

}  // namespace outpost::conf
