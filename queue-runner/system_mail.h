// Mail that the mailer itself writes (RFC 3834): notices to senders and to the administrator. Their header, in Postfix's
// order, and how they become new messages of the queue. They are of Origin::kBounce: whatever becomes of one, no
// message but a double bounce's notice is ever made of it, so that no configuration can make a loop.
#pragma once

#include <string>
#include <string_view>

#include "queue-runner/context.h"

namespace outpost::queue_runner {

struct SystemMail {
  mail::QueueId id;
  sys::Microseconds now{};
  std::string sender;  // of the envelope
  std::string recipient;
  std::string from;  // "": MailerAddress()
  std::string subject;
  std::string_view auto_submitted;  // "auto-replied", "auto-generated"
  std::string content_type;
  bool eight_bit = false;
  bool smtputf8 = false;
  uint32_t uid = 0;  // who may see it beside the administrator
};

// "MAILER-DAEMON@example.org (Mail Delivery System)".
std::string MailerAddress(const Policy& policy);

std::string MessageIdOf(const SystemMail& mail, const Policy& policy);
// The header without the empty line that ends it.
std::string FormatHeader(const SystemMail& mail, const Policy& policy);

// An id of its own for a message that is made now.
mail::QueueId MakeId(sys::Microseconds now);

// Stores the message in the open batch; the route that it is due for. `content` begins with FormatHeader's `header_bytes`
// bytes; at most queue::kContentChunk.
sys::Result<queue::Route> StoreSystemMail(const Context& context, const SystemMail& mail, std::string_view content,
                                          size_t header_bytes);

}  // namespace outpost::queue_runner
