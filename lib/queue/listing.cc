#include "lib/queue/listing.h"

#include <algorithm>

#include "lib/queue/row_format.h"
#include "lib/sys/text.h"

namespace outpost::queue {

using sys::Cat;
using sys::Printable;

Listing::Listing(Connection& connection)
    : page_(
          connection, "list",
          Cat("SELECT ", kMessageColumns, " FROM message WHERE key > ? AND state = 'queued' ORDER BY key LIMIT ?")),
      unfinished_(connection, "list",
                  Cat("SELECT ", kRecipientColumns, " FROM recipient WHERE message = ? AND ", kUnfinished,
                      " ORDER BY number LIMIT ?")),
      count_unfinished_(connection, "list",
                        Cat("SELECT count(*) FROM recipient WHERE message = ? AND ", kUnfinished)),
      present_(connection, "list",
               Cat("SELECT since, state, address, last_status, last_text FROM recipient WHERE message = ? AND ",
                   kUnfinished, " ORDER BY number LIMIT ?")) {}

Result<std::vector<Listed>> Listing::List(MessageKey after, size_t limit, size_t recipients_limit) {
  std::vector<Listed> page;
  {
    Rows rows(page_, after, limit);
    while (true) {
      const auto found = rows.Next();
      if (!found) return found.error();
      if (!*found) break;
      page.emplace_back().message = ReadMessage(rows).message;
    }
  }
  for (auto& listed : page) {
    if (auto added = AddRecipients(listed, recipients_limit); !added) return added.error();
  }
  return page;
}

Result<void> Listing::AddRecipients(Listed& listed, size_t limit) {
  {
    Rows rows(count_unfinished_, listed.message.key);
    if (const auto found = rows.Next(); !found) return found.error();
    listed.unfinished = static_cast<uint64_t>(rows.Integer(0));
  }
  Rows rows(unfinished_, listed.message.key, limit);
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return {};
    listed.recipients.push_back(ReadRecipient(rows).recipient);
  }
}

Result<std::vector<Event>> Listing::Present(MessageKey message, size_t limit) {
  std::vector<Event> present;
  Rows rows(present_, message, limit);
  while (true) {
    const auto found = rows.Next();
    if (!found) return found.error();
    if (!*found) return present;
    Event& event = present.emplace_back();
    event.first = event.last = rows.Time(0);
    event.kind = Cat("now ", Printable(rows.Text(1), kMaxText));
    event.recipient = Printable(rows.Text(2), mail::kMaxAddress);
    event.status = Printable(rows.Text(3), kMaxText);
    event.text = Printable(rows.Text(4), kMaxText);
  }
}

std::string_view Summarize(const Listed& listed, Microseconds now) {
  const auto any = [&](auto test) { return std::ranges::any_of(listed.recipients, test); };
  const auto in = [](RecipientState state) {
    return [state](const QueuedRecipient& recipient) { return recipient.state == state; };
  };
  if (any([now](const QueuedRecipient& recipient) {
        return recipient.state == RecipientState::kDispatched ||
               (recipient.state == RecipientState::kQueued && recipient.next_attempt <= now);
      })) {
    return "active";
  }
  if (any(in(RecipientState::kQueued))) return "deferred";
  if (any(in(RecipientState::kInDoubt))) return "in doubt";
  if (any(in(RecipientState::kHeld))) return "hold";
  return "dead";
}

}  // namespace outpost::queue
