#include "sendmail/addresses.h"

#include <algorithm>
#include <utility>

#include "lib/mail/address_list.h"
#include "lib/mail/envelope.h"
#include "lib/sys/text.h"

namespace outpost::sendmail {
namespace {

using sys::Error;
using sys::Result;

Result<void> Check(const std::string& address) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (address.size() > mail::kMaxAddress) return Error(sys::Cat("too long: ", sys::Printable(address, 60), "..."));
  if (std::ranges::any_of(address, is_control)) {
    return Error(sys::Cat("a control character in the address ", sys::Printable(address, 100)));
  }
  return {};
}

// All of it: a word has no more tokens than bytes.
std::vector<mail::Mailbox> ParseAll(std::string_view text) {
  return mail::ParseAddressList(text, text.size() + 1).mailboxes;
}

}  // namespace

Result<std::vector<std::string>> ParseRecipients(const std::vector<std::string>& words) {
  std::vector<std::string> recipients;
  for (const std::string& word : words) {
    std::vector<mail::Mailbox> mailboxes = ParseAll(word);
    if (mailboxes.empty()) mailboxes.emplace_back();
    for (mail::Mailbox& mailbox : mailboxes) {
      if (auto checked = Check(mailbox.address); !checked) return checked.error().Within("recipient");
      if (recipients.size() == mail::kMaxRecipients) {
        return Error(sys::Cat("more than ", mail::kMaxRecipients, " recipients"));
      }
      recipients.push_back(std::move(mailbox.address));
    }
  }
  return recipients;
}

Result<Sender> ParseSender(std::string_view text) {
  std::vector<mail::Mailbox> mailboxes = ParseAll(text);
  if (mailboxes.empty()) return Sender{};
  if (auto checked = Check(mailboxes[0].address); !checked) return checked.error().Within("sender");
  return Sender{std::move(mailboxes[0].address), mailboxes.size() > 1};
}

}  // namespace outpost::sendmail
