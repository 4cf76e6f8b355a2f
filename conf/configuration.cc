#include "conf/configuration.h"

#include <algorithm>

#include "conf/expand.h"
#include "conf/main_cf.h"
#include "conf/system_defaults.h"
#include "conf/value_types.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

// The names that main.cf's values refer to.
template <typename Entries>
std::set<std::string, std::less<>> NamesReferredTo(const Entries& entries) {
  std::set<std::string, std::less<>> names;
  for (const auto& [name, entry] : entries) CollectNames(entry.value, &names);
  return names;
}

// Whether `value` leaves a parameter as if it were not set, as in "transport_maps =" and "soft_bounce = no".
bool TurnsOff(std::string_view value) { return value.empty() || sys::EqualsIgnoringCase(value, "no"); }

}  // namespace

std::string Finding::ToString() const {
  std::string place = file;
  if (line > 0) place += sys::Cat(":", line);
  if (!place.empty()) place += ": ";
  return place + (severity == Severity::kWarning ? "warning: " : "") + text;
}

Configuration Configuration::Load(const Location& location) {
  Configuration configuration(location);
  const sys::Result<std::string> text = sys::ReadFile(location.MainCf(), kMaxMainCf);
  if (text) {
    configuration.Take(*text);
  } else {
    configuration.AddFinding({Finding::Severity::kError, "", 0, text.error().text()});
  }
  return configuration;
}

Configuration Configuration::Parse(const Location& location, std::string_view file, std::string_view text) {
  Configuration configuration(location);
  configuration.file_ = file;
  configuration.Take(text);
  return configuration;
}

void Configuration::Take(std::string_view text) {
  MainCf parsed = ParseMainCf(text);
  for (Complaint& error : parsed.errors) {
    AddFinding({Finding::Severity::kError, file_, error.line, std::move(error.text)});
  }
  for (Complaint& warning : parsed.warnings) {
    AddFinding({Finding::Severity::kWarning, file_, warning.line, std::move(warning.text)});
  }
  for (Setting& setting : parsed.settings) {
    if (!entries_.contains(setting.name)) order_.push_back(setting.name);
    entries_.insert_or_assign(std::move(setting.name), Entry{std::move(setting.value), setting.line});
  }
}

std::string Configuration::Default(const Parameter& parameter) const {
  if (!parameter.computed) return std::string(parameter.default_value);
  if (parameter.name == "config_directory") return location_.directory;
  if (parameter.name == "queue_directory") return location_.default_queue_directory;
  if (parameter.name == "daemon_directory") return DefaultDaemonDirectory();
  if (parameter.name == "mydomain") {
    const sys::Result<std::string> host = Expanded("myhostname");
    return DomainOf(host ? *host : "");
  }
  if (parameter.name == "myhostname") return SystemHostName(IsSet("mydomain") ? "$mydomain" : "localdomain");
  __builtin_trap();  // a computed default without its computation
}

std::optional<std::string> Configuration::Unexpanded(std::string_view name) const {
  const Parameter* parameter = FindParameter(name);
  if (parameter != nullptr) names_read_.emplace(name);
  const auto entry = entries_.find(name);
  // Not main.cf's to say: it has been found already.
  if (entry != entries_.end() && name != "config_directory") return entry->second.value;
  if (parameter == nullptr) return std::nullopt;
  return Default(*parameter);
}

sys::Result<std::string> Configuration::ExpandText(std::string_view text) const {
  return Expand(text, [this](std::string_view name) { return Unexpanded(name); });
}

sys::Result<std::string> Configuration::Expanded(std::string_view name) const {
  return ExpandText(Unexpanded(name).value_or(""));
}

std::optional<std::string> Configuration::UnexpandedDefault(std::string_view name) const {
  return Configuration(location_).Unexpanded(name);
}

sys::Result<std::string> Configuration::ExpandedDefault(std::string_view name) const {
  return Configuration(location_).Expanded(name);
}

int Configuration::LineOf(std::string_view name) const {
  const auto entry = entries_.find(name);
  return entry == entries_.end() ? 0 : entry->second.line;
}

std::set<std::string, std::less<>> Configuration::UserDefined() const {
  std::set<std::string, std::less<>> names = NamesReferredTo(entries_);
  std::erase_if(names, [&](const std::string& name) { return FindParameter(name) != nullptr || !IsSet(name); });
  return names;
}

void Configuration::Override(const std::string& name, std::string value) {
  if (!entries_.contains(name)) order_.push_back(name);
  entries_.insert_or_assign(name, Entry{std::move(value), LineOf(name)});
}

