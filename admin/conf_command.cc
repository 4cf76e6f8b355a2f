#include "admin/conf_command.h"

#include <algorithm>
#include <sysexits.h>

#include <nlohmann/json.hpp>

#include "admin/compat/postconf_options.h"
#include "admin/parameter_facts.h"
#include "conf/parameters.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

constexpr size_t kMaxShown = 65536;

bool Unknown(std::string_view name) {
  const auto nearest = conf::NearestName(name);
  PrintError(sys::Cat("unknown parameter ", sys::Printable(name),
                      nearest.empty() ? "" : sys::Cat("; is it ", nearest, "?")));
  return false;
}

bool IsKnown(const conf::Configuration& configuration, std::string_view name) {
  return IsKnownParameter(name) || configuration.IsSet(name);
}

std::string SettingLine(std::string_view name, std::string_view value) {
  return sys::Cat(name, value.empty() ? " =" : " = ", sys::Printable(value, kMaxShown), "\n");
}

void PrintJson(const nlohmann::json& object) {
  PrintOut(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

// Whether `name` could be shown.
bool ShowParameter(const conf::Configuration& configuration, const std::string& name, const GetOptions& options) {
  if (!IsKnown(configuration, name)) return Unknown(name);
  if (!configuration.Unexpanded(name)) {
    PrintError(conf::WhyNoValue(name));
    return false;
  }
  const auto value = configuration.Expanded(name);
  if (!value) {
    PrintError(sys::Cat(name, ": ", value.error().text()));
    return false;
  }
  if (options.json) {
    PrintJson({{"name", name}, {"value", *value}});
  } else {
    PrintOut(options.only_values ? sys::Printable(*value, kMaxShown) + "\n" : SettingLine(name, *value));
  }
  return true;
}

bool ShowExplicit(const conf::Configuration& configuration, const std::vector<std::string>& names) {
  for (const auto& [name, value] : configuration.Explicit()) {
    if (!names.empty() && std::ranges::find(names, name) == names.end()) continue;
    PrintOut(SettingLine(name, value));
  }
  bool known = true;
  for (const std::string& name : names) known &= IsKnown(configuration, name) || Unknown(name);
  return known;
}

std::string OrEmpty(const std::string& text) { return text.empty() ? "empty" : sys::Printable(text, kMaxShown); }

std::string ExplanationText(const ParameterFacts& facts) {
  std::string text = facts.name + "\n";
  const auto add = [&](std::string_view label, std::string_view value) {
    if (!value.empty()) text += sys::Cat("    ", label, std::string(12 - label.size(), ' '), value, "\n");
  };
  add("for", facts.doc);
  add("values", facts.values);
  add("default", facts.default_value ? OrEmpty(*facts.default_value) : "");
  add("now",
      facts.value ? sys::Cat(OrEmpty(*facts.value), facts.set_at.empty() ? "" : " (" + facts.set_at + ")") : "");
  add("written as", facts.written && facts.written != facts.value ? OrEmpty(*facts.written) : "");
  add("wrong", facts.wrong);
  add("read by", facts.readers);
  add("in effect", facts.why_not.empty() ? "yes" : sys::Cat("no: ", conf::ReasonAlone(facts.why_not)));
  add("Postfix", facts.difference);
  return text;
}

nlohmann::json ExplanationJson(const ParameterFacts& facts) {
  nlohmann::json object = {{"name", facts.name}, {"in_effect", facts.why_not.empty()}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) object[key] = value;
  };
  if (facts.default_value) object["default"] = *facts.default_value;
  if (facts.value) object["value"] = *facts.value;
  if (facts.written) object["written"] = *facts.written;
  add("doc", facts.doc);
  add("values", facts.values);
  add("set_at", facts.set_at);
  add("wrong", facts.wrong);
  add("readers", facts.readers);
  add("why_not", facts.why_not);
  add("difference", facts.difference);
  return object;
}

}  // namespace

int ShowConfiguration(Environment& environment, bool explicit_only, const std::vector<std::string>& names) {
  auto& configuration = environment.configuration;
  bool shown = true;
  if (explicit_only) {
    shown = ShowExplicit(configuration, names);
  } else if (names.empty()) {
    for (const auto& parameter : conf::Parameters()) {
      shown &= ShowParameter(configuration, std::string(parameter.name), {});
    }
  } else {
    for (const auto& name : names) shown &= ShowParameter(configuration, name, {});
  }
  configuration.CheckNames();
  PrintFindings(configuration);
  return shown ? EX_OK : EX_DATAERR;
}

int GetParameters(Environment& environment, const GetOptions& options) {
  bool shown = true;
  for (const std::string& name : options.names) shown &= ShowParameter(environment.configuration, name, options);
  return shown ? EX_OK : EX_DATAERR;
}

int DiffParameters(Environment& environment, bool json) {
  const conf::Configuration& configuration = environment.configuration;
  bool shown = true;
  for (const auto& [name, written] : configuration.Explicit()) {
    const auto value = configuration.Expanded(name);
    const auto standard = configuration.ExpandedDefault(name);
    if (!value) {
      PrintError(sys::Cat(name, ": ", value.error().text()));
      shown = false;
      continue;
    }
    const bool has_default = conf::FindParameter(name) != nullptr && standard;
    // Blanks make no difference between the words of a list.
    if (has_default && PostconfLine(*standard, false) == PostconfLine(*value, false)) continue;
    if (json) {
      nlohmann::json object = {{"name", name}, {"value", *value}};
      if (has_default) object["default"] = *standard;
      PrintJson(object);
    } else {
      PrintOut(SettingLine(name, *value));
      PrintOut(has_default ? sys::Cat("    default: ", OrEmpty(*standard), "\n") : "    no default is known\n");
    }
  }
  return shown ? EX_OK : EX_DATAERR;
}

int ExplainParameters(Environment& environment, const std::vector<std::string>& names, bool json) {
  std::vector<std::string> all = names;
  if (names.empty()) {
    for (const conf::Parameter* parameter : conf::KnownParameters()) all.emplace_back(parameter->name);
  }
  bool known = true;
  for (const std::string& name : all) {
    if (!IsKnown(environment.configuration, name)) {
      known = Unknown(name);
      continue;
    }
    const ParameterFacts facts = GatherFacts(environment.configuration, name);
    if (json) {
      PrintJson(ExplanationJson(facts));
    } else {
      PrintOut(ExplanationText(facts));
    }
  }
  return known ? EX_OK : EX_DATAERR;
}

}  // namespace outpost::admin
