#include "admin/conf_command.h"

#include <algorithm>
#include <sysexits.h>

#include "conf/parameters.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

bool Unknown(std::string_view name) {
  const auto nearest = conf::NearestName(name);
  PrintError(sys::Cat("unknown parameter ", sys::Printable(name),
                      nearest.empty() ? "" : sys::Cat("; is it ", nearest, "?")));
  return false;
}

bool IsKnown(const conf::Configuration& configuration, std::string_view name) {
  return conf::FindParameter(name) != nullptr || configuration.IsSet(name);
}

// Whether `name` could be shown.
bool ShowParameter(const conf::Configuration& configuration, std::string_view name) {
  if (!IsKnown(configuration, name)) return Unknown(name);
  const auto value = configuration.Expanded(name);
  if (!value) {
    PrintError(value.error().text());
    return false;
  }
  PrintOut(sys::Cat(name, value->empty() ? " =" : " = ", sys::Printable(*value, 65536), "\n"));
  return true;
}

bool ShowExplicit(const conf::Configuration& configuration, const std::vector<std::string>& names) {
  for (const auto& [name, value] : configuration.Explicit()) {
    if (!names.empty() && std::ranges::find(names, name) == names.end()) continue;
    PrintOut(sys::Cat(name, value.empty() ? " =" : " = ", sys::Printable(value, 65536), "\n"));
  }
  bool known = true;
  for (const std::string& name : names) known &= IsKnown(configuration, name) || Unknown(name);
  return known;
}

}  // namespace

int ShowConfiguration(Environment& environment, bool explicit_only, const std::vector<std::string>& names) {
  auto& configuration = environment.configuration;
  bool shown = true;
  if (explicit_only) {
    shown = ShowExplicit(configuration, names);
  } else if (names.empty()) {
    for (const auto& parameter : conf::Parameters()) {
      shown &= ShowParameter(configuration, parameter.name);
    }
  } else {
    for (const auto& name : names) shown &= ShowParameter(configuration, name);
  }
  configuration.CheckNames();
  PrintFindings(configuration);
  return shown ? EX_OK : EX_DATAERR;
}

int DescribeParameters(const std::vector<std::string>& names) {
  const auto describe = [](const conf::Parameter& parameter) {
    PrintOut(sys::Cat(parameter.name, " (", conf::Describe(parameter.values),
                      "; default: ", parameter.default_value.empty() ? "empty" : parameter.default_value, ")\n    ",
                      parameter.doc, "\n"));
  };
  bool known = true;
  if (names.empty()) std::ranges::for_each(conf::Parameters(), describe);
  for (const auto& name : names) {
    if (const auto* parameter = conf::FindParameter(name)) {
      describe(*parameter);
    } else {
      known = Unknown(name);
    }
  }
  return known ? EX_OK : EX_DATAERR;
}

}  // namespace outpost::admin
