// The texts of bounce_template_file, in Postfix's form (bounce(5)): "failure_template = <<EOF", a header (Charset:, From:,
// Subject:, Postmaster-Subject:), an empty line, a body, "EOF"; the same for delay_template, success_template and
// verify_template. $name stands for a parameter of main.cf, and ${name}_hours (_seconds, _minutes, _days, _weeks) for a
// time in that unit. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::conf {

constexpr size_t kMaxTemplateFile = 64 * 1024;
constexpr size_t kMaxTemplateLine = 990;  // once expanded; RFC 5322 section 2.1.1

struct NoticeTemplate {
  std::string charset = "us-ascii";  // or "utf-8"
  std::string from;                  // "" where the template names none; the address in it is whole
  std::string subject;               // the same
  std::string postmaster_subject;    // the same
  std::string body;                  // lines that end in LF; not empty
};

// What the file does not have, or has wrongly, is told by the built-in text.
struct NoticeTemplates {
  std::optional<NoticeTemplate> failure;
  std::optional<NoticeTemplate> delay;
  std::optional<NoticeTemplate> success;
};

struct TemplateFault {
  int line = 0;
  std::string text;
};

struct TemplateRules {
  // $name and its kin in a text; an Error for one that stands for nothing.
  std::function<sys::Result<std::string>(std::string_view)> expand;
  std::string myorigin;  // completes From:
};

NoticeTemplates ParseNoticeTemplates(std::string_view text, const TemplateRules& rules,
                                     std::vector<TemplateFault>& faults);

}  // namespace outpost::conf
