// The text of main.cf -> its settings, unexpanded, each with its line. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/logical_lines.h"

namespace outpost::conf {

struct Setting {
  std::string name;
  std::string value;  // as written, blanks at both ends removed
  int line = 0;
};

struct MainCf {
  std::vector<Setting> settings;    // in the order of the file; a name may come twice, the later one holds
  std::vector<Complaint> errors;    // lines that are no settings
  std::vector<Complaint> warnings;  // a name set twice with different values
};

MainCf ParseMainCf(std::string_view text);

}  // namespace outpost::conf
