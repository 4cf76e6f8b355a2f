// A reply, or a reason of our own, in a sentence that a person understands, and what they can do: well-known texts of
// providers and servers first (a table, explanation.cc), else what the enhanced status says. Pure.
#pragma once

#include <span>
#include <string_view>

#include "lib/mail/enhanced_status.h"

namespace outpost::mail {

struct Explanation {
  std::string_view sentence;  // "The user name or the password is wrong."
  std::string_view remedy;    // what to do about it: a sentence or two; "" when there is nothing but to wait
};

// `text` is the reason as it is logged: "host R said: 535 5.7.8 ... (in reply to AUTH command)". There is always a
// sentence. Words within <> are the mail's own and count for nothing.
Explanation Explain(const EnhancedStatus& status, std::string_view text);

// The tables, for their tests and documentation.
struct KnownText {
  std::string_view who;      // whose words they are
  std::string_view words;    // that stand in the reason, whatever the case
  std::string_view example;  // of a whole reply, as it was seen
  Explanation explanation;
};
struct KnownStatus {
  int subject = 0;  // of a status of any category
  int detail = 0;
  Explanation explanation;
};
std::span<const KnownText> KnownTexts();
std::span<const KnownStatus> KnownStatuses();

}  // namespace outpost::mail
