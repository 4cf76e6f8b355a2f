#include "pickup/cleanup/header_repair.h"

#include "lib/mail/date.h"
#include "lib/sys/text.h"

namespace outpost::pickup {

using sys::Cat;

void HeaderRepair::Note(std::string_view name) {
  constexpr std::string_view kResent = "resent-";
  const std::string lower = sys::LowerCase(name);
  std::string_view rest = lower;
  const bool resent = rest.starts_with(kResent);
  if (resent) {
    is_resent_ = true;
    rest.remove_prefix(kResent.size());
  }
  Origin& origin = resent ? resent_ : plain_;
  if (rest == "message-id") origin.message_id = true;
  if (rest == "date") origin.date = true;
  if (rest == "from") origin.from = true;
  if (rest == "to" || rest == "cc") has_recipients_ = true;
}

std::string HeaderRepair::MakeMessageId(const mail::QueueId& id, std::string_view hostname) {
  return Cat("<", id.text(), "@", hostname, ">");
}

std::string HeaderRepair::Missing(const Facts& facts) const {
  const Origin& origin = is_resent_ ? resent_ : plain_;
  const std::string_view prefix = is_resent_ ? "Resent-" : "";
  std::string out;
  if (!origin.message_id) out += Cat(prefix, "Message-Id: ", MakeMessageId(facts.id, facts.hostname), "\n");
  if (!origin.date) out += Cat(prefix, "Date: ", mail::FormatDate(facts.arrival), "\n");
  if (!origin.from) out += Cat(prefix, "From: ", facts.from, "\n");
  if (!has_recipients_ && !facts.undisclosed_recipients_header.empty()) {
    out += Cat(facts.undisclosed_recipients_header, "\n");
  }
  return out;
}

}  // namespace outpost::pickup
