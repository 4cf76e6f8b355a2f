#include "conf/configuration.h"

#include <algorithm>
#include <unistd.h>

#include "conf/compiled_in.h"
#include "conf/expand.h"
#include "conf/main_cf.h"
#include "conf/pattern_files.h"
#include "conf/settled_file.h"
#include "conf/system_defaults.h"
#include "conf/value_types.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

constexpr size_t kMostSteps = 10;  // of defaults that refer to each other

}  // namespace

std::string Finding::ToString() const {
  std::string place = file;
  if (line > 0) place += sys::Cat(":", line);
  if (!place.empty()) place += ": ";
  return severity == Severity::kError ? place + text : sys::Cat(place, NameOf(severity), ": ", text);
}

std::string_view NameOf(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::kNote:
      return "note";
    case Finding::Severity::kWarning:
      return "warning";
    case Finding::Severity::kError:
      return "error";
  }
  __builtin_unreachable();
}

Configuration Configuration::Load(const Location& location, Finder find) {
  Configuration configuration(location, find);
  const sys::Result<std::string> text = ReadSettled(location.MainCf(), kMaxMainCf);
  if (text) {
    configuration.Take(*text);
  } else {
    configuration.AddFinding({Finding::Severity::kError, "", 0, text.error().text()});
  }
  return configuration;
}

Configuration Configuration::Parse(const Location& location, std::string_view file, std::string_view text) {
  Configuration configuration(location, FindWithDefault);
  configuration.file_ = file;
  configuration.Take(text);
  return configuration;
}

void Configuration::Take(std::string_view text) {
  was_read_ = true;
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
  if (!parameter.values.computed) return std::string(parameter.default_value);
  if (parameter.name == "config_directory") return location_.directory;
  if (parameter.name == "queue_directory") return location_.default_queue_directory;
  if (parameter.name == "daemon_directory") return DefaultDaemonDirectory();
  if (parameter.name == "mydomain") return DefaultDomain();
  if (parameter.name == "myhostname") return SystemHostName(IsSet("mydomain") ? "$mydomain" : "localdomain");
  if (parameter.name == "command_directory") return std::string(CompiledCommandDirectory());
  if (parameter.name == "mail_version") return std::string(Version());
  if (parameter.name == "process_id") return sys::Cat(getpid());
  if (parameter.name == "process_name") return program_invocation_short_name;
  __builtin_trap();  // a computed default without its computation
}

// myhostname may refer to mydomain, as in "mail.$mydomain": then it is the domain of the system's own name.
std::string Configuration::DefaultDomain() const {
  constexpr const char* kNoDomain = "localdomain";
  if (finding_domain_) return DomainOf(SystemHostName(kNoDomain));
  finding_domain_ = true;
  const sys::Result<std::string> host = Expanded("myhostname");
  finding_domain_ = false;
  return DomainOf(host ? *host : "");
}

std::optional<std::string> Configuration::Unexpanded(std::string_view name) const {
  const Parameter* parameter = find_(name);
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
  std::string text = Unexpanded(name).value_or("");
  const Parameter* parameter = find_(name);
  if (parameter != nullptr && parameter->values.type == Type::kOwnMacros) return text;
  return ExpandText(text);
}

std::optional<std::string> Configuration::UnexpandedDefault(std::string_view name) const {
  return Configuration(location_, find_).Unexpanded(name);
}

sys::Result<std::string> Configuration::ExpandedDefault(std::string_view name) const {
  return Configuration(location_, find_).Expanded(name);
}

int Configuration::LineOf(std::string_view name) const {
  const auto entry = entries_.find(name);
  return entry == entries_.end() ? 0 : entry->second.line;
}

void Configuration::Override(const std::string& name, std::string value) {
  if (!entries_.contains(name)) order_.push_back(name);
  entries_.insert_or_assign(name, Entry{std::move(value), LineOf(name)});
}

sys::Result<std::string> Configuration::ExpandDefault(const Parameter& parameter) const {
  return ExpandText(Default(parameter));
}

