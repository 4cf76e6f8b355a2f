// What main.cf's names are: in effect, known, inapplicable, macros of its own, or mistakes.
#include "conf/configuration.h"
#include "conf/expand.h"
#include "conf/value_types.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Severity = Finding::Severity;
using Names = std::set<std::string, std::less<>>;

constexpr std::string_view kRestrictionClasses = "smtpd_restriction_classes";

// Values whose $names are not main.cf's, or may be: they serve to find what is used, not what is missing.
bool HasOwnMacros(std::string_view name) {
  const Parameter* parameter = FindParameter(name);
  return parameter == nullptr ? FindInapplicable(name).has_value() : parameter->values.type == Type::kOwnMacros;
}

// Names that a listener's restrictions would use without "$".
void AddRestrictionClasses(std::string_view value, Names* names) {
  const auto classes = SplitList(value);
  if (classes) names->insert(classes->begin(), classes->end());
}

std::string Unknown(std::string_view name) {
  const std::string_view nearest = NearestName(name);
  if (nearest.empty()) {
    return sys::Cat("unknown parameter, and no value uses it; take it out: outpost conf unset ", name);
  }
  return sys::Cat("unknown parameter; did you mean ", nearest, "?");
}

// The facts of what `name` is known as and not in effect; nothing for what is in effect, inapplicable or unknown.
struct NotInEffect {
  const Parameter* parameter = nullptr;
  std::string why;
};
std::optional<NotInEffect> FindNotInEffect(std::string_view name) {
  if (const Parameter* parameter = FindParameter(name)) {
    if (parameter->IsInEffect()) return std::nullopt;
    return NotInEffect{parameter, WhyNotInEffect(*parameter)};
  }
  const auto found = FindTransportParameter(name);
  if (!found) return std::nullopt;
  // smtp's own are known by their names, but for those that nothing uses.
  if (found->transport == "smtp" || found->parameter->feature != Feature::kTransports) {
    return NotInEffect{found->parameter, WhyNotInEffect(*found->parameter)};
  }
  return NotInEffect{found->parameter, sys::Cat("has no effect: there is no transport ", found->transport, "; ",
                                                Meanwhile(found->parameter->feature))};
}

bool IsKnown(std::string_view name) {
  return FindParameter(name) != nullptr || FindInapplicable(name) || FindTransportParameter(name);
}

}  // namespace

std::set<std::string, std::less<>> Configuration::UserDefined() const {
  Names names;
  for (const auto& [name, entry] : entries_) {
    CollectNames(entry.value, &names);
    if (name == kRestrictionClasses) AddRestrictionClasses(entry.value, &names);
  }
  std::erase_if(names, [&](const std::string& name) {
    return FindParameter(name) != nullptr || FindInapplicable(name) || !IsSet(name);
  });
  return names;
}

std::set<std::string, std::less<>> Configuration::Undefined() const {
  Names names;
  for (const auto& [name, entry] : entries_) {
    if (!HasOwnMacros(name)) CollectNames(entry.value, &names);
  }
  std::erase_if(names, [&](const std::string& name) { return IsSet(name) || IsKnown(name); });
  return names;
}

void Configuration::CheckNames() {
  Names referred_to;
  for (const auto& [name, entry] : entries_) {
    CollectNames(entry.value, &referred_to);
    if (name == kRestrictionClasses) AddRestrictionClasses(entry.value, &referred_to);
  }
  for (const std::string& name : order_) CheckName(name, referred_to.contains(name));
  for (const std::string& name : Undefined()) {
    AddFinding({Severity::kWarning, file_, 0, sys::Cat("$", name, " is used but set nowhere; it is empty")});
  }
}

void Configuration::CheckName(const std::string& name, bool is_referred_to) {
  if (!HasOwnMacros(name)) {
    const auto value = ExpandText(entries_.find(name)->second.value);
    if (!value) return AddFinding(Severity::kError, name, value.error().text());
  }
  // A macro may be called as if it were a transport's parameter.
  if (is_referred_to && FindParameter(name) == nullptr) return;
  if (const auto known = FindNotInEffect(name)) return CheckNotInEffect(name, *known->parameter, known->why);
  if (!IsKnown(name)) AddFinding(Severity::kWarning, name, Unknown(name));
}

void Configuration::CheckNotInEffect(const std::string& name, const Parameter& parameter, const std::string& why) {
  if (parameter.effect == Effect::kAccepted) return;
  const auto value = ExpandText(entries_.find(name)->second.value);
  const auto fallback = ExpandDefault(parameter);
  if (value && fallback && sys::EqualsIgnoringCase(*value, *fallback)) return;  // as if it were not set
  AddFinding(parameter.effect == Effect::kRefused ? Severity::kError : Severity::kWarning, name,
             sys::Cat(why, "; if that is right, take it out: outpost conf unset ", name));
}

}  // namespace outpost::conf
