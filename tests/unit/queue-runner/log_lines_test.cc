#include "queue-runner/log_lines.h"

#include <gtest/gtest.h>

namespace outpost::queue_runner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ActiveMessage Message() {
  ActiveMessage message;
  message.facts.envelope.sender = "s@example.org";
  message.facts.content_bytes = 123;
  message.facts.arrival = seconds(1000);
  message.activated = seconds(1005);
  return message;
}

TEST(LogLines, ReadAsPostfixs) {
  const ActiveMessage message = Message();
  const std::string id = message.facts.id.text();
  EXPECT_EQ(ActiveLine(message, 2), id + ": from=<s@example.org>, size=123, nrcpt=2 (queue active)");
  EXPECT_EQ(ExpiredLine(message), id + ": from=<s@example.org>, status=expired, returned to sender");
}

TEST(LogLines, TellDelaysInPostfixsPrecision) {
  const ActiveMessage message = Message();
  const std::string id = message.facts.id.text();
  mail::Recipient recipient;
  recipient.address = "a@b";
  EXPECT_EQ(RecipientLine(message, recipient, seconds(1005) + milliseconds(50), "5.1.3", "bounced", "bad"),
            id + ": to=<a@b>, relay=none, delay=5.05, delays=5/0.05/0/0, dsn=5.1.3, status=bounced (bad)");
  EXPECT_EQ(RecipientLine(message, recipient, seconds(1020) + milliseconds(123), "4.0.0", "deferred", "x"),
            id + ": to=<a@b>, relay=none, delay=20, delays=5/15/0/0, dsn=4.0.0, status=deferred (x)");
  recipient.original = "alias";
  EXPECT_EQ(
      RecipientLine(message, recipient, seconds(1005) + milliseconds(500), "4.0.0", "deferred", "x"),
      id + ": to=<a@b>, orig_to=<alias>, relay=none, delay=5.5, delays=5/0.5/0/0, dsn=4.0.0, status=deferred (x)");
}

}  // namespace
}  // namespace outpost::queue_runner
