// All that is known of one parameter: what it is, and what it is set to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conf/configuration.h"

namespace outpost::admin {

struct ParameterFacts {
  std::string name;
  std::string doc;                           // "" for what is no parameter of ours
  std::string values;                        // "time; without a letter in days"
  std::optional<std::string> default_value;  // unexpanded; a description where it is computed
  std::optional<std::string> value;          // in force, expanded; nothing where that fails
  std::optional<std::string> written;        // in main.cf
  std::string set_at;                        // "/etc/outpost/main.cf:12"
  std::string wrong;                         // why the value cannot be used
  std::string readers;                       // "pickup, queue-runner"
  std::string why_not;                       // what it waits for, or why it has no meaning here; "" when in effect
  std::string difference;                    // from Postfix's meaning or default
};

// Of Postfix or our own, in effect or not; also what is made of a transport's name.
bool IsKnownParameter(std::string_view name);

ParameterFacts GatherFacts(const conf::Configuration& configuration, const std::string& name);

}  // namespace outpost::admin
