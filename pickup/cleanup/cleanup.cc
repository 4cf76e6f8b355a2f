#include "pickup/cleanup/cleanup.h"

#include <algorithm>
#include <sysexits.h>

#include "lib/sys/text.h"
#include "pickup/cleanup/body_type.h"
#include "pickup/cleanup/dropped_headers.h"
#include "pickup/cleanup/full_name.h"
#include "pickup/cleanup/limits.h"
#include "pickup/cleanup/received.h"
#include "pickup/cleanup/recipients.h"
#include "pickup/cleanup/rewrite.h"
#include "pickup/cleanup/sender.h"

namespace outpost::pickup {
namespace {

using content::LineEndings;

constexpr size_t kMaxMessageId = 1000;

LineEndings ToLineEndings(conf::FixLineEndings value) {
  switch (value) {
    case conf::FixLineEndings::kAlways:
      return LineEndings::kAlways;
    case conf::FixLineEndings::kStrict:
      return LineEndings::kStrict;
    case conf::FixLineEndings::kNever:
      return LineEndings::kNever;
  }
  __builtin_trap();
}

mail::CompletionRules Completion(const conf::PickupSettings& settings) {
  mail::CompletionRules rules;
  rules.myorigin = settings.myorigin;
  rules.mydomain = settings.mydomain;
  rules.append_at_myorigin = settings.append_at_myorigin;
  rules.append_dot_mydomain = settings.append_dot_mydomain;
  return rules;
}

// With -t recipients are looked for in fields longer than those that are kept.
size_t ScanLimit(const conf::PickupSettings& settings, const spool::RecordHead& head) {
  const auto kept = std::max<size_t>(settings.header_size_limit, 1);
  return head.extract_recipients ? std::max(kept, content::kRecipientFieldBytes) : kept;
}

// What follows the name and the colon of a raw field, on one line.
std::string FieldText(std::string_view body) {
  std::string text(body);
  std::erase(text, '\n');
  return sys::Printable(sys::Trim(text), kMaxMessageId);
}

}  // namespace

Cleanup::Cleanup(const conf::PickupSettings& settings, const spool::RecordHead& head, uint32_t uid,
                 sys::Scratch output)
    : settings_(settings),
      head_(head),
      completion_(Completion(settings)),
      output_(std::move(output)),
      reader_(ToLineEndings(settings.sendmail_fix_line_endings), ScanLimit(settings, head), *this) {
  EnvelopeSender sender = ReadSender(head.sender, completion_);
  message_.envelope.sender = std::move(sender.address);
  message_.sender_malformed = sender.malformed;
  message_.envelope.envelope_id = head.envelope_id;
  message_.envelope.ret = head.ret;
  message_.envelope.smtputf8 = mail::NeedsSmtpUtf8(message_.envelope.sender);
  Write(ReceivedField(settings.myhostname, settings.mail_name, uid, head.id, head.arrival));
  Refuse(CheckSize(head.size_bytes, settings.message_size_limit));
}

sys::Result<void> Cleanup::Feed(std::string_view bytes) {
  // Of a message that is refused the header is all that is wanted.
  if (!message_.refusal || !reader_.in_body()) reader_.Feed(bytes);
  return written_;
}

sys::Result<CleanedMessage> Cleanup::Finish() && {
  reader_.End();
  if (!written_) return written_.error();
  auto content = std::move(output_).Finish();
  if (!content) return content.error();
  message_.content = std::move(*content);
  return std::move(message_);
}

void Cleanup::OnField(const content::Field& field) {
  if (sys::EqualsIgnoringCase(field.name, "Received")) ++received_fields_;
  if (head_.extract_recipients) named_recipients_.Add(field);
  if (IsDroppedHeader(field.name, settings_.message_drop_headers)) return;
  repair_.Note(field.name);
  if (message_.message_id.empty() && sys::EqualsIgnoringCase(field.name, "Message-Id")) {
    message_.message_id = FieldText(field.body);
  }
  std::optional<std::string> completed;
  if (!head_.is_relayed && HoldsAddresses(field.name) && !field.cut) {
    completed = CompleteField(field, completion_, static_cast<size_t>(settings_.header_address_token_limit));
  }
  const std::string& raw = completed ? *completed : field.raw;
  Write(raw.size() <= settings_.header_size_limit ? raw : CutField(raw, settings_.header_size_limit));
}

void Cleanup::OnHeaderEnd() {
  if (!head_.is_relayed || settings_.always_add_missing_headers) Repair();
  message_.header_bytes = output_.size();
  Write("\n");
  Refuse(CheckHops(received_fields_, settings_.hopcount_limit));
  CollectRecipients();
}

void Cleanup::Repair() {
  const std::string from = FromText();
  Write(repair_.Missing({.id = head_.id,
                         .arrival = head_.arrival,
                         .hostname = settings_.myhostname,
                         .from = from,
                         .undisclosed_recipients_header = settings_.undisclosed_recipients_header}));
  if (message_.message_id.empty()) {
    message_.message_id = HeaderRepair::MakeMessageId(head_.id, settings_.myhostname);
  }
}

std::string Cleanup::FromText() const {
  if (message_.envelope.sender.empty()) return mail::CompleteAddress("MAILER-DAEMON", completion_);
  return FormatMailbox(head_.full_name.value_or(""), message_.envelope.sender,
                       settings_.full_name_encoding_charset);
}

void Cleanup::CollectRecipients() {
  EnvelopeRecipients recipients({.completion = completion_,
                                 .empty_address_recipient = settings_.empty_address_recipient,
                                 .enable_original_recipient = settings_.enable_original_recipient,
                                 .notify = head_.notify});
  for (const std::string& recipient : head_.recipients) recipients.AddText(recipient);
  const bool incomplete = named_recipients_.overflow();
  for (const std::string& recipient : std::move(named_recipients_).Recipients()) recipients.Add(recipient);
  if (incomplete || recipients.overflow()) {
    Refuse(Refusal{EX_DATAERR, {5, 5, 3}, "too many recipients, or a header line too long to find them all"});
  }
  if (recipients.size() == 0) {
    Refuse(Refusal{EX_DATAERR, {5, 1, 0}, "no recipient addresses found in message header"});
  }
  message_.envelope.smtputf8 = message_.envelope.smtputf8 || recipients.smtputf8();
  message_.envelope.recipients = std::move(recipients).Take();
}

void Cleanup::OnBody(std::string_view bytes) {
  if (!message_.refusal) Write(bytes);
}

// The first reason is the one that is told.
void Cleanup::Refuse(std::optional<Refusal> refusal) {
  if (!message_.refusal) message_.refusal = std::move(refusal);
}

void Cleanup::Write(std::string_view bytes) {
  if (!written_) return;
  if (HasEightBitBytes(bytes)) message_.envelope.body = mail::BodyType::k8BitMime;
  written_ = output_.Append(bytes);
}

}  // namespace outpost::pickup
