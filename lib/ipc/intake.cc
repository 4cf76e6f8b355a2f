#include "lib/ipc/intake.h"

#include "lib/ipc/envelope_fields.h"
#include "lib/ipc/json_fields.h"

namespace outpost::ipc {

template <>
constexpr std::string_view kTypeName<Submission> = "submission";
template <>
constexpr std::string_view kTypeName<MoreRecipients> = "more_recipients";
template <>
constexpr std::string_view kTypeName<Scanned> = "scanned";
template <>
constexpr std::string_view kTypeName<Accepted> = "accepted";
template <>
constexpr std::string_view kTypeName<Refused> = "refused";
template <>
constexpr std::string_view kTypeName<Scan> = "scan";

constexpr size_t kDigits = 32;  // of token and digest

// What a packet needs at most: a byte of a string is at most two on the wire (quotes and backslashes), and names,
// brackets and numbers of one recipient, or of all else, stay below kFrame.
constexpr size_t kFrame = 512;
constexpr size_t kLongestRecipient = 2 * (2 * mail::kMaxAddress + mail::kMaxOriginalRecipient) + kFrame;
constexpr size_t kLongestRest = 2 * (mail::kMaxAddress + mail::kMaxEnvelopeId + 2 * kMaxName) + kFrame;
static_assert(kRecipientsAPacket * kLongestRecipient + kLongestRest <= kMaxPacket);

static void DescribeRecipients(auto& fields, auto& recipients) {
  fields.List("recipients", recipients, kRecipientsAPacket,
              [](auto& list, auto& recipient) { list.Object([&] { Describe(list, recipient); }); });
}

void Describe(auto& fields, Of<Submission> auto& message) {
  fields("handle", message.handle);
  fields("id", message.id);
  fields("uid", message.uid);
  fields.Hexadecimal("token", message.token, kDigits);
  fields("record_bytes", message.record_bytes);
  fields.Hexadecimal("digest", message.digest, kDigits);
  fields("arrival_us", message.arrival_us);
  fields("content_bytes", message.content_bytes);
  fields("header_bytes", message.header_bytes);
  fields.Text("message_id", message.message_id, kMaxName);
  Describe(fields, message.envelope);
  fields("refused", message.refused);
  fields("refusal_status", message.refusal.status);
  fields.Text("refusal_text", message.refusal.why, kMaxName);
  fields("more", message.more);
  DescribeRecipients(fields, message.envelope.recipients);
}

void Describe(auto& fields, Of<MoreRecipients> auto& message) {
  fields("handle", message.handle);
  fields("more", message.more);
  DescribeRecipients(fields, message.recipients);
}

void Describe(auto& fields, Of<Scanned> auto& message) { fields("left", message.left); }

void Describe(auto& fields, Of<Accepted> auto& message) {
  fields("handle", message.handle);
  fields("id", message.id);
}

void Describe(auto& fields, Of<Refused> auto& message) {
  fields("handle", message.handle);
  fields("temporary", message.temporary);
  fields.Text("text", message.text);
}

void Describe(auto& /*fields*/, Of<Scan> auto& /*message*/) {}

std::string Submission::Encode() const { return EncodeMessage(*this); }
std::string MoreRecipients::Encode() const { return EncodeMessage(*this); }
std::string Scanned::Encode() const { return EncodeMessage(*this); }
std::string Accepted::Encode() const { return EncodeMessage(*this); }
std::string Refused::Encode() const { return EncodeMessage(*this); }
std::string Scan::Encode() const { return EncodeMessage(*this); }

sys::Result<ToRunner> ParseToRunner(std::string_view bytes) {
  return ParseMessage<ToRunner>("packet from pickup", bytes, kMaxPacket);
}

sys::Result<ToPickup> ParseToPickup(std::string_view bytes) {
  return ParseMessage<ToPickup>("packet from the queue runner", bytes, kMaxPacket);
}

}  // namespace outpost::ipc
