#include "pickup/cleanup/recipients.h"

#include "lib/mail/address_list.h"
#include "lib/sys/text.h"

namespace outpost::pickup {

std::string UsableOrPrintable(std::string_view address) {
  if (sys::IsCleanText(address) && mail::IsValidAddress(address)) return std::string(address);
  // Parentheses stand in no address. Without them "a\001b@c" would turn into "a?b@c", which may be somebody.
  constexpr std::string_view kMark = " (not an address)";
  std::string printable = sys::Printable(address, mail::kMaxAddress - kMark.size());
  if (printable.empty() || mail::IsValidAddress(printable)) printable += kMark;
  return printable;
}

void EnvelopeRecipients::AddText(std::string_view text) {
  const auto list = mail::ParseAddressList(text, mail::kMaxAddress);
  for (const mail::Mailbox& mailbox : list.mailboxes) Add(mailbox.address);
  if (list.mailboxes.empty()) Add("");
}

void EnvelopeRecipients::Add(std::string_view address) {
  const std::string_view named = address.empty() ? std::string_view(rules_.empty_address_recipient) : address;
  std::string whole = UsableOrPrintable(mail::CompleteAddress(named, rules_.completion));
  if (!seen_.insert(sys::LowerCase(whole)).second) return;
  if (recipients_.size() == mail::kMaxRecipients) {
    overflow_ = true;
    return;
  }
  mail::Recipient& recipient = recipients_.emplace_back();
  if (rules_.enable_original_recipient && address != whole) {
    recipient.original = sys::Printable(address, mail::kMaxAddress);
  }
  smtputf8_ = smtputf8_ || mail::NeedsSmtpUtf8(whole);
  recipient.address = std::move(whole);
  recipient.notify = rules_.notify;
}

}  // namespace outpost::pickup
