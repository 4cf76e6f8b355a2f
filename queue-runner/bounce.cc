#include "queue-runner/bounce.h"

#include <algorithm>

#include "lib/mail/date.h"
#include "lib/sys/text.h"
#include "queue-runner/mail_text.h"
#include "queue-runner/report_words.h"

namespace outpost::queue_runner {
namespace {

using queue::ReportKind;
using sys::Cat;

// xtext of RFC 3461 section 4: "+2B" is '+'. What would not be printable ASCII stays as it is.
std::string DecodeXtext(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && i + 2 < text.size()) {
      const int value = digit(text[i + 1]) * 16 + digit(text[i + 2]);
      if (digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0 && value > 0x20 && value < 0x7f) {
        out += static_cast<char>(value);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

bool IsPlain(const RecipientReport& report) {
  return IsAscii(report.recipient.address) && IsAscii(report.recipient.original) && IsAscii(report.text);
}

bool IsPlain(const ReportedMessage& message) {
  return IsAscii(message.sender) &&
         std::ranges::all_of(message.recipients, [](const auto& report) { return IsPlain(report); });
}

std::string_view ActionOf(ReportKind kind) {
  switch (kind) {
    case ReportKind::kFailed:
    case ReportKind::kFailedCopy:
      return "failed";
    case ReportKind::kDelayed:
    case ReportKind::kDelayedCopy:
      return "delayed";
    case ReportKind::kRelayed:
      return "relayed";
  }
  __builtin_trap();
}

std::string SubjectOf(const ReportRequest& request, const Policy& policy) {
  const auto& own = TemplateOf(request.kind, policy);
  if (IsForAdministrator(request)) {
    if (own && !own->postmaster_subject.empty()) return own->postmaster_subject;
    return request.kind == ReportKind::kDelayedCopy ? "Postmaster Warning: Delayed Mail"
                                                    : "Postmaster Copy: Undelivered Mail";
  }
  if (own && !own->subject.empty()) return own->subject;
  if (request.kind == ReportKind::kDelayed) return "Delayed Mail (still being retried)";
  return request.kind == ReportKind::kRelayed ? "Successful Mail Delivery Report"
                                              : "Undelivered Mail Returned to Sender";
}

// "X-Outpost": no mail_name can spoil a field's name.
std::string ExtensionPrefix(const Policy& policy) {
  std::string prefix = "X-";
  for (const char c : policy.mail_name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    prefix += good ? c : '-';
  }
  return prefix;
}

class ReportText {
 public:
  ReportText(const ReportRequest& request, const Policy& policy, SystemMail& mail)
      : request_(request),
        policy_(policy),
        mail_(mail),
        boundary_(Cat("=_", mail.id.text())),
        extension_(ExtensionPrefix(policy)) {
    // By RFC 6533 the report's types are other ones when an address, or what was said of it, is not ASCII.
    global_ = !std::ranges::all_of(request.messages, [](const auto& message) { return IsPlain(message); });
  }

  SystemMailText Make() {
    const std::string words = WordsOf(request_, policy_);
    mail_.eight_bit = global_ || !IsAscii(words) || request_.quotation.eight_bit;
    SystemMailText text;
    FillMail();
    text.front = FormatHeader(mail_, policy_);
    text.header_bytes = text.front.size();
    text.front += Cat("\nThis is a message in MIME format.\n\n", Words(words), Status());
    if (request_.quotation.bytes > 0) {
      text.front += OriginalHead();
      text.quoted_bytes = request_.quotation.bytes;
      text.tail = "\n";
    }
    text.tail += Cat("--", boundary_, "--\n");
    return text;
  }

 private:
  void FillMail() {
    const bool administrator = IsForAdministrator(request_);
    if (administrator) mail_.sender = policy_.notices.double_bounce_sender;
    if (const auto& own = TemplateOf(request_.kind, policy_)) mail_.from = own->from;
    mail_.subject = SubjectOf(request_, policy_);
    mail_.auto_submitted = administrator ? "auto-generated" : "auto-replied";
    mail_.content_type = Cat("multipart/report; report-type=delivery-status;\n\tboundary=\"", boundary_, "\"");
    mail_.smtputf8 = !IsAscii(mail_.recipient) || !IsAscii(mail_.sender);
  }

  std::string PartHead(std::string_view description, std::string_view type) const {
    return Cat("--", boundary_, "\nContent-Description: ", description, "\nContent-Type: ", type, "\n",
               mail_.eight_bit ? "Content-Transfer-Encoding: 8bit\n" : "", "\n");
  }

  std::string Words(const std::string& words) const {
    const bool utf8 = !IsAscii(words);
    return Cat(PartHead("Notification", utf8 ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii"), words,
               "\n");
  }

  static std::string AddressField(std::string_view name, std::string_view address) {
    return Cat(name, ": ", IsAscii(address) ? "rfc822" : "utf-8", "; ", address, "\n");
  }

  static std::string OriginalRecipient(const mail::Recipient& recipient) {
    if (const size_t semicolon = recipient.orcpt.find(';'); semicolon != std::string::npos) {
      return Cat("Original-Recipient: ", recipient.orcpt.substr(0, semicolon), "; ",
                 DecodeXtext(recipient.orcpt.substr(semicolon + 1)), "\n");
    }
    return recipient.original.empty() ? "" : AddressField("Original-Recipient", recipient.original);
  }

  // What a message's report says once, or each of its recipients' where there are several messages.
  std::string MessageFields(const ReportedMessage& message) const {
    std::string out;
    if (!message.envelope_id.empty()) {
      const bool one = request_.messages.size() == 1;
      out += Cat(one ? "" : extension_ + "-", "Original-Envelope-Id: ", DecodeXtext(message.envelope_id), "\n");
    }
    out += Cat(extension_, "-Queue-ID: ", message.id, "\n");
    if (!message.sender.empty()) out += AddressField(extension_ + "-Sender", message.sender);
    return out;
  }

  std::string StatusOf(const RecipientReport& report) const {
    std::string out = AddressField("Final-Recipient", report.recipient.address);
    out += OriginalRecipient(report.recipient);
    out += Cat("Action: ", ActionOf(request_.kind), "\nStatus: ", report.status, "\n");
    const std::string_view host = HostOf(report.relay);
    if (!host.empty()) out += Cat("Remote-MTA: dns; ", host, "\n");
    const std::string type = host.empty() ? sys::LowerCase(extension_) : std::string("smtp");
    out += Cat(Wrap(Cat("Diagnostic-Code: ", type, "; ", RelayWords(report.text)), "    "), "\n");
    if (request_.will_retry_until && ActionOf(request_.kind) == "delayed") {
      out += Cat("Will-Retry-Until: ", mail::FormatDate(*request_.will_retry_until), "\n");
    }
    return out;
  }

  std::string Status() const {
    std::string out =
        PartHead("Delivery report", global_ ? "message/global-delivery-status" : "message/delivery-status");
    out += Cat("Reporting-MTA: dns; ", policy_.myhostname, "\n");
    const bool one = request_.messages.size() == 1;
    if (one) {
      const ReportedMessage& message = request_.messages.front();
      out += Cat(MessageFields(message), "Arrival-Date: ", mail::FormatDate(message.arrival), "\n");
    }
    out += "\n";
    for (const auto& message : request_.messages) {
      for (const auto& report : message.recipients) {
        out += Cat(StatusOf(report), one ? "" : MessageFields(message), "\n");
      }
    }
    return out;
  }

  std::string OriginalHead() const {
    const bool whole = request_.quotation.whole;
    const std::string_view type = whole ? (global_ ? "message/global" : "message/rfc822")
                                        : (global_ ? "message/global-headers" : "text/rfc822-headers");
    const std::string_view undelivered = request_.kind == ReportKind::kRelayed ? "" : "Undelivered ";
    return Cat(PartHead(Cat(undelivered, whole ? "Message" : "Message Headers"), type), "Return-Path: <",
               request_.messages.front().sender, ">\n");
  }

  const ReportRequest& request_;
  const Policy& policy_;
  SystemMail& mail_;
  std::string boundary_;
  std::string extension_;
  bool global_ = false;
};

}  // namespace

bool WantsReport(const mail::Recipient& recipient, ReportKind kind) {
  const mail::Notify& notify = recipient.notify;
  if (notify.never) return false;
  const bool given = notify.success || notify.failure || notify.delay;
  switch (kind) {
    case ReportKind::kFailed:
    case ReportKind::kFailedCopy:
      return !given || notify.failure;
    case ReportKind::kDelayed:
    case ReportKind::kDelayedCopy:
      return !given || notify.delay;
    case ReportKind::kRelayed:
      return notify.success;
  }
  __builtin_trap();
}

SystemMailText FormatReport(const ReportRequest& request, const Policy& policy, SystemMail& mail) {
  return ReportText(request, policy, mail).Make();
}

size_t CountForOneNotice(std::span<const RecipientReport> reports) {
  constexpr size_t kFrame = 8192 + conf::kMaxTemplateFile;  // header, headings, first paragraph, a template
  constexpr size_t kRecipientFrame = 600;  // field names, phrases, dates, most of a message's own fields
  size_t bytes = kFrame + 4 * mail::kMaxAddress;
  size_t count = 0;
  for (const auto& one : reports) {
    const mail::Recipient& recipient = one.recipient;
    // Addresses and the reason stand there twice, for people and for programs; breaking the lines adds to them.
    const size_t text = 2 * (recipient.address.size() + recipient.original.size() + one.text.size());
    bytes += kRecipientFrame + text + text / 8 + recipient.orcpt.size() + one.relay.size() + one.status.size();
    if (count > 0 && bytes > kMaxNoticeText) break;
    ++count;
  }
  return count;
}

}  // namespace outpost::queue_runner
