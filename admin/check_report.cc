#include "admin/check_report.h"

#include <algorithm>
#include <tuple>

#include <nlohmann/json.hpp>

#include "conf/parameters.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

using Severity = conf::Finding::Severity;

// Nothing for what is in effect, or no parameter that we know.
const conf::Parameter* FindNotInEffect(const std::string& name, bool is_macro) {
  if (const conf::Parameter* parameter = conf::FindParameter(name))
    return parameter->IsInEffect() ? nullptr : parameter;
  const auto of_transport = conf::FindTransportParameter(name);
  return of_transport && !is_macro ? of_transport->parameter : nullptr;
}

// Nobody has read the value of what is not in effect.
void CheckUnread(conf::Configuration& configuration, const std::string& name, const conf::Values& values) {
  const auto value = configuration.Expanded(name);
  if (!value) return;  // found already
  const auto right = conf::CheckValue(values, *value);
  if (right) return;
  configuration.AddFinding(Severity::kWarning, name,
                           sys::Cat(right.error().text(), "; this will be refused once it is in effect"));
}

auto Count(const CheckReport& report, Severity severity) {
  return std::ranges::count(report.findings, severity, &conf::Finding::severity);
}

std::string Counted(long count, std::string_view one) { return sys::Cat(count, " ", one, count == 1 ? "" : "s"); }

// "HEADING (3):", then a line for each reason.
std::string ByReason(std::string_view heading, const std::vector<Idle>& parameters) {
  if (parameters.empty()) return "";
  std::vector<std::pair<std::string_view, std::string>> names;  // by reason
  for (const Idle& parameter : parameters) {
    const auto same = std::ranges::find(names, parameter.why, &decltype(names)::value_type::first);
    if (same == names.end()) {
      names.emplace_back(parameter.why, parameter.name);
    } else {
      same->second += sys::Cat(", ", parameter.name);
    }
  }
  std::string text = sys::Cat(heading, " (", parameters.size(), "):\n");
  for (const auto& [why, list] : names) text += sys::Cat("  ", list, ": ", why, "\n");
  return text;
}

nlohmann::json ToJson(const std::vector<Idle>& parameters) {
  nlohmann::json array = nlohmann::json::array();
  for (const Idle& parameter : parameters) {
    array.push_back({{"name", parameter.name}, {"line", parameter.line}, {"reason", parameter.why}});
  }
  return array;
}

}  // namespace

CheckReport MakeReport(conf::Configuration& configuration) {
  CheckReport report;
  const auto user_defined = configuration.UserDefined();
  for (const auto& [name, value] : configuration.Explicit()) {
    const int line = configuration.LineOf(name);
    if (const auto inapplicable = conf::FindInapplicable(name)) {
      report.not_applicable.push_back({name, line, std::string(conf::ReasonAlone(inapplicable->reason))});
    } else if (const conf::Parameter* parameter = FindNotInEffect(name, user_defined.contains(name))) {
      const bool will_be = !conf::NameOf(parameter->feature).empty();
      auto& list = will_be ? report.not_in_effect : report.not_applicable;
      list.push_back({name, line, std::string(conf::ReasonAlone(conf::WhyNotInEffect(*parameter)))});
      if (will_be) CheckUnread(configuration, name, parameter->values);
    }
  }
  report.findings = configuration.findings();
  std::ranges::stable_sort(report.findings, {}, [](const conf::Finding& finding) {
    return std::tuple(finding.severity, std::string_view(finding.file), finding.line);
  });
  return report;
}

std::string ReportText(const CheckReport& report) {
  std::string text;
  for (const conf::Finding& finding : report.findings) text += finding.ToString() + "\n";
  text +=
      ByReason("not yet in effect", report.not_in_effect) + ByReason("not applicable here", report.not_applicable);
  const long errors = Count(report, Severity::kError);
  const long warnings = Count(report, Severity::kWarning);
  if (errors + warnings > 0) text += sys::Cat(Counted(errors, "error"), ", ", Counted(warnings, "warning"), "\n");
  return text;
}

std::string ReportJson(const CheckReport& report) {
  nlohmann::json findings = nlohmann::json::array();
  for (const conf::Finding& finding : report.findings) {
    nlohmann::json object = {{"severity", std::string(conf::NameOf(finding.severity))}, {"text", finding.text}};
    if (!finding.file.empty()) object["file"] = finding.file;
    if (finding.line > 0) object["line"] = finding.line;
    findings.push_back(std::move(object));
  }
  const nlohmann::json report_object = {{"findings", std::move(findings)},
                                        {"errors", Count(report, Severity::kError)},
                                        {"warnings", Count(report, Severity::kWarning)},
                                        {"not_in_effect", ToJson(report.not_in_effect)},
                                        {"not_applicable", ToJson(report.not_applicable)}};
  return report_object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace outpost::admin
