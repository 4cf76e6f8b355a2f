#include "lib/ipc/delivery.h"

#include <array>

#include "lib/ipc/envelope_fields.h"
#include "lib/ipc/json_fields.h"

namespace outpost::ipc {

template <>
constexpr std::string_view kTypeName<Prepare> = "prepare";
template <>
constexpr std::string_view kTypeName<Connect> = "connect";
template <>
constexpr std::string_view kTypeName<Prepared> = "prepared";
template <>
constexpr std::string_view kTypeName<PrepareFailed> = "prepare_failed";
template <>
constexpr std::string_view kTypeName<ConnectionEnded> = "connection_ended";
template <>
constexpr std::string_view kTypeName<Deliver> = "deliver";
template <>
constexpr std::string_view kTypeName<DeliverMore> = "deliver_more";
template <>
constexpr std::string_view kTypeName<Finish> = "finish";
template <>
constexpr std::string_view kTypeName<Connected> = "connected";
template <>
constexpr std::string_view kTypeName<ConnectionFailed> = "connection_failed";
template <>
constexpr std::string_view kTypeName<Begun> = "begun";
template <>
constexpr std::string_view kTypeName<Verdicts> = "verdicts";

constexpr std::array<std::string_view, 4> kFaultWords = {"message", "account", "path", "sender"};
constexpr std::array<std::string_view, 3> kVerdictWords = {"delivered", "deferred", "returned"};

void Describe(auto& fields, Of<mail::Delivered> auto& verdict) {
  fields("status", verdict.status);
  fields.Text("text", verdict.reply);
  fields("relay_reports", verdict.relay_reports);
}

void Describe(auto& fields, Of<mail::Deferred> auto& verdict) {
  fields("status", verdict.status);
  fields.Text("text", verdict.why);
  fields.Word("fault", verdict.fault, kFaultWords);
}

void Describe(auto& fields, Of<mail::Returned> auto& verdict) {
  fields("status", verdict.status);
  fields.Text("text", verdict.why);
}

static void Describe(FieldWriter& fields, const mail::Verdict& verdict) {
  fields.Word("verdict", verdict.index(), kVerdictWords);
  std::visit([&](const auto& outcome) { Describe(fields, outcome); }, verdict);
}

static void Describe(FieldReader& fields, mail::Verdict& verdict) {
  size_t kind = 0;
  fields.Word("verdict", kind, kVerdictWords);
  if (kind == 0) verdict = mail::Delivered{};
  if (kind == 1) verdict = mail::Deferred{};
  if (kind == 2) verdict = mail::Returned{};
  std::visit([&](auto& outcome) { Describe(fields, outcome); }, verdict);
}

static void DescribeRecipients(auto& fields, auto& recipients) {
  fields.List("recipients", recipients, kRecipientsAPacket, [](auto& list, auto& element) {
    list.Object([&] {
      list("number", element.number);
      Describe(list, element.recipient);
    });
  });
}

void Describe(auto& fields, Of<Prepare> auto& message) {
  fields.Exact("next_hop", message.next_hop, kMaxName);
  fields("is_recipient_domain", message.is_recipient_domain);
  fields("verified_elsewhere", message.verified_elsewhere);
  fields("wants_transcripts", message.wants_transcripts);
}

void Describe(auto& fields, Of<Connect> auto& message) { fields("connection", message.connection); }
void Describe(auto& fields, Of<Prepared> auto& message) { fields.Text("account", message.account, kMaxName); }
void Describe(auto& fields, Of<PrepareFailed> auto& message) { Describe(fields, message.why); }

void Describe(auto& fields, Of<ConnectionEnded> auto& message) {
  fields("connection", message.connection);
  fields.Text("how", message.how, kMaxName);
}

void Describe(auto& fields, Of<Deliver> auto& message) {
  fields("id", message.id);
  fields("arrival_us", message.arrival_us);
  fields("activated_us", message.activated_us);
  fields("content_bytes", message.content_bytes);
  fields("header_bytes", message.header_bytes);
  fields("may_be_duplicate", message.may_be_duplicate);
  Describe(fields, message.envelope);
  fields("more", message.more);
  DescribeRecipients(fields, message.recipients);
}

void DescribeTranscript(auto& fields, auto& lines) {
  fields.List("transcript", lines, kTranscriptLines, [](auto& list, auto& line) { list.TextElement(line); });
}

void Describe(auto& fields, Of<DeliverMore> auto& message) {
  fields("id", message.id);
  fields("more", message.more);
  DescribeRecipients(fields, message.recipients);
}

void Describe(auto& /*fields*/, Of<Finish> auto& /*message*/) {}

void Describe(auto& fields, Of<Connected> auto& message) {
  fields.Text("relay", message.relay, kMaxName);
  fields.Text("tls", message.tls, kMaxName);
  fields.Text("certificate", message.certificate, kMaxName);
  fields.Text("mechanism", message.mechanism, kMaxName);
}

void Describe(auto& fields, Of<ConnectionFailed> auto& message) {
  Describe(fields, message.why);
  fields.Text("relay", message.relay, kMaxName);
  DescribeTranscript(fields, message.transcript);
}

void Describe(auto& fields, Of<Begun> auto& message) { fields("id", message.id); }

void Describe(auto& fields, Of<Verdicts> auto& message) {
  fields("id", message.id);
  Describe(fields, message.verdict);
  fields.Text("relay", message.relay, kMaxName);
  fields("last", message.last);
  fields.List("recipients", message.recipients, kRecipientsAPacket,
              [](auto& list, auto& number) { list.Element(number); });
  DescribeTranscript(fields, message.transcript);
}

std::string Prepare::Encode() const { return EncodeMessage(*this); }
std::string Connect::Encode() const { return EncodeMessage(*this); }
std::string Prepared::Encode() const { return EncodeMessage(*this); }
std::string PrepareFailed::Encode() const { return EncodeMessage(*this); }
std::string ConnectionEnded::Encode() const { return EncodeMessage(*this); }
std::string Deliver::Encode() const { return EncodeMessage(*this); }
std::string DeliverMore::Encode() const { return EncodeMessage(*this); }
std::string Finish::Encode() const { return EncodeMessage(*this); }
std::string Connected::Encode() const { return EncodeMessage(*this); }
std::string ConnectionFailed::Encode() const { return EncodeMessage(*this); }
std::string Begun::Encode() const { return EncodeMessage(*this); }
std::string Verdicts::Encode() const { return EncodeMessage(*this); }

sys::Result<ToParent> ParseToParent(std::string_view bytes) {
  return ParseMessage<ToParent>("packet from the queue runner", bytes, kMaxPacket);
}

sys::Result<FromParent> ParseFromParent(std::string_view bytes) {
  return ParseMessage<FromParent>("packet from a delivery program", bytes, kMaxPacket);
}

sys::Result<ToChild> ParseToChild(std::string_view bytes) {
  return ParseMessage<ToChild>("packet from the queue runner", bytes, kMaxPacket);
}

sys::Result<FromChild> ParseFromChild(std::string_view bytes) {
  return ParseMessage<FromChild>("packet from a connection", bytes, kMaxPacket);
}

}  // namespace outpost::ipc
