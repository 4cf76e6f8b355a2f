// What `outpost check` and `outpost conf check` say.
#pragma once

#include <string>
#include <vector>

#include "conf/configuration.h"

namespace outpost::admin {

// A parameter that main.cf sets and that does nothing here.
struct Idle {
  std::string name;
  int line = 0;
  std::string why;
};

struct CheckReport {
  std::vector<conf::Finding> findings;  // errors last, each kind by file and line
  std::vector<Idle> not_in_effect;      // what waits for something to be built
  std::vector<Idle> not_applicable;     // what has no meaning here
};

// Adds to the configuration's findings one for each wrong value of a parameter that nobody reads yet.
CheckReport MakeReport(conf::Configuration& configuration);

// Lines for people: the findings, the parameters that do nothing by reason, then how many errors and warnings there are.
std::string ReportText(const CheckReport& report);
// {"findings": [{"severity", "file", "line", "text"}...], "errors": n, "warnings": n,
// "not_in_effect": [{"name", "line", "reason"}...], "not_applicable": [the same...]}
std::string ReportJson(const CheckReport& report);

}  // namespace outpost::admin
