#include "conf/notice_settings.h"

#include <array>

#include "conf/settings_checks.h"
#include "lib/mail/address.h"
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
  std::array<std::string_view, kClassWords.size()> known;
  for (size_t i = 0; i < known.size(); ++i) known[i] = kClassWords[i].word;
  std::set<NoticeClass> classes;
  for (const std::string& word : ReadWords(configuration, "notify_classes", known)) {
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
  return settings;
}

}  // namespace outpost::conf
