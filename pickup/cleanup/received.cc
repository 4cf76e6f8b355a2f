#include "pickup/cleanup/received.h"

#include "lib/mail/date.h"
#include "lib/sys/text.h"

namespace outpost::pickup {

std::string ReceivedField(std::string_view hostname, std::string_view mail_name, uint32_t uid,
                          const mail::QueueId& id, std::chrono::microseconds arrival) {
  return sys::Cat("Received: by ", hostname, " (", mail_name, ", from userid ", uid, ")\n\tid ", id.text(), "; ",
                  mail::FormatDate(arrival), "\n");
}

}  // namespace outpost::pickup
