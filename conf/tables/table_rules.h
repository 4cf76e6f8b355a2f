// Which lookup tables a parameter takes, and how they are read for it: what the registry (conf/parameters.h) says of it.
#pragma once

#include <string_view>

#include "conf/tables/pattern_table.h"

namespace outpost::conf {

struct TableRules {
  // Types that run a program or read a secret: command:, credential:, secret:.
  bool secrets = false;
  GroupsInResults groups = GroupsInResults::kTaken;  // of regexp: and pcre:
  // Text files of keys and values are aliases(5) files, "name: value".
  bool aliases = false;
};

// Of what the registry does not know: those of most parameters.
TableRules RulesOf(std::string_view parameter);

}  // namespace outpost::conf
