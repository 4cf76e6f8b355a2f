#include "queue-runner/bounce.h"

#include <algorithm>

#include "lib/mail/date.h"
#include "lib/sys/text.h"
#include "queue-runner/mail_text.h"

namespace outpost::queue_runner {
namespace {

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

std::string_view HostOf(std::string_view relay) { return relay.substr(0, relay.find('[')); }

// The relay's own words, as RFC 3464 2.3.6 wants them, of "host H said: WORDS (in reply to C command)"; else `text`.
std::string_view RelayWords(std::string_view text) {
  constexpr std::string_view kSaid = " said: ";
  const size_t said = text.find(kSaid);
  if (!text.starts_with("host ") || said == std::string_view::npos) return text;
  const std::string_view words = text.substr(said + kSaid.size());
  return words.substr(0, words.rfind(" (in reply to "));
}

class NoticeText {
 public:
  NoticeText(const queue::QueuedMessage& original, const std::vector<FailedRecipient>& failed,
             const NoticeFacts& facts)
      : original_(original), failed_(failed), facts_(facts), boundary_(Cat("=_", facts.id.text())) {
    // By RFC 6533 the report's types are other ones when an address, or what was said of it, is not ASCII.
    const auto plain = [](const FailedRecipient& one) {
      return IsAscii(one.recipient.address) && IsAscii(one.recipient.original) && IsAscii(one.text);
    };
    global_ = !IsAscii(original.envelope.sender) || !std::ranges::all_of(failed, plain);
    eight_bit_ = global_ || !IsAscii(facts.quoted);
  }

  Notice Make() const {
    Notice notice;
    notice.message_id = Cat("<", facts_.id.text(), "@", facts_.myhostname, ">");
    notice.content = Header(notice.message_id);
    notice.header_bytes = notice.content.size();
    notice.content +=
        Cat("\nThis is a message in MIME format.\n\n", Words(), Status(), Original(), "--", boundary_, "--\n");
    notice.envelope.recipients.push_back({original_.envelope.sender, {}, {}, {}});
    notice.envelope.body = eight_bit_ ? mail::BodyType::k8BitMime : mail::BodyType::k7Bit;
    notice.envelope.smtputf8 = !IsAscii(original_.envelope.sender);
    return notice;
  }

 private:
  std::string Encoding() const { return eight_bit_ ? "Content-Transfer-Encoding: 8bit\n" : ""; }

  std::string Header(std::string_view message_id) const {
    const std::string date = mail::FormatDate(facts_.now);
    return Cat("Received: by ", facts_.myhostname, " (", facts_.mail_name, ")\n\tid ", facts_.id.text(), "; ", date,
               "\nDate: ", date, "\nFrom: MAILER-DAEMON@", facts_.myorigin,
               " (Mail Delivery System)\nTo: ", original_.envelope.sender,
               "\nSubject: Undelivered Mail Returned to Sender\nMessage-Id: ", message_id,
               "\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n",
               "Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"", boundary_, "\"\n",
               Encoding());
  }

  std::string PartHead(std::string_view description, std::string_view type) const {
    return Cat("--", boundary_, "\nContent-Description: ", description, "\nContent-Type: ", type, "\n", Encoding(),
               "\n");
  }

