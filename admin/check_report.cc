#include "admin/check_report.h"

#include <algorithm>
#include <tuple>

#include <nlohmann/json.hpp>

#include "conf/parameters.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

using Severity = conf::Finding::Severity;

bool IsMentioned(const conf::Configuration& configuration, const std::string& name) {
  return std::ranges::any_of(configuration.findings(),
                             [&](const conf::Finding& finding) { return finding.text.starts_with(name + ": "); });
}

// Nothing for what is in effect, or no parameter that we know.
const conf::Parameter* FindNotInEffect(const std::string& name, bool is_macro) {
  if (const conf::Parameter* parameter = conf::FindParameter(name))
    return parameter->IsInEffect() ? nullptr : parameter;
  const auto of_transport = conf::FindTransportParameter(name);
  return of_transport && !is_macro ? of_transport->parameter : nullptr;
}

std::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  __builtin_unreachable();
}

auto Count(const CheckReport& report, Severity severity) {
  return std::ranges::count(report.findings, severity, &conf::Finding::severity);
}

std::string Counted(long count, std::string_view one) { return sys::Cat(count, " ", one, count == 1 ? "" : "s"); }

std::string Listed(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += sys::Cat(list.empty() ? "" : ", ", name);
  return list;
}

}  // namespace

CheckReport MakeReport(conf::Configuration& configuration) {
  CheckReport report;
  const auto user_defined = configuration.UserDefined();
  for (const auto& [name, value] : configuration.Explicit()) {
    std::string why;
    const conf::Parameter* parameter = FindNotInEffect(name, user_defined.contains(name));
    if (const auto inapplicable = conf::FindInapplicable(name)) {
      report.not_applicable.push_back(name);
      why = inapplicable->reason;
    } else if (parameter != nullptr) {
      const bool will_be = !conf::NameOf(parameter->feature).empty();
      (will_be ? report.not_in_effect : report.not_applicable).push_back(name);
      why = conf::WhyNotInEffect(*parameter);
    }
    if (!why.empty() && !IsMentioned(configuration, name)) configuration.AddFinding(Severity::kNote, name, why);
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
  if (!report.not_in_effect.empty()) {
    text += sys::Cat("not yet in effect (", report.not_in_effect.size(), "): ", Listed(report.not_in_effect), "\n");
  }
  if (!report.not_applicable.empty()) {
    text +=
        sys::Cat("not applicable here (", report.not_applicable.size(), "): ", Listed(report.not_applicable), "\n");
  }
  const long errors = Count(report, Severity::kError);
  const long warnings = Count(report, Severity::kWarning);
  if (errors + warnings > 0) text += sys::Cat(Counted(errors, "error"), ", ", Counted(warnings, "warning"), "\n");
  return text;
}

std::string ReportJson(const CheckReport& report) {
  nlohmann::json findings = nlohmann::json::array();
  for (const conf::Finding& finding : report.findings) {
    nlohmann::json object = {{"severity", std::string(NameOf(finding.severity))}, {"text", finding.text}};
    if (!finding.file.empty()) object["file"] = finding.file;
    if (finding.line > 0) object["line"] = finding.line;
    findings.push_back(std::move(object));
  }
  const nlohmann::json report_object = {{"findings", std::move(findings)},
                                        {"errors", Count(report, Severity::kError)},
                                        {"warnings", Count(report, Severity::kWarning)},
                                        {"not_in_effect", report.not_in_effect},
                                        {"not_applicable", report.not_applicable}};
  return report_object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace outpost::admin