template <typename Reader>
auto Configuration::Typed(std::string_view name, std::initializer_list<Type> types, Reader parse) {
  const Parameter* parameter = FindInEffect(name);
  if (parameter == nullptr || std::ranges::find(types, parameter->values.type) == types.end()) __builtin_trap();
  const auto read = [&](const sys::Result<std::string>& text) {
    return text ? parse(parameter->values, *text) : decltype(parse(parameter->values, *text))(text.error());
  };
  auto value = read(Expanded(name));
  if (value) return std::move(*value);
  AddFinding(Finding::Severity::kError, name, value.error().text());
  // A default may refer to the value that is wrong; then nothing but the zero of the type is left.
  auto fallback = read(ExpandDefault(*parameter));
  return fallback ? std::move(*fallback) : std::decay_t<decltype(*fallback)>{};
}

std::string Configuration::String(std::string_view name) {
  return Typed(name, {Type::kString, Type::kNonEmpty}, [](const Values& values, const std::string& text) {
    const auto checked = CheckValue(values, text);
    return checked ? sys::Result<std::string>(text) : sys::Result<std::string>(checked.error());
  });
}

bool Configuration::Bool(std::string_view name) {
  return Typed(name, {Type::kBool}, [](const Values&, const std::string& text) { return ParseBool(text); });
}

int64_t Configuration::Integer(std::string_view name) {
  return Typed(name, {Type::kInteger}, [](const Values& values, const std::string& text) {
    return ParseInteger(text, values.minimum, values.maximum);
  });
}

uint64_t Configuration::Size(std::string_view name) {
  return static_cast<uint64_t>(Typed(name, {Type::kSize}, [](const Values& values, const std::string& text) {
    return ParseInteger(text, values.minimum, values.maximum);
  }));
}

std::chrono::seconds Configuration::Time(std::string_view name) {
  return Typed(name, {Type::kTime}, [](const Values& values, const std::string& text) {
    return ParseTime(text, values.unit, std::chrono::seconds(values.minimum));
  });
}

std::vector<std::string> Configuration::List(std::string_view name) {
  constexpr auto kParse = [](const Values& values, const std::string& text) {
    return values.type == Type::kWords ? ReadWords(values, text) : SplitList(text);
  };
  return Typed(name, {Type::kList, Type::kWords, Type::kTables}, kParse);
}

std::optional<std::string> Configuration::Word(std::string_view name) {
  bool found = true;
  std::string word = Typed(name, {Type::kWord}, [&](const Values& values, const std::string& text) {
    const auto known = FindWord(values, text);
    found = found && known;
    return known ? sys::Result<std::string>(std::string(*known)) : sys::Result<std::string>(known.error());
  });
  return found ? std::optional(std::move(word)) : std::nullopt;
}

std::vector<std::string> Configuration::Patterns(std::string_view name) {
  return Typed(name, {Type::kPatterns}, [](const Values&, const std::string& text) { return ReadPatterns(text); });
}

bool Configuration::IsSet(std::string_view name) const { return entries_.contains(name); }

std::vector<std::pair<std::string, std::string>> Configuration::Explicit() const {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const std::string& name : order_) settings.emplace_back(name, entries_.find(name)->second.value);
  return settings;
}

void Configuration::AddFinding(Finding::Severity severity, std::string_view name, std::string_view text) {
  const std::string_view origin = OriginOf(name);
  AddFinding({severity, file_, LineOf(origin), sys::Cat(origin, ": ", text)});
}

std::string_view Configuration::OriginOf(std::string_view name) const {
  std::string_view origin = name;
  for (size_t steps = 0; steps < kMostSteps && !IsSet(origin); ++steps) {
    const Parameter* parameter = find_(origin);
    const bool refers =
        parameter != nullptr && !parameter->values.computed && parameter->default_value.starts_with('$');
    if (!refers || find_(parameter->default_value.substr(1)) == nullptr) return name;
    origin = parameter->default_value.substr(1);
  }
  return origin;
}

void Configuration::AddFinding(Finding finding) {
  if (told_.insert(finding.ToString()).second) findings_.push_back(std::move(finding));
}

bool Configuration::HasErrors() const {
  return std::ranges::any_of(findings_,
                             [](const Finding& finding) { return finding.severity == Finding::Severity::kError; });
}

}  // namespace outpost::conf
