// What `outpost check` and `outpost conf check` say.
#pragma once

#include <string>
#include <vector>

#include "conf/configuration.h"

namespace outpost::admin {

struct CheckReport {
  std::vector<conf::Finding> findings;  // errors last, each kind by file and line
  // Parameters that main.cf sets: those that wait for something to be built, and those that have no meaning here.
  std::vector<std::string> not_in_effect;
  std::vector<std::string> not_applicable;
};

// Adds to the configuration's findings a note for each parameter that main.cf sets and that does nothing here, and why,
// unless there is a finding about it already.
CheckReport MakeReport(conf::Configuration& configuration);

// Lines for people: the findings, then how many there are.
std::string ReportText(const CheckReport& report);
// {"findings": [{"severity", "file", "line", "text"}...], "errors": n, "warnings": n, "not_in_effect": [name...],
// "not_applicable": [name...]}
std::string ReportJson(const CheckReport& report);

}  // namespace outpost::admin
