#include "conf/main_cf.h"

#include <algorithm>
#include <map>
#include <optional>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// The setting of one logical line, or what is wrong with the line.
std::optional<Setting> ParseSetting(const LogicalLine& line, std::string* wrong) {
  const size_t equals = line.text.find('=');
  const std::string_view whole = line.text;
  const std::string_view name = sys::Trim(whole.substr(0, equals));
  if (equals == std::string_view::npos) {
    *wrong = sys::Cat("no '=' after \"", sys::Printable(name, 60), "\"; a setting is \"name = value\"");
    return std::nullopt;
  }
  if (name.empty()) {
    *wrong = "no name before '='";
    return std::nullopt;
  }
  if (!std::ranges::all_of(name, IsNameCharacter)) {
    *wrong = sys::Cat("\"", sys::Printable(name, 60), "\" is no parameter name (letters, digits, underscore)");
    return std::nullopt;
  }
  return Setting{std::string(name), std::string(sys::Trim(whole.substr(equals + 1))), line.line};
}

std::vector<Complaint> FindOverridden(const std::vector<Setting>& settings) {
  std::vector<Complaint> complaints;
  std::map<std::string_view, const Setting*> seen;
  for (const Setting& setting : settings) {
    const Setting*& before = seen[setting.name];
    if (before != nullptr && before->value != setting.value) {
      complaints.push_back(
          {setting.line, sys::Cat(setting.name, " is set again; the value of line ", before->line, " is lost")});
    }
    before = &setting;
  }
  return complaints;
}

}  // namespace

MainCf ParseMainCf(std::string_view text) {
  LogicalLines lines = SplitLogicalLines(text);
  MainCf result;
  result.errors = std::move(lines.complaints);
  for (const LogicalLine& line : lines.lines) {
    std::string wrong;
    if (std::optional<Setting> setting = ParseSetting(line, &wrong)) {
      result.settings.push_back(std::move(*setting));
    } else {
      result.errors.push_back({line.line, std::move(wrong)});
    }
  }
  result.warnings = FindOverridden(result.settings);
  return result;
}

}  // namespace outpost::conf
