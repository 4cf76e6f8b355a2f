#include "pickup/cleanup/sender.h"

#include "lib/mail/address_list.h"
#include "lib/mail/envelope.h"
#include "lib/sys/text.h"

namespace outpost::pickup {

EnvelopeSender ReadSender(std::string_view text, const mail::CompletionRules& rules) {
  const auto list = mail::ParseAddressList(text, mail::kMaxAddress);
  if (list.mailboxes.empty()) return {"", !sys::Trim(text).empty()};
  std::string address = mail::CompleteAddress(list.mailboxes.front().address, rules);
  if (address.empty() || sys::EqualsIgnoringCase(address, sys::Cat("MAILER-DAEMON@", rules.myorigin))) return {};
  if (!sys::IsCleanText(address) || !mail::IsValidAddress(address)) return {"", true};
  return {std::move(address), false};
}

}  // namespace outpost::pickup
