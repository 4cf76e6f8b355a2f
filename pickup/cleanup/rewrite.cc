#include "pickup/cleanup/rewrite.h"

#include <algorithm>
#include <array>

#include "lib/mail/address_list.h"
#include "lib/sys/text.h"

namespace outpost::pickup {
namespace {

constexpr std::array<std::string_view, 17> kAddressFields = {"From",
                                                             "Sender",
                                                             "Reply-To",
                                                             "Return-Path",
                                                             "Errors-To",
                                                             "Resent-From",
                                                             "Resent-Sender",
                                                             "Disposition-Notification-To",
                                                             "Return-Receipt-To",
                                                             "Mail-Followup-To",
                                                             "To",
                                                             "Cc",
                                                             "Bcc",
                                                             "Resent-To",
                                                             "Resent-Cc",
                                                             "Resent-Bcc",
                                                             "Resent-Reply-To"};

}  // namespace

bool HoldsAddresses(std::string_view name) {
  return std::ranges::any_of(kAddressFields,
                             [&](std::string_view one) { return sys::EqualsIgnoringCase(name, one); });
}

std::optional<std::string> CompleteField(const content::Field& field, const mail::CompletionRules& rules,
                                         size_t token_limit) {
  std::string body;
  size_t copied = 0;
  for (const mail::Mailbox& mailbox : mail::ParseAddressList(field.body, token_limit).mailboxes) {
    std::string whole = mail::CompleteAddress(mailbox.address, rules);
    if (whole == mailbox.address) continue;
    body.append(field.body, copied, mailbox.begin - copied).append(whole);
    copied = mailbox.end;
  }
  if (copied == 0) return std::nullopt;
  body.append(field.body, copied);
  const size_t head = field.raw.size() - field.body.size() - 1;
  return sys::Cat(std::string_view(field.raw).substr(0, head), body, "\n");
}

}  // namespace outpost::pickup
