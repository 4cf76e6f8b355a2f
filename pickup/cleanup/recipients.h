// The envelope's recipients: what the record and the header name becomes whole addresses, each once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lib/mail/address.h"
#include "lib/mail/envelope.h"

namespace outpost::pickup {

class EnvelopeRecipients {
 public:
  struct Rules {
    mail::CompletionRules completion;
    std::string empty_address_recipient;    // who gets mail for <>
    bool enable_original_recipient = true;  // keep what was submitted
    mail::Notify notify;                    // of all
  };
  explicit EnvelopeRecipients(Rules rules) : rules_(std::move(rules)) {}

  // All addresses of `text`, or the null address when it holds none. An address that cannot be used is kept in a
  // printable form that IsValidAddress refuses, so that the runner returns it, alone. The same address a second time
  // (letters' case aside) is left out, whatever it was before it became whole.
  void AddText(std::string_view text);
  // One address in external form.
  void Add(std::string_view address);

  size_t size() const { return recipients_.size(); }
  // More than mail::kMaxRecipients: some are not here.
  bool overflow() const { return overflow_; }
  // Whether one of them needs SMTPUTF8.
  bool smtputf8() const { return smtputf8_; }
  std::vector<mail::Recipient> Take() && { return std::move(recipients_); }

 private:
  Rules rules_;
  std::vector<mail::Recipient> recipients_;
  std::unordered_set<std::string> seen_;
  bool overflow_ = false;
  bool smtputf8_ = false;
};

// `address` when it may stand in an envelope; else something to show to people that never may.
std::string UsableOrPrintable(std::string_view address);

}  // namespace outpost::pickup
