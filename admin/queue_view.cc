#include "admin/queue_view.h"

#include <sysexits.h>

#include "admin/control_client.h"
#include "admin/own_queue.h"
#include "lib/queue/queue.h"
#include "lib/sys/clock.h"
#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

constexpr size_t kPage = 1000;

int Fail(const sys::Error& error, int exit_code) {
  PrintError(error.text());
  return exit_code;
}

// Asks the runner. Nothing when there is none.
std::optional<int> Ask(const Environment& environment, const ipc::Request& request,
                       const std::function<void(const ipc::Response&)>& on_response) {
  auto done = AskRunner(environment.paths, request, on_response);
  if (!done) return Fail(done.error(), EX_UNAVAILABLE);
  if (!*done) return std::nullopt;
  if (!(*done)->error.empty()) PrintError((*done)->error);
  return (*done)->exit_code;
}

ipc::ListedMessage ToListedMessage(const queue::Listed& listed, sys::Microseconds now) {
  ipc::ListedMessage message;
  message.id = listed.message.id.text();
  message.sender = listed.message.envelope.sender;
  message.size = listed.message.content_bytes;
  message.arrival_us = listed.message.arrival.count();
  message.uid = listed.message.uid;
  message.state = queue::Summarize(listed, now);
  message.recipients_total = listed.unfinished;
  for (const auto& recipient : listed.recipients) {
    message.recipients.push_back({recipient.recipient.address, std::string(queue::ToString(recipient.state)),
                                  recipient.last_text, recipient.next_attempt.count()});
  }
  return message;
}

// Both read a piece and let go of the queue: whoever reads our output slowly, a pager, keeps no mailer from starting.
sys::Result<std::vector<queue::Listed>> ReadOwnPage(Environment& environment, queue::MessageKey after) {
  auto own = OpenOwnQueue(environment);
  if (!own) return own.error();
  return *own ? (*own)->queue.List(after, kPage, ipc::kListedRecipients) : std::vector<queue::Listed>();
}

sys::Result<std::vector<queue::Event>> ReadOwnTrace(Environment& environment, const mail::QueueId& id) {
  auto own = OpenOwnQueue(environment);
  if (!own) return own.error();
  return *own ? (*own)->queue.Trace(id) : std::vector<queue::Event>();
}

// What no listing of the queue shows while nobody takes submissions out of the maildrop.
void TellOfMaildrop(const spool::SpoolPaths& paths) {
  const uint64_t waiting = CountMaildrop(paths).value_or(0);
  const std::string submissions = waiting == 1 ? "1 submission" : sys::Cat(waiting, " submissions");
  PrintError(sys::Cat("the mailer is not running; `outpost start` starts it",
                      waiting == 0 ? "" : sys::Cat(" (", submissions, " in the maildrop besides)")));
}

}  // namespace

int ForEachMessage(Environment& environment, const std::function<void(const ipc::ListedMessage&)>& on_message) {
  const auto asked = Ask(environment, {ipc::Request::Verb::kList, "", ""}, [&](const ipc::Response& response) {
    if (const auto* message = std::get_if<ipc::ListedMessage>(&response)) on_message(*message);
  });
  if (asked) return *asked;
  TellOfMaildrop(environment.paths);
  queue::MessageKey after = 0;
  while (true) {
    const auto page = ReadOwnPage(environment, after);
    if (!page) return Fail(page.error(), EX_UNAVAILABLE);
    for (const auto& listed : *page) on_message(ToListedMessage(listed, sys::WallClock()));
    if (page->size() < kPage) return EX_OK;
    after = page->back().message.key;
  }
}

std::optional<mail::QueueId> ParseQueueId(const std::string& id) {
  auto parsed = mail::QueueId::Parse(id);
  if (parsed) return parsed;
  PrintError(
      sys::Cat(sys::Printable(id), " is no queue id: those are 17 digits and consonants, as `sendmail -v` prints"));
  return std::nullopt;
}

int ForEachEvent(Environment& environment, const std::string& id,
                 const std::function<void(const ipc::TraceLine&)>& on_event) {
  const auto parsed = ParseQueueId(id);
  if (!parsed) return EX_DATAERR;
  const auto asked = Ask(environment, {ipc::Request::Verb::kTrace, id, ""}, [&](const ipc::Response& response) {
    if (const auto* event = std::get_if<ipc::TraceLine>(&response)) on_event(*event);
  });
  if (asked) return *asked;
  const auto events = ReadOwnTrace(environment, *parsed);
  if (!events) return Fail(events.error(), EX_UNAVAILABLE);
  if (events->empty()) return Fail(sys::Error(sys::Cat(id, ": no such message")), EX_DATAERR);
  for (const auto& event : *events) {
    on_event({event.first.count(), event.last.count(), event.count, event.kind, event.recipient, event.text,
              event.relay});
  }
  return EX_OK;
}

}  // namespace outpost::admin
