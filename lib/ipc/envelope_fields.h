// The descriptions of envelope and recipient, which intake and delivery share; for this room's .cc files alone.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <type_traits>

#include "lib/ipc/json_fields.h"
#include "lib/mail/envelope.h"

namespace outpost::ipc {

inline constexpr std::array<std::string_view, 3> kReturnContentWords = {"unspecified", "full", "headers"};
inline constexpr std::array<std::string_view, 2> kBodyTypeWords = {"7bit", "8bitmime"};

inline void DescribeNotify(FieldWriter& fields, const mail::Notify& notify) {
  fields.Exact("notify", notify.ToString(), 0);
}

inline void DescribeNotify(FieldReader& fields, mail::Notify& notify) {
  constexpr size_t kLongest = 32;
  std::string text;
  fields.Exact("notify", text, kLongest);
  if (!text.empty() && !mail::Notify::Parse(text, notify)) fields.Fail("not a NOTIFY value");
}

void Describe(auto& fields, Of<mail::Recipient> auto& recipient) {
  fields.Exact("address", recipient.address, mail::kMaxAddress);
  fields.Exact("original", recipient.original, mail::kMaxAddress);
  DescribeNotify(fields, recipient.notify);
  fields.Exact("orcpt", recipient.orcpt, mail::kMaxOriginalRecipient);
}

// Without recipients, which every packet has as its last list.
void Describe(auto& fields, Of<mail::Envelope> auto& envelope) {
  fields.Exact("sender", envelope.sender, mail::kMaxAddress);
  fields.Exact("envid", envelope.envelope_id, mail::kMaxEnvelopeId);
  fields.Word("ret", envelope.ret, kReturnContentWords);
  fields.Word("body", envelope.body, kBodyTypeWords);
  fields("smtputf8", envelope.smtputf8);
}

}  // namespace outpost::ipc