  // For people: what happened, to whom, why; what to do.
  std::string Words() const {
    std::string out =
        PartHead("Notification", global_ ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii");
    out += Cat("Your message did not reach everybody. It was sent from the host\n", facts_.myhostname,
               ",\nwhich has stopped trying for the recipients below, for these reasons:\n\n");
    for (const auto& one : failed_) {
      std::string line = Cat("<", one.recipient.address, ">");
      if (!one.recipient.original.empty() && one.recipient.original != one.recipient.address) {
        line += Cat(" (sent to <", one.recipient.original, ">)");
      }
      line += one.expired ? ": given up after trying for too long; the last answer was: " : ": ";
      line += one.text;
      out += Cat(Wrap(line, "    "), "\n\n");
    }
    out += facts_.whole ? "Your message is attached below, after a report for programs.\n"
                        : "The header of your message is attached below, after a report for programs.\n";
    return Cat(out, "If the reasons do not help, show this notice to whoever looks after that host.\n\n");
  }

  std::string AddressField(std::string_view name, std::string_view address) const {
    return Cat(name, ": ", IsAscii(address) ? "rfc822" : "utf-8", "; ", address, "\n");
  }

  std::string OriginalRecipient(const mail::Recipient& recipient) const {
    if (const size_t semicolon = recipient.orcpt.find(';'); semicolon != std::string::npos) {
      return Cat("Original-Recipient: ", recipient.orcpt.substr(0, semicolon), "; ",
                 DecodeXtext(recipient.orcpt.substr(semicolon + 1)), "\n");
    }
    return recipient.original.empty() ? "" : AddressField("Original-Recipient", recipient.original);
  }

  std::string StatusOf(const FailedRecipient& one) const {
    std::string out = AddressField("Final-Recipient", one.recipient.address);
    out += OriginalRecipient(one.recipient);
    out += Cat("Action: failed\nStatus: ", one.status, "\n");
    const std::string_view host = HostOf(one.relay);
    if (!host.empty()) out += Cat("Remote-MTA: dns; ", host, "\n");
    const std::string type = host.empty() ? Cat("x-", sys::LowerCase(facts_.mail_name)) : std::string("smtp");
    return Cat(out, Wrap(Cat("Diagnostic-Code: ", type, "; ", RelayWords(one.text)), "    "), "\n\n");
  }

  std::string Status() const {
    std::string out =
        PartHead("Delivery report", global_ ? "message/global-delivery-status" : "message/delivery-status");
    out += Cat("Reporting-MTA: dns; ", facts_.myhostname, "\n");
    if (!original_.envelope.envelope_id.empty()) {
      out += Cat("Original-Envelope-Id: ", DecodeXtext(original_.envelope.envelope_id), "\n");
    }
    out += Cat("X-", facts_.mail_name, "-Queue-ID: ", original_.id.text(), "\n");
    out += AddressField(Cat("X-", facts_.mail_name, "-Sender"), original_.envelope.sender);
    out += Cat("Arrival-Date: ", mail::FormatDate(original_.arrival), "\n\n");
    for (const auto& one : failed_) out += StatusOf(one);
    return out;
  }

  std::string Original() const {
    const std::string_view type = facts_.whole ? (global_ ? "message/global" : "message/rfc822")
                                               : (global_ ? "message/global-headers" : "text/rfc822-headers");
    std::string out = PartHead(facts_.whole ? "Undelivered Message" : "Undelivered Message Headers", type);
    out += Cat("Return-Path: <", original_.envelope.sender, ">\n", facts_.quoted);
    if (out.back() != '\n') out += '\n';
    return Cat(out, "\n");
  }

  const queue::QueuedMessage& original_;
  const std::vector<FailedRecipient>& failed_;
  const NoticeFacts& facts_;
  std::string boundary_;
  bool global_ = false;
  bool eight_bit_ = false;
};

}  // namespace

bool WantsFailureNotice(const mail::Recipient& recipient) {
  const mail::Notify& notify = recipient.notify;
  if (notify.never) return false;
  const bool given = notify.success || notify.failure || notify.delay;
  return !given || notify.failure;
}

Notice FormatNotice(const queue::QueuedMessage& original, const std::vector<FailedRecipient>& failed,
                    const NoticeFacts& facts) {
  return NoticeText(original, failed, facts).Make();
}

size_t CountForOneNotice(std::span<const FailedRecipient> failed) {
  constexpr size_t kFrame = 4096;          // header, headings, the sender four times
  constexpr size_t kRecipientFrame = 400;  // field names and phrases
  size_t bytes = kFrame + 4 * mail::kMaxAddress;
  size_t count = 0;
  for (const auto& one : failed) {
    const mail::Recipient& recipient = one.recipient;
    // Addresses and the reason stand there twice, for people and for programs; breaking the lines adds to them.
    const size_t text = 2 * (recipient.address.size() + recipient.original.size() + one.text.size());
    bytes += kRecipientFrame + text + text / 8 + recipient.orcpt.size() + one.relay.size() + one.status.size();
    if (count > 0 && bytes > kMaxNoticeText) break;
    ++count;
  }
  return count;
}

Quotation Quote(const queue::QueuedMessage& original, size_t size_limit_bytes) {
  if (original.content_bytes <= size_limit_bytes && original.envelope.ret != mail::ReturnContent::kHeaders) {
    return {static_cast<size_t>(original.content_bytes), true};
  }
  return {std::min(static_cast<size_t>(original.header_bytes), size_limit_bytes), false};
}

}  // namespace outpost::queue_runner
