#include "conf/tables/table_rules.h"

#include "conf/parameters.h"

namespace outpost::conf {

TableRules RulesOf(std::string_view parameter) {
  TableRules rules;
  rules.aliases = parameter == "alias_maps" || parameter == "alias_database";
  const Parameter* const known = FindParameter(parameter);
  if (known == nullptr) return rules;
  switch (known->values.tables) {
    case TableTypes::kNone:
    case TableTypes::kAny:
      break;
    case TableTypes::kConstant:
      rules.groups = GroupsInResults::kRefused;
      break;
    case TableTypes::kPasswords:
      rules.secrets = true;
      break;
  }
  return rules;
}

}  // namespace outpost::conf
