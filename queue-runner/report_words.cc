#include "queue-runner/report_words.h"

#include "lib/mail/date.h"
#include "lib/mail/enhanced_status.h"
#include "lib/mail/explanation.h"
#include "lib/sys/text.h"
#include "queue-runner/mail_text.h"

namespace outpost::queue_runner {
namespace {

using queue::ReportKind;
using sys::Cat;

constexpr size_t kExplained = 20;  // recipients; the reasons of more are given without remedies

mail::Explanation ExplanationOf(const RecipientReport& report) {
  return mail::Explain(mail::EnhancedStatus::Parse(report.status).value_or(mail::EnhancedStatus{}), report.text);
}

bool IsFailure(ReportKind kind) { return kind == ReportKind::kFailed || kind == ReportKind::kFailedCopy; }
bool IsDelay(ReportKind kind) { return kind == ReportKind::kDelayed || kind == ReportKind::kDelayedCopy; }

size_t CountRecipients(const ReportRequest& request) {
  size_t count = 0;
  for (const auto& message : request.messages) count += message.recipients.size();
  return count;
}

// "Your message of DATE to <r>"; "12 of your messages, to 14 recipients".
std::string Subject(const ReportRequest& request) {
  const bool administrator = IsForAdministrator(request);
  const size_t recipients = CountRecipients(request);
  const ReportedMessage& first = request.messages.front();
  if (request.messages.size() > 1) {
    return Cat(request.messages.size(), administrator ? " messages" : " of your messages", ", to ", recipients,
               " recipients");
  }
  const std::string whose = request.is_double_bounce ? "A notice, or other mail without a sender,"
                            : administrator          ? Cat("The message of <", first.sender, ">")
                                                     : std::string("Your message");
  const std::string whom =
      recipients == 1 ? Cat("<", first.recipients.front().recipient.address, ">") : Cat(recipients, " recipients");
  return Cat(whose, " of ", mail::FormatDate(first.arrival), " to ", whom);
}

std::string WhatHappened(const ReportRequest& request, const Policy& policy) {
  const std::string subject = Subject(request);
  const bool one = CountRecipients(request) == 1;
  if (IsDelay(request.kind)) {
    return Cat(subject, " could not be delivered yet. It is still being tried; ",
               IsForAdministrator(request) ? "" : "you need not send it again. ");
  }
  if (request.kind == ReportKind::kRelayed) {
    return Cat(subject,
               " was handed over to the next mail server, which does not tell us what becomes of it. "
               "You will hear no more of it unless it fails. ");
  }
  const bool expired = one && request.messages.front().recipients.front().expired;
  return Cat(subject, " could not be delivered",
             expired ? Cat(": ", policy.myhostname, " has tried for too long and has given up. ") : ". ");
}

// Of the first recipient: what the relay said, in its words and in plain ones, and what to do.
std::string WhyAndRemedy(const ReportRequest& request) {
  const RecipientReport& report = request.messages.front().recipients.front();
  const mail::Explanation explanation = ExplanationOf(report);
  const std::string_view host = HostOf(report.relay);
  const std::string who = host.empty() ? "The reason" : Cat("The answer of ", host);
  const std::string whose =
      CountRecipients(request) == 1 ? who : Cat(who, " for <", report.recipient.address, ">, the first of them,");
  if (request.kind == ReportKind::kRelayed) return Cat(whose, " was: ", RelayWords(report.text));
  return Cat(explanation.sentence, " ", whose, " was: ", RelayWords(report.text),
             explanation.remedy.empty() ? "" : Cat(" - ", explanation.remedy));
}

std::string Entry(const RecipientReport& report, bool explain) {
  std::string line = Cat("<", report.recipient.address, ">");
  if (!report.recipient.original.empty() && report.recipient.original != report.recipient.address) {
    line += Cat(" (expanded from <", report.recipient.original, ">)");
  }
  line += report.expired ? ": given up after trying for too long; the last answer was: " : ": ";
  std::string out = Cat(Wrap(line + report.text, "    "), "\n");
  if (explain) {
    const mail::Explanation explanation = ExplanationOf(report);
    out += Cat("    ", Wrap(Cat("=> ", explanation.sentence, " ", explanation.remedy), "    "), "\n");
  }
  return out + "\n";
}

std::string Ending(const ReportRequest& request, const Policy& policy) {
  std::string out;
  if (request.quotation.bytes > 0) {
    out = request.quotation.whole ? "The message is attached below, after a report for programs.\n"
                                  : "The header of the message is attached below, after a report for programs.\n";
  }
  if (request.messages.size() > 1) {
    out += Cat("These messages came close together, so they are told of in one notice.\n");
  }
  if (!IsForAdministrator(request)) {
    out +=
        Cat("If this does not help, show this notice to whoever looks after the host\n", policy.myhostname, ".\n");
  }
  return out;
}

}  // namespace

bool IsForAdministrator(const ReportRequest& request) {
  return request.is_double_bounce || request.kind == ReportKind::kFailedCopy ||
         request.kind == ReportKind::kDelayedCopy;
}

const std::optional<conf::NoticeTemplate>& TemplateOf(ReportKind kind, const Policy& policy) {
  const conf::NoticeTemplates& templates = policy.notices.templates;
  if (IsFailure(kind)) return templates.failure;
  return IsDelay(kind) ? templates.delay : templates.success;
}

std::string_view HostOf(std::string_view relay) { return relay.substr(0, relay.find('[')); }

std::string_view RelayWords(std::string_view text) {
  constexpr std::string_view kSaid = " said: ";
  const size_t said = text.find(kSaid);
  if (!text.starts_with("host ") || said == std::string_view::npos) return text;
  const std::string_view words = text.substr(said + kSaid.size());
  return words.substr(0, words.rfind(" (in reply to "));
}

std::string WordsOf(const ReportRequest& request, const Policy& policy) {
  const auto& own = TemplateOf(request.kind, policy);
  std::string out;
  if (own) {
    out = Cat(own->body, "\n");
  } else {
    out = Cat(Wrap(WhatHappened(request, policy) + WhyAndRemedy(request), ""), "\n\n");
  }
  const size_t recipients = CountRecipients(request);
  const bool explain = request.kind != ReportKind::kRelayed && recipients <= kExplained && (own || recipients > 1);
  for (const auto& message : request.messages) {
    if (request.messages.size() > 1) {
      out += Cat("Message ", message.id, " of ", mail::FormatDate(message.arrival), ":\n\n");
    }
    for (const auto& report : message.recipients) out += Entry(report, explain);
  }
  return out + Ending(request, policy);
}

}  // namespace outpost::queue_runner
