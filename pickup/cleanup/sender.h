// The envelope's sender.
#pragma once

#include <string>
#include <string_view>

#include "lib/mail/address.h"

namespace outpost::pickup {

struct EnvelopeSender {
  std::string address;     // whole; "" the null sender
  bool malformed = false;  // what was given is no address; the null sender stands for it
};

// The first address of `text`, completed; `MAILER-DAEMON@$myorigin` is the null sender's other name. A malformed one
// becomes the null sender: the message can still be delivered, though not be returned.
EnvelopeSender ReadSender(std::string_view text, const mail::CompletionRules& rules);

}  // namespace outpost::pickup
