#include "lib/content/recipient_headers.h"

#include <algorithm>
#include <array>

#include "lib/mail/address_list.h"
#include "lib/mail/envelope.h"
#include "lib/sys/text.h"

namespace outpost::content {
namespace {

bool IsOneOf(std::string_view name, const std::array<std::string_view, 3>& names) {
  return std::ranges::any_of(names, [&](std::string_view one) { return sys::EqualsIgnoringCase(name, one); });
}

constexpr std::array<std::string_view, 3> kPlain = {"To", "Cc", "Bcc"};
constexpr std::array<std::string_view, 3> kResent = {"Resent-To", "Resent-Cc", "Resent-Bcc"};

}  // namespace

void RecipientHeaders::Add(const Field& field) {
  if (overflow_) return;
  const bool resent = IsOneOf(field.name, kResent);
  if (!resent && (is_resent_ || !IsOneOf(field.name, kPlain))) return;
  if (resent && !is_resent_) {
    is_resent_ = true;
    recipients_.clear();
    bytes_ = 0;
  }
  mail::AddressList list = mail::ParseAddressList(field.body, kRecipientFieldTokens);
  overflow_ = field.cut || list.cut;
  for (mail::Mailbox& mailbox : list.mailboxes) {
    if (mailbox.address.empty()) continue;
    bytes_ += mailbox.address.size();
    if (recipients_.size() == mail::kMaxRecipients || bytes_ > kMaxBytes) {
      overflow_ = true;
      return;
    }
    recipients_.push_back(std::move(mailbox.address));
  }
}

}  // namespace outpost::content
