// The text of a lookup table: "key value" lines by the line rules of main.cf. Pure.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "conf/logical_lines.h"

namespace outpost::conf {

struct TableText {
  std::unordered_map<std::string, std::string> values;  // keys in lower case; of equal keys the first holds
  std::vector<Complaint> complaints;                    // about lines, most of them left out
};

// A key with blanks is written "in quotes", where a backslash keeps the character after it. Only ASCII letters of
// keys are folded.
TableText ParseTableText(const std::vector<LogicalLine>& lines);

}  // namespace outpost::conf
