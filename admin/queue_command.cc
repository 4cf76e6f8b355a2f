#include "admin/queue_command.h"

#include <sysexits.h>

#include "admin/format.h"
#include "admin/queue_view.h"
#include "lib/sys/clock.h"

namespace outpost::admin {

int ListQueue(Environment& environment, bool as_json) {
  const auto now = sys::WallClock();
  bool any = false;
  const int status = ForEachMessage(environment, [&](const ipc::ListedMessage& message) {
    any = true;
    PrintOut(as_json ? message.Encode() : FormatListed(message, now));
  });
  if (status == EX_OK && !any && !as_json) PrintOut("The queue is empty.\n");
  return status;
}

int Mailq(Environment& environment) {
  uint64_t messages = 0;
  uint64_t bytes = 0;
  const int status = ForEachMessage(environment, [&](const ipc::ListedMessage& message) {
    if (messages == 0) PrintOut(MailqHeader());
    ++messages;
    bytes += message.size;
    PrintOut(FormatMailqEntry(message));
  });
  if (status == EX_OK) PrintOut(MailqSummary(messages, bytes));
  return status;
}

int TraceMessage(Environment& environment, const std::string& id, bool as_json) {
  return ForEachEvent(environment, id, [&](const ipc::TraceLine& event) {
    PrintOut(as_json ? event.Encode() : FormatTrace(event));
  });
}

}  // namespace outpost::admin
