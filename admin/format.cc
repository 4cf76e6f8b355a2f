#include "admin/format.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "lib/sys/text.h"

namespace outpost::admin {
namespace {

tm LocalTime(int64_t since_epoch_us) {
  const time_t seconds = since_epoch_us / 1000000;
  tm local{};
  localtime_r(&seconds, &local);
  return local;
}

std::string Sender(const std::string& sender) { return sender.empty() ? "<>" : sender; }

std::string Padded(std::string text, size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

// "in 4m", "now"
std::string Until(int64_t time_us, Microseconds now) {
  const Microseconds left(time_us - now.count());
  return left <= std::chrono::seconds(1) ? "now" : sys::Cat("in ", FormatAge(left));
}

bool WaitsForTime(const ipc::ListedRecipient& recipient) {
  return recipient.state == "queued" || recipient.state == "in doubt";
}

}  // namespace

std::string FormatAge(Microseconds age) {
  const int64_t seconds = std::max<int64_t>(age.count() / 1000000, 0);
  if (seconds < 120) return sys::Cat(seconds, "s");
  if (seconds < 2 * 3600) return sys::Cat(seconds / 60, "m");
  if (seconds < 2 * 86400) return sys::Cat(seconds / 3600, "h");
  return sys::Cat(seconds / 86400, "d");
}

std::string FormatSize(uint64_t bytes) {
  if (bytes < 1000) return sys::Cat(bytes, " B");
  const char* const units[] = {"KB", "MB", "GB", "TB"};
  double size = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (size >= 999.5 && unit < 3) {
    size /= 1000;
    ++unit;
  }
  char text[32];
  (void)snprintf(text, sizeof text, size < 9.95 ? "%.1f %s" : "%.0f %s", size, units[unit]);
  return text;
}

std::string FormatTime(int64_t since_epoch_us) {
  const tm local = LocalTime(since_epoch_us);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return text;
}

std::string FormatListed(const ipc::ListedMessage& message, Microseconds now) {
  std::string text = sys::Cat(message.id, "  ", Padded(message.state, 8), "  ",
                              Padded(FormatAge(now - Microseconds(message.arrival_us)), 4), "  ",
                              Padded(FormatSize(message.size), 6), "  from ", Sender(message.sender), "\n");
  for (const auto& recipient : message.recipients) {
    text += sys::Cat("    to ", recipient.address);
    if (recipient.state != "queued") text += sys::Cat("  [", recipient.state, "]");
    if (WaitsForTime(recipient)) text += sys::Cat("  next try ", Until(recipient.next_attempt_us, now));
    text += '\n';
    if (!recipient.reason.empty()) text += sys::Cat("       ", recipient.reason, "\n");
  }
  if (message.recipients_total > message.recipients.size()) {
    text += sys::Cat("    and ", message.recipients_total - message.recipients.size(), " more\n");
  }
  return text;
}

std::string MailqHeader() { return "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"; }

std::string FormatMailqEntry(const ipc::ListedMessage& message) {
  const char mark = message.state == "active" ? '*' : message.state == "hold" ? '!' : ' ';
  const tm local = LocalTime(message.arrival_us);
  char arrival[32];
  strftime(arrival, sizeof arrival, "%a %b %e %H:%M:%S", &local);
  char head[96];
  (void)snprintf(head, sizeof head, "%-17s%c%8llu %s  ", message.id.c_str(), mark,
                 static_cast<unsigned long long>(message.size), arrival);
  std::string text = sys::Cat(head, message.sender.empty() ? "MAILER-DAEMON" : message.sender, "\n");
  std::string reason;
  for (const auto& recipient : message.recipients) {
    if (!recipient.reason.empty() && recipient.reason != reason) {
      reason = recipient.reason;
      text += sys::Cat("(", reason, ")\n");
    }
    text += sys::Cat(std::string(41, ' '), recipient.address, "\n");
  }
  return text + "\n";
}

std::string MailqSummary(uint64_t messages, uint64_t bytes) {
  if (messages == 0) return "Mail queue is empty\n";
  return sys::Cat("-- ", (bytes + 1023) / 1024, " Kbytes in ", messages,
                  messages == 1 ? " Request.\n" : " Requests.\n");
}

std::string FormatTrace(const ipc::TraceLine& line) {
  const bool is_all = line.recipient.empty() && line.relay.empty() && line.text.empty();
  std::string text = sys::Cat(FormatTime(line.first_us), "  ", is_all ? line.kind : Padded(line.kind, 10));
  if (!line.recipient.empty()) text += sys::Cat("  to ", line.recipient);
  if (!line.relay.empty()) text += sys::Cat("  by ", line.relay);
  if (!line.text.empty()) text += sys::Cat("  ", line.text);
  if (line.count > 1) text += sys::Cat("  (", line.count, " times, last ", FormatTime(line.last_us), ")");
  return text + "\n";
}

std::string FormatStatus(const ipc::StatusLine& status, Microseconds now) {
  std::string text = sys::Cat("running since ", FormatTime(status.started_us), " (",
                              FormatAge(now - Microseconds(status.started_us)), "), process ", status.pid, "\n",
                              "configuration ", status.config_directory, ", queue ", status.queue_directory, "\n");
  if (status.offline_since_us > 0) text += sys::Cat("offline since ", FormatTime(status.offline_since_us), ", ");
  text += sys::Cat(status.messages, status.messages == 1 ? " message waits" : " messages wait");
  if (status.dead_letters > 0) {
    text += sys::Cat(", ", status.dead_letters, status.dead_letters == 1 ? " dead letter" : " dead letters");
  }
  text += '\n';
  if (!status.trouble.empty()) text += sys::Cat("new mail is refused for now: ", status.trouble, "\n");
  for (const auto& destination : status.destinations) text += sys::Cat("  ", destination, "\n");
  return text;
}

std::string FormatStopped(const StoppedStatus& status) {
  std::string text =
      "The mailer is not running. `sendmail` still accepts mail: it waits in the maildrop for `outpost start`.\n";
  if (status.messages) text += sys::Cat("Messages in the queue: ", *status.messages, "\n");
  if (status.maildrop) text += sys::Cat("Submissions in the maildrop: ", *status.maildrop, "\n");
  return text;
}

std::string FormatStoppedJson(const StoppedStatus& status) {
  const auto number = [](const std::optional<uint64_t>& value) { return value ? sys::Cat(*value) : "null"; };
  return sys::Cat("{\"running\":false,\"messages\":", number(status.messages),
                  ",\"maildrop\":", number(status.maildrop), "}\n");
}

}  // namespace outpost::admin
