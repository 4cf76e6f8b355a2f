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

// A message's text, with the front of another message's content amid it.
struct SystemMailText {
  std::string front;  // begins with the header
  size_t header_bytes = 0;
  queue::MessageKey quoted = 0;
  uint64_t quoted_bytes = 0;  // 0: nothing is quoted
  std::string tail;
};

// Stores the message in the open batch; the route that it is due for. What is quoted is copied piece by piece.
sys::Result<queue::Route> StoreSystemMail(const Context& context, const SystemMail& mail,
                                          const SystemMailText& text);

}  // namespace outpost::queue_runner
