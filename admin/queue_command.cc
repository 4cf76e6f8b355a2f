#include "admin/queue_command.h"

#include <sysexits.h>

#include "admin/format.h"
#include "admin/own_queue.h"
#include "admin/queue_view.h"
#include "admin/service_command.h"
#include "lib/sys/clock.h"
#include "lib/sys/text.h"

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

int VerifyQueue(Environment& environment, bool salvage) {
  if (IsRunning(environment.paths)) {
    PrintError("the mailer is running: `outpost stop` first");
    return EX_TEMPFAIL;
  }
  auto own = OpenOwnQueue(environment);
  if (!own) {
    PrintError(own.error().text());
    return EX_UNAVAILABLE;
  }
  const auto wrong = *own ? (*own)->queue.Verify() : std::vector<std::string>();
  if (wrong && wrong->empty()) {
    PrintOut("The queue is whole.\n");
    return EX_OK;
  }
  if (!wrong) PrintError(wrong.error().text());
  if (wrong) {
    for (const auto& line : *wrong) PrintOut(sys::Cat(line, "\n"));
  }
  if (!salvage) {
    PrintError("the queue is damaged; with --salvage it is set aside, and what can be read of it is kept");
    return EX_DATAERR;
  }
  const auto salvaged = (*own)->queue.Salvage();
  if (!salvaged) {
    PrintError(salvaged.error().text());
    return EX_IOERR;
  }
  PrintOut(sys::Cat(salvaged->messages, " messages are saved, ", salvaged->damaged_count,
                    " of them damaged and kept as dead letters; ", salvaged->lost_count,
                    " are lost; the damaged queue is ", salvaged->aside, "\n"));
  return EX_OK;
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
