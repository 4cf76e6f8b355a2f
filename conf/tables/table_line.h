// A line of a lookup table's text, "key value". Pure.
#pragma once

#include <string>
#include <string_view>

#include "conf/logical_lines.h"

namespace outpost::conf {

struct TableLine {
  std::string key;         // in lower case; "" where the line is left out
  std::string_view value;  // a part of the line
  std::string complaint;   // "" where nothing is wrong; shows the key at most: a value may be a secret
};

// The key ends at the first blank that stands neither within quotes nor after a backslash. Quotes and backslashes stay
// part of it, as in "john doe"@example.org: so addresses are looked up. Only ASCII letters of keys are folded. `line` is a
// logical line.
TableLine ParseTableLine(std::string_view line);

Complaint DuplicateKey(std::string_view key, int line);

}  // namespace outpost::conf
