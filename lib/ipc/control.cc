#include "lib/ipc/control.h"

#include <array>

#include "lib/ipc/json_fields.h"
#include "lib/mail/address.h"
#include "lib/mail/envelope.h"

namespace outpost::ipc {

template <>
constexpr std::string_view kTypeName<Request> = "request";
template <>
constexpr std::string_view kTypeName<StatusLine> = "status";
template <>
constexpr std::string_view kTypeName<ListedMessage> = "message";
template <>
constexpr std::string_view kTypeName<TraceLine> = "event";
template <>
constexpr std::string_view kTypeName<Done> = "done";

constexpr std::array<std::string_view, 6> kVerbs = {"status", "list", "trace", "flush", "reload", "stop"};
constexpr size_t kMaxWord = 32;                     // states, kinds of event
constexpr size_t kMaxDestinations = 1000;           // shown
constexpr size_t kMaxPath = 4096;                   // PATH_MAX
constexpr size_t kListRoom = kMaxControlLine - 16;  // a list is a line's last member; brackets and newline follow

void Describe(auto& fields, Of<Request> auto& request) {
  fields.Word("verb", request.verb, kVerbs);
  fields.Exact("id", request.id, mail::QueueId::kLength);
  fields.Exact("domain", request.domain, mail::kMaxAddress);
}

void Describe(auto& fields, Of<StatusLine> auto& line) {
  fields("pid", line.pid);
  fields("started_us", line.started_us);
  fields.Text("config_directory", line.config_directory, kMaxPath);
  fields.Text("queue_directory", line.queue_directory, kMaxPath);
  fields("messages", line.messages);
  fields("dead_letters", line.dead_letters);
  fields.Text("trouble", line.trouble);
  fields("offline_since_us", line.offline_since_us);
  fields.List(
      "destinations", line.destinations, kMaxDestinations, [](auto& list, auto& text) { list.TextElement(text); },
      kListRoom);
}

void Describe(auto& fields, Of<ListedRecipient> auto& recipient) {
  fields.Text("address", recipient.address, mail::kMaxAddress);
  fields.Text("state", recipient.state, kMaxWord);
  fields.Text("reason", recipient.reason);
  fields("next_attempt_us", recipient.next_attempt_us);
}

void Describe(auto& fields, Of<ListedMessage> auto& message) {
  fields.Text("id", message.id, mail::QueueId::kLength);
  fields.Text("sender", message.sender, mail::kMaxAddress);
  fields("size", message.size);
  fields("arrival_us", message.arrival_us);
  fields("uid", message.uid);
  fields.Text("state", message.state, kMaxWord);
  fields("recipients_total", message.recipients_total);
  fields.List(
      "recipients", message.recipients, kListedRecipients,
      [](auto& list, auto& recipient) { list.Object([&] { Describe(list, recipient); }); }, kListRoom);
}

void Describe(auto& fields, Of<TraceLine> auto& line) {
  fields("first_us", line.first_us);
  fields("last_us", line.last_us);
  fields("count", line.count);
  fields.Text("kind", line.kind, kMaxWord);
  fields.Text("recipient", line.recipient, mail::kMaxAddress);
  fields.Text("text", line.text);
  fields.Text("relay", line.relay, kMaxName);
}

void Describe(auto& fields, Of<Done> auto& done) {
  fields.Text("error", done.error);
  fields("exit_code", done.exit_code);
}

template <typename Message>
static std::string EncodeLine(const Message& message) {
  return EncodeMessage(message) + '\n';
}

std::string Request::Encode() const { return EncodeLine(*this); }
std::string StatusLine::Encode() const { return EncodeLine(*this); }
std::string ListedMessage::Encode() const { return EncodeLine(*this); }
std::string TraceLine::Encode() const { return EncodeLine(*this); }
std::string Done::Encode() const { return EncodeLine(*this); }

static bool HasRightId(const Request& request) {
  if (request.id.empty()) return request.verb != Request::Verb::kTrace;
  const bool takes_one = request.verb == Request::Verb::kTrace || request.verb == Request::Verb::kFlush;
  return takes_one && mail::QueueId::Parse(request.id);
}

static bool HasRightDomain(const Request& request) {
  if (request.domain.empty()) return true;
  return request.verb == Request::Verb::kFlush && request.id.empty() && mail::IsValidDomain(request.domain);
}

sys::Result<Request> ParseRequest(std::string_view line) {
  auto parsed = ParseMessage<std::variant<Request>>("request", line, kMaxControlLine);
  if (!parsed) return parsed.error();
  const auto& request = std::get<Request>(*parsed);
  if (!HasRightId(request)) return sys::Error("request: member id: not a queue id", EBADMSG);
  if (!HasRightDomain(request)) return sys::Error("request: member domain: not a domain", EBADMSG);
  return std::get<Request>(*std::move(parsed));
}

sys::Result<Response> ParseResponse(std::string_view line) {
  return ParseMessage<Response>("answer of the queue runner", line, kMaxControlLine);
}

}  // namespace outpost::ipc
