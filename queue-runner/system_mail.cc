#include "queue-runner/system_mail.h"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

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

namespace {

queue::NewMessage MakeMessage(const SystemMail& mail, const Policy& policy) {
  queue::NewMessage message;
  message.id = mail.id;
  message.envelope.sender = mail.sender;
  message.envelope.recipients.push_back({mail.recipient, {}, {}, {}});
  message.envelope.body = mail.eight_bit ? mail::BodyType::k8BitMime : mail::BodyType::k7Bit;
  message.envelope.smtputf8 = mail.smtputf8;
  message.origin = queue::Origin::kBounce;
  message.uid = mail.uid;
  message.arrival = mail.now;
  message.message_id = MessageIdOf(mail, policy);
  return message;
}

// Gives `take` all of the text in order.
sys::Result<void> Visit(queue::Queue& queue, const SystemMailText& text,
                        const std::function<sys::Result<void>(std::string_view)>& take) {
  if (auto taken = take(text.front); !taken) return taken;
  if (text.quoted_bytes > 0) {
    if (auto taken = queue.VisitContent(text.quoted, text.quoted_bytes, take); !taken) return taken;
  }
  return take(text.tail);
}

// In chunks, all in the open batch: visible as soon as it is committed.
sys::Result<void> StoreLarge(queue::Queue& queue, queue::MessageKey key, const SystemMailText& text,
                             sys::Microseconds now) {
  std::string chunk;
  auto visited = Visit(queue, text, [&](std::string_view piece) -> sys::Result<void> {
    while (!piece.empty()) {
      const size_t count = std::min(piece.size(), queue::kContentChunk - chunk.size());
      chunk += piece.substr(0, count);
      piece.remove_prefix(count);
      if (chunk.size() < queue::kContentChunk) continue;
      if (auto stored = queue.AppendContent(key, chunk); !stored) return stored;
      chunk.clear();
    }
    return {};
  });
  if (!visited) return visited;
  if (!chunk.empty()) {
    if (auto stored = queue.AppendContent(key, chunk); !stored) return stored;
  }
  return queue.Publish(key, now);
}

}  // namespace

sys::Result<queue::Route> StoreSystemMail(const Context& context, const SystemMail& mail,
                                          const SystemMailText& text) {
  queue::NewMessage message = MakeMessage(mail, context.policy);
  message.header_bytes = text.header_bytes;
  queue::Route route = Resolve(mail.recipient, context.policy.routing);
  const std::span routes(&route, 1);
  const uint64_t bytes = text.front.size() + text.quoted_bytes + text.tail.size();
  if (bytes > queue::kContentChunk) {
    auto begun = context.queue.InsertInvisible(message, bytes, routes, context.policy.generation);
    if (!begun) return begun.error();
    if (auto stored = StoreLarge(context.queue, begun->key, text, mail.now); !stored) return stored.error();
    return route;
  }
  std::string content;
  auto visited = Visit(context.queue, text, [&](std::string_view piece) -> sys::Result<void> {
    content += piece;
    return {};
  });
  if (!visited) return visited.error();
  const auto sealed = sys::SealedCopy(content);
  if (!sealed) return sealed.error();
  auto stored = context.queue.Insert(message, *sealed, routes, context.policy.generation);
  if (!stored) return stored.error();
  return route;
}

}  // namespace outpost::queue_runner
