#include "conf/tables/alias_line.h"

#include <optional>
#include <string>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr std::string_view kExpected = "\"name: value\" is expected; line ignored";

// Takes the name and the colon from the front of `line`; nothing when they are not there.
std::optional<std::string> TakeName(std::string_view* line) {
  std::string name;
  bool quoted = false;
  for (size_t i = 0; i < line->size(); ++i) {
    const char c = (*line)[i];
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\' && i + 1 < line->size()) {
      name += (*line)[++i];
    } else if (c == ':' && !quoted) {
      line->remove_prefix(i + 1);
      return std::string(sys::Trim(name));
    } else if (c == ',' && !quoted) {
      return std::nullopt;
    } else {
      name += c;
    }
  }
  return std::nullopt;
}

bool QuotesAreClosed(std::string_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    }
  }
  return !quoted;
}

}  // namespace

TableLine ParseAliasLine(std::string_view line) {
  const bool is_quoted = line.starts_with('"');
  const std::optional<std::string> name = TakeName(&line);
  if (!name || name->empty()) return {"", "", std::string(kExpected)};
  if (!is_quoted && name->find_first_of(" \t") != std::string::npos) return {"", "", std::string(kExpected)};
  if (name->find_first_of("@%") != std::string::npos && !is_quoted) {
    return {"", "", "a name is a local part, without '@' and '%'; line ignored"};
  }
  const std::string_view value = sys::Trim(line);
  if (value.empty()) return {"", "", std::string(kExpected)};
  if (!QuotesAreClosed(value)) return {"", "", "a quote is not closed; line ignored"};
  return {sys::LowerCase(*name), value, ""};
}

}  // namespace outpost::conf
