#include "conf/notice_settings.h"

#include <algorithm>
#include <array>
#include <optional>

#include "conf/expand.h"
#include "conf/settings_checks.h"
#include "lib/mail/address.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

struct ClassWord {
  std::string_view word;
  NoticeClass notice_class;
};
constexpr std::array kClassWords = {
    ClassWord{"bounce", NoticeClass::kBounce},     ClassWord{"2bounce", NoticeClass::kDoubleBounce},
    ClassWord{"delay", NoticeClass::kDelay},       ClassWord{"policy", NoticeClass::kPolicy},
    ClassWord{"protocol", NoticeClass::kProtocol}, ClassWord{"resource", NoticeClass::kResource},
    ClassWord{"software", NoticeClass::kSoftware}, ClassWord{"data", NoticeClass::kData}};

std::set<NoticeClass> ReadClasses(Configuration& configuration) {
  std::set<NoticeClass> classes;
  for (const std::string& word : configuration.List("notify_classes")) {
    for (const ClassWord& one : kClassWords) {
      if (one.word == word) classes.insert(one.notice_class);
    }
  }
  if (classes.contains(NoticeClass::kBounce)) classes.insert(NoticeClass::kDoubleBounce);
  return classes;
}

std::string ReadAddress(Configuration& configuration, std::string_view name, const std::string& myorigin) {
  mail::CompletionRules rules;
  rules.myorigin = myorigin;
  const std::string written = ReadCleanText(configuration, name);
  std::string address = mail::CompleteAddress(written, rules);
  if (!mail::IsValidAddress(address) || written.find_first_of(" \t<>(),;") != std::string::npos) {
    configuration.AddFinding(Finding::Severity::kError, name,
                             sys::Cat("\"", sys::Printable(written, 80), "\" is no mail address"));
  }
  return address;
}

struct TimeUnit {
  std::string_view suffix;
  int64_t seconds;
};
constexpr std::array kTimeUnits = {TimeUnit{"_seconds", 1}, TimeUnit{"_minutes", 60}, TimeUnit{"_hours", 3600},
                                   TimeUnit{"_days", 86400}, TimeUnit{"_weeks", 604800}};

// "delay_warning_time_hours" -> "4".
std::optional<std::string> TimeInUnit(Configuration& configuration, std::string_view name) {
  for (const TimeUnit& unit : kTimeUnits) {
    if (!name.ends_with(unit.suffix)) continue;
    const std::string_view parameter = name.substr(0, name.size() - unit.suffix.size());
    const Parameter* known = FindParameter(parameter);
    if (known == nullptr || known->values.type != Type::kTime) continue;
    return sys::Cat(configuration.Time(parameter).count() / unit.seconds);
  }
  return std::nullopt;
}

std::optional<std::string> ValueInTemplate(Configuration& configuration, std::string_view name) {
  if (auto time = TimeInUnit(configuration, name)) return time;
  if (FindParameter(name) == nullptr && !configuration.IsSet(name)) return std::nullopt;
  auto value = configuration.Expanded(name);
  if (!value) return std::nullopt;
  return *value;
}

sys::Result<std::string> ExpandInTemplate(Configuration& configuration, std::string_view text) {
  std::set<std::string, std::less<>> names;
  CollectNames(text, &names);
  for (const std::string& name : names) {
    if (!ValueInTemplate(configuration, name)) return sys::Error(sys::Cat("$", name, " is no parameter"));
  }
  return Expand(text, [&](std::string_view name) { return ValueInTemplate(configuration, name); });
}

NoticeTemplates ReadTemplates(Configuration& configuration, const std::string& myorigin) {
  const std::string path = CheckedPath(configuration, "bounce_template_file");
  if (path.empty()) return {};
  const auto text = sys::ReadFile(path, kMaxTemplateFile);
  if (!text) {
    configuration.AddFinding(Finding::Severity::kWarning, "bounce_template_file",
                             sys::Cat(text.error().text(), "; the built-in texts are used"));
    return {};
  }
  const TemplateRules rules{[&](std::string_view part) { return ExpandInTemplate(configuration, part); }, myorigin};
  std::vector<TemplateFault> faults;
  NoticeTemplates templates = ParseNoticeTemplates(*text, rules, faults);
  for (auto& fault : faults) {
    configuration.AddFinding({Finding::Severity::kWarning, path, fault.line,
                              sys::Cat(fault.text, "; the built-in text is used in its place")});
  }
  return templates;
}

}  // namespace

std::string_view ToString(NoticeClass notice_class) {
  for (const ClassWord& one : kClassWords) {
    if (one.notice_class == notice_class) return one.word;
  }
  __builtin_trap();
}

const std::string& NoticeSettings::RecipientOf(NoticeClass notice_class) const {
  switch (notice_class) {
    case NoticeClass::kBounce:
      return bounce_notice_recipient;
    case NoticeClass::kDoubleBounce:
      return double_bounce_notice_recipient;
    case NoticeClass::kDelay:
      return delay_notice_recipient;
    case NoticeClass::kPolicy:
    case NoticeClass::kProtocol:
    case NoticeClass::kResource:
    case NoticeClass::kSoftware:
    case NoticeClass::kData:
      return error_notice_recipient;
  }
  __builtin_trap();
}

NoticeSettings ReadNoticeSettings(Configuration& configuration, const std::string& myorigin) {
  NoticeSettings settings;
  settings.notify_classes = ReadClasses(configuration);
  settings.error_notice_recipient = ReadAddress(configuration, "error_notice_recipient", myorigin);
  settings.bounce_notice_recipient = ReadAddress(configuration, "bounce_notice_recipient", myorigin);
  settings.double_bounce_notice_recipient = ReadAddress(configuration, "2bounce_notice_recipient", myorigin);
  settings.delay_notice_recipient = ReadAddress(configuration, "delay_notice_recipient", myorigin);
  settings.double_bounce_sender = ReadAddress(configuration, "double_bounce_sender", myorigin);
  settings.bounce_size_limit = configuration.Size("bounce_size_limit");
  settings.delay_warning_time = configuration.Time("delay_warning_time");
  settings.confirm_delay_cleared = configuration.Bool("confirm_delay_cleared");
  settings.soft_bounce = configuration.Bool("soft_bounce");
  settings.templates = ReadTemplates(configuration, myorigin);
  return settings;
}

}  // namespace outpost::conf
