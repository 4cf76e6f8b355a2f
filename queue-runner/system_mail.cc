#include "queue-runner/system_mail.h"

#include <span>

#include "lib/mail/date.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"
#include "queue-runner/resolve.h"

namespace outpost::queue_runner {

using sys::Cat;

std::string MailerAddress(const Policy& policy) {
  return Cat("MAILER-DAEMON@", policy.myorigin, " (Mail Delivery System)");
}

std::string MessageIdOf(const SystemMail& mail, const Policy& policy) {
  return Cat("<", mail.id.text(), "@", policy.myhostname, ">");
}

std::string FormatHeader(const SystemMail& mail, const Policy& policy) {
  const std::string date = mail::FormatDate(mail.now);
  return Cat("Received: by ", policy.myhostname, " (", policy.mail_name, ")\n\tid ", mail.id.text(), "; ", date,
             "\nDate: ", date, "\nFrom: ", mail.from.empty() ? MailerAddress(policy) : mail.from,
             "\nSubject: ", mail.subject, "\nTo: ", mail.recipient, "\nAuto-Submitted: ", mail.auto_submitted,
             "\nMIME-Version: 1.0\nContent-Type: ", mail.content_type, "\n",
             mail.eight_bit ? "Content-Transfer-Encoding: 8bit\n" : "", "Message-Id: ", MessageIdOf(mail, policy),
             "\n");
}

mail::QueueId MakeId(sys::Microseconds now) {
  uint64_t number = 0;
  sys::FillRandom(std::span(reinterpret_cast<unsigned char*>(&number), sizeof number));
  return mail::QueueId::Make(now, number);
}

sys::Result<queue::Route> StoreSystemMail(const Context& context, const SystemMail& mail, std::string_view content,
                                          size_t header_bytes) {
  const auto sealed = sys::SealedCopy(content);
  if (!sealed) return sealed.error();
  queue::NewMessage message;
  message.id = mail.id;
  message.envelope.sender = mail.sender;
  message.envelope.recipients.push_back({mail.recipient, {}, {}, {}});
  message.envelope.body = mail.eight_bit ? mail::BodyType::k8BitMime : mail::BodyType::k7Bit;
  message.envelope.smtputf8 = mail.smtputf8;
  message.origin = queue::Origin::kBounce;
  message.uid = mail.uid;
  message.arrival = mail.now;
  message.header_bytes = header_bytes;
  message.message_id = MessageIdOf(mail, context.policy);
  queue::Route route = Resolve(mail.recipient, context.policy.routing);
  auto stored = context.queue.Insert(message, *sealed, std::span(&route, 1), context.policy.generation);
  if (!stored) return stored.error();
  return route;
}

}  // namespace outpost::queue_runner