template <typename Reader>
auto Configuration::Typed(std::string_view name, std::initializer_list<Type> types, Reader parse) {
  const Parameter* parameter = FindParameter(name);
  if (parameter == nullptr || std::ranges::find(types, parameter->type) == types.end()) __builtin_trap();
  const auto read = [&](const sys::Result<std::string>& text) {
    return text ? parse(*parameter, *text) : decltype(parse(*parameter, *text))(text.error());
  };
  auto value = read(Expanded(name));
  if (value) return std::move(*value);
  AddFinding(Finding::Severity::kError, name, value.error().text());
  // A default may refer to the value that is wrong; then nothing but the zero of the type is left.
  auto fallback = read(ExpandText(Default(*parameter)));
  return fallback ? std::move(*fallback) : std::decay_t<decltype(*fallback)>{};
}

std::string Configuration::String(std::string_view name) {
  return Typed(name, {Type::kString, Type::kNonEmpty}, [](const Parameter& parameter, const std::string& text) {
    if (parameter.type == Type::kNonEmpty && text.empty()) {
      return sys::Result<std::string>(sys::Error("must not be empty"));
    }
    return sys::Result<std::string>(text);
  });
}

bool Configuration::Bool(std::string_view name) {
  return Typed(name, {Type::kBool}, [](const Parameter&, const std::string& text) { return ParseBool(text); });
}

int64_t Configuration::Integer(std::string_view name) {
  return Typed(name, {Type::kInteger}, [](const Parameter& parameter, const std::string& text) {
    return ParseInteger(text, parameter.minimum);
  });
}

uint64_t Configuration::Size(std::string_view name) {
  return static_cast<uint64_t>(Typed(name, {Type::kSize}, [](const Parameter& parameter, const std::string& text) {
    return ParseInteger(text, parameter.minimum);
  }));
}

std::chrono::seconds Configuration::Time(std::string_view name) {
  return Typed(name, {Type::kTime}, [](const Parameter& parameter, const std::string& text) {
    return ParseTime(text, parameter.unit, std::chrono::seconds(parameter.minimum));
  });
}

std::vector<std::string> Configuration::List(std::string_view name) {
  return Typed(name, {Type::kList}, [](const Parameter&, const std::string& text) { return SplitList(text); });
}

bool Configuration::IsSet(std::string_view name) const { return entries_.contains(name); }

std::vector<std::pair<std::string, std::string>> Configuration::Explicit() const {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const std::string& name : order_) settings.emplace_back(name, entries_.find(name)->second.value);
  return settings;
}

void Configuration::CheckNames() {
  const std::set<std::string, std::less<>> referred_to = NamesReferredTo(entries_);
  for (const std::string& name : order_) {
    if (FindParameter(name) != nullptr) continue;
    if (const ForeignParameter* foreign = FindForeignParameter(name)) {
      if (foreign->effect == ForeignParameter::Effect::kNone || TurnsOff(entries_.find(name)->second.value))
        continue;
      const bool refused = foreign->effect == ForeignParameter::Effect::kRefused;
      AddFinding(refused ? Finding::Severity::kError : Finding::Severity::kWarning, name,
                 std::string(foreign->why));
    } else if (!referred_to.contains(name)) {
      const std::string_view nearest = NearestName(name);
      AddFinding(Finding::Severity::kWarning, name,
                 nearest.empty() ? std::string("unknown parameter")
                                 : sys::Cat("unknown parameter; did you mean ", nearest, "?"));
    }
  }
  for (const std::string& name : referred_to) {
    if (FindParameter(name) != nullptr || IsSet(name) || FindForeignParameter(name) != nullptr) continue;
    AddFinding(
        {Finding::Severity::kWarning, file_, 0, sys::Cat("$", name, " is used but set nowhere; it is empty")});
  }
}

void Configuration::AddFinding(Finding::Severity severity, std::string_view name, std::string_view text) {
  AddFinding({severity, file_, LineOf(name), sys::Cat(name, ": ", text)});
}

void Configuration::AddFinding(Finding finding) {
  const bool known = std::ranges::any_of(findings_, [&](const Finding& other) {
    return other.severity == finding.severity && other.file == finding.file && other.line == finding.line &&
           other.text == finding.text;
  });
  if (!known) findings_.push_back(std::move(finding));
}

bool Configuration::HasErrors() const {
  return std::ranges::any_of(findings_,
                             [](const Finding& finding) { return finding.severity == Finding::Severity::kError; });
}

}  // namespace outpost::conf
