#include "conf/bounce_template.h"

#include <algorithm>

#include "lib/mail/address.h"
#include "lib/mail/address_list.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using sys::Cat;

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) == 0; });
}

// Lines with their numbers, from 1.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool Next(std::string_view& line) {
    if (rest_.empty()) return false;
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    line = rest_.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    return true;
  }
  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

// "NAME = <<WORD".
struct Opening {
  std::string_view name;
  std::string_view end;
};
std::optional<Opening> ParseOpening(std::string_view line) {
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  std::string_view value = sys::Trim(line.substr(equals + 1));
  if (!value.starts_with("<<")) return std::nullopt;
  value = sys::Trim(value.substr(2));
  if (value.empty()) return std::nullopt;
  return Opening{sys::Trim(line.substr(0, equals)), value};
}

// One template's lines -> the template. Faults are of a line, counted from the first of them.
class TemplateReader {
 public:
  TemplateReader(const TemplateRules& rules, bool has_postmaster_subject)
      : rules_(rules), has_postmaster_subject_(has_postmaster_subject) {}

  // Returns the fault, if any.
  std::optional<TemplateFault> Read(std::string_view text) {
    Lines lines(text);
    std::string_view line;
    while (lines.Next(line) && !sys::Trim(line).empty()) {
      if (auto wrong = TakeHeader(line)) return TemplateFault{lines.number(), std::move(*wrong)};
    }
    while (lines.Next(line)) {
      if (auto wrong = TakeBody(line)) return TemplateFault{lines.number(), std::move(*wrong)};
    }
    if (sys::Trim(made_.body).empty()) return TemplateFault{lines.number(), "has no text after its header"};
    if (!IsAscii(made_.body) && made_.charset != "utf-8") {
      return TemplateFault{lines.number(), "holds characters beyond ASCII: say \"Charset: utf-8\""};
    }
    return std::nullopt;
  }
  NoticeTemplate Take() { return std::move(made_); }

 private:
  std::optional<std::string> TakeHeader(std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return "is neither \"Name: text\" nor the empty line before the text";
    auto value = rules_.expand(sys::Trim(line.substr(colon + 1)));
    if (!value) return value.error().text();
    if (!IsAscii(*value) || !sys::IsCleanText(*value) || line.size() + value->size() > kMaxTemplateLine) {
      return "is too long or not plain ASCII (other characters are written as RFC 2047 says)";
    }
    const std::string name = sys::LowerCase(line.substr(0, colon));
    if (name == "charset") return TakeCharset(*value);
    if (name == "from") return TakeFrom(*value);
    if (name == "subject") {
      made_.subject = *value;
    } else if (name == "postmaster-subject" && has_postmaster_subject_) {
      made_.postmaster_subject = *value;
    } else {
      return Cat("\"", sys::Printable(line.substr(0, colon), 60),
                 ":\" cannot stand here; Charset:, From:, Subject:",
                 has_postmaster_subject_ ? ", Postmaster-Subject:" : "", " can");
    }
    return std::nullopt;
  }

  std::optional<std::string> TakeCharset(const std::string& value) {
    made_.charset = sys::LowerCase(value);
    if (made_.charset == "us-ascii" || made_.charset == "utf-8") return std::nullopt;
    return Cat("charset ", sys::Printable(value, 40), " is not supported; us-ascii and utf-8 are");
  }

  std::optional<std::string> TakeFrom(const std::string& value) {
    const auto list = mail::ParseAddressList(value);
    if (list.mailboxes.size() != 1) return "From: is to name one address";
    mail::CompletionRules completion;
    completion.myorigin = rules_.myorigin;
    const mail::Mailbox& mailbox = list.mailboxes.front();
    const std::string address = mail::CompleteAddress(mailbox.address, completion);
    if (!mail::IsValidAddress(address)) return Cat("\"", sys::Printable(value, 80), "\" is no mail address");
    made_.from = Cat(value.substr(0, mailbox.begin), address, value.substr(mailbox.end));
    return std::nullopt;
  }

  std::optional<std::string> TakeBody(std::string_view line) {
    auto expanded = rules_.expand(line);
    if (!expanded) return expanded.error().text();
    if (expanded->size() > kMaxTemplateLine) return Cat("is longer than ", kMaxTemplateLine, " bytes");
    // Tabs are the writer's.
    std::string checked = *expanded;
    std::ranges::replace(checked, '\t', ' ');
    if (!sys::IsCleanText(checked)) return "holds a control character or is no valid UTF-8";
    made_.body += Cat(*expanded, "\n");
    return std::nullopt;
  }

  const TemplateRules& rules_;
  bool has_postmaster_subject_;
  NoticeTemplate made_;
};

void TakeTemplate(const Opening& opening, int line, std::string_view text, const TemplateRules& rules,
                  NoticeTemplates& out, std::vector<TemplateFault>& faults) {
  std::optional<NoticeTemplate>* place = nullptr;
  if (opening.name == "failure_template") place = &out.failure;
  if (opening.name == "delay_template") place = &out.delay;
  if (opening.name == "success_template") place = &out.success;
  if (place == nullptr) {
    const bool verify = opening.name == "verify_template";
    faults.push_back({line, Cat(sys::Printable(opening.name, 60),
                                verify ? " is not used: reports of sendmail -bv do not exist here"
                                       : " is no template: there are failure_template, delay_template, "
                                         "success_template, verify_template")});
    return;
  }
  TemplateReader reader(rules, opening.name != "success_template");
  if (auto fault = reader.Read(text)) {
    faults.push_back({line + fault->line, Cat("in ", opening.name, ": ", fault->text)});
    return;
  }
  *place = reader.Take();
}

}  // namespace

NoticeTemplates ParseNoticeTemplates(std::string_view text, const TemplateRules& rules,
                                     std::vector<TemplateFault>& faults) {
  NoticeTemplates templates;
  Lines lines(text);
  std::string_view line;
  while (lines.Next(line)) {
    if (sys::Trim(line).empty() || line.front() == '#') continue;
    const int first = lines.number();
    const auto opening = ParseOpening(line);
    if (!opening) {
      faults.push_back({first, "is no \"NAME_template = <<WORD\""});
      continue;
    }
    std::string content;
    bool ended = false;
    while (!ended && lines.Next(line)) {
      ended = sys::Trim(line) == opening->end;
      if (!ended) content += Cat(line, "\n");
    }
    if (!ended) {
      faults.push_back({first, Cat("has no line \"", sys::Printable(opening->end, 40), "\" at its end")});
      break;
    }
    TakeTemplate(*opening, first, content, rules, templates, faults);
  }
  return templates;
}

}  // namespace outpost::conf
