#include "lib/queue/row_format.h"

#include <array>

#include "lib/queue/checksum.h"
#include "lib/sys/text.h"

namespace outpost::queue {
namespace {

using sys::IsCleanText;
using sys::Printable;

constexpr std::array kStates = {RecipientState::kQueued, RecipientState::kDispatched, RecipientState::kInDoubt,
                                RecipientState::kHeld,   RecipientState::kSent,       RecipientState::kReturned,
                                RecipientState::kDead};
constexpr std::array kReturns = {mail::ReturnContent::kUnspecified, mail::ReturnContent::kFull,
                                 mail::ReturnContent::kHeaders};
constexpr const char* kWrongChecksum = "it is not what was stored: its checksum differs";

// Of the waiting clock, which does not begin with the epoch.
bool IsReading(int64_t time) { return time > -kLastTime.count() && time < kLastTime.count(); }
bool IsCleanUpTo(std::string_view text, size_t max_bytes) { return text.size() <= max_bytes && IsCleanText(text); }

void Clean(std::string& text) { text = Printable(text, kMaxText); }

const char* ReadNumbers(const Rows& row, QueuedRecipient& out) {
  const int64_t number = row.Integer(1);
  const int64_t attempts = row.Integer(10);
  if (number < 0 || number >= int64_t{mail::kMaxRecipients}) return "recipient number out of range";
  if (attempts < 0 || attempts > UINT32_MAX) return "attempts out of range";
  if (!IsTime(row.Integer(9))) return "next attempt is no time";
  out.number = static_cast<uint32_t>(number);
  out.attempts = static_cast<uint32_t>(attempts);
  return nullptr;
}

const char* FaultOfRecipientRow(const Rows& row, QueuedRecipient& out) {
  if (const char* fault = ReadNumbers(row, out)) return fault;
  const auto state = ParseState(row.Text(6));
  if (!state) return "unknown state";
  out.state = *state;
  const std::string_view notify = row.Text(4);
  if (!notify.empty() && !mail::Notify::Parse(notify, out.recipient.notify)) return "unknown NOTIFY";
  if (const char* fault = Fault(out.recipient)) return fault;
  if (const char* fault = Fault(out.route)) return fault;
  if (!row.IsNull(13) && row.Integer(13) != ChecksumOf(row.Integer(0), row.Integer(1), out.recipient, notify)) {
    return kWrongChecksum;
  }
  if (!IsCleanUpTo(out.last_status, kMaxText) || !IsCleanUpTo(out.last_text, kMaxText)) return "status is not text";
  return nullptr;
}

std::optional<mail::ReturnContent> ParseReturn(std::string_view word) {
  for (const auto ret : kReturns) {
    if (ToString(ret) == word) return ret;
  }
  return std::nullopt;
}

const char* ReadMessageNumbers(const Rows& row, QueuedMessage& out) {
  const int64_t size = row.Integer(5);
  const int64_t header_size = row.Integer(6);
  const int64_t uid = row.Integer(7);
  if (size < 0 || header_size < 0 || header_size > size) return "size out of range";
  if (uid < 0 || uid > UINT32_MAX) return "uid out of range";
  if (!IsTime(row.Integer(4))) return "arrival is no time";
  if (!IsReading(row.Integer(12))) return "waiting since is no time";
  out.content_bytes = static_cast<uint64_t>(size);
  out.header_bytes = static_cast<uint64_t>(header_size);
  out.uid = static_cast<uint32_t>(uid);
  return nullptr;
}

// A number that is none of ours was not written by us: then nobody is warned a second time.
Warning ReadWarning(int64_t number) {
  if (number == static_cast<int64_t>(Warning::kNotYet)) return Warning::kNotYet;
  return number == static_cast<int64_t>(Warning::kSent) ? Warning::kSent : Warning::kNotWanted;
}

const char* FaultOfMessageRow(const Rows& row, QueuedMessage& out) {
  const auto id = mail::QueueId::Parse(row.Text(1));
  if (!id) return "its id is none";
  out.id = *id;
  if (const char* fault = ReadMessageNumbers(row, out)) return fault;
  if (row.Text(2) != ToString(Origin::kSubmission) && row.Text(2) != ToString(Origin::kBounce)) {
    return "unknown origin";
  }
  const auto ret = ParseReturn(row.Text(9));
  if (!ret) return "unknown RET";
  out.envelope.ret = *ret;
  if (const char* fault = Fault(out.envelope)) return fault;
  if (!row.IsNull(13) && row.Integer(13) != ChecksumOf(out)) return kWrongChecksum;
  return nullptr;
}

}  // namespace

bool IsTime(int64_t time) { return time >= 0 && time < kLastTime.count(); }

const std::string kRecipientColumns =
    "recipient.message, number, address, original, notify, orcpt, recipient.state, transport, next_hop, "
    "next_attempt, "
    "attempts, last_status, last_text, recipient.checksum";
const std::string kMessageColumns =
    "key, id, origin, sender, arrival, size, header_size, uid, envid, ret, is_8bit, smtputf8, "
    "waiting_since, checksum, warned";

std::string_view ToString(RecipientState state) {
  switch (state) {
    case RecipientState::kQueued:
      return "queued";
    case RecipientState::kDispatched:
      return "dispatched";
    case RecipientState::kInDoubt:
      return "in doubt";
    case RecipientState::kHeld:
      return "held";
    case RecipientState::kSent:
      return "sent";
    case RecipientState::kReturned:
      return "returned";
    case RecipientState::kDead:
      return "dead";
  }
  __builtin_trap();
}

std::optional<RecipientState> ParseState(std::string_view word) {
  for (const auto state : kStates) {
    if (ToString(state) == word) return state;
  }
  return std::nullopt;
}

int64_t ChecksumOf(MessageKey message, int64_t number, const mail::Recipient& recipient, std::string_view notify) {
  return ChecksumOfRow(message, number, recipient.address, recipient.original, notify, recipient.orcpt);
}

int64_t ChecksumOf(const QueuedMessage& message) {
  const mail::Envelope& envelope = message.envelope;
  return ChecksumOfRow(message.key, std::string_view(message.id.text()), ToString(message.origin), envelope.sender,
                       message.arrival.count(), message.content_bytes, message.header_bytes, message.uid,
                       envelope.envelope_id, ToString(envelope.ret), envelope.body == mail::BodyType::k8BitMime,
                       envelope.smtputf8);
}

std::string_view ToString(Origin origin) { return origin == Origin::kBounce ? "bounce" : "submission"; }

std::string_view ToString(mail::ReturnContent ret) {
  switch (ret) {
    case mail::ReturnContent::kUnspecified:
      return "";
    case mail::ReturnContent::kFull:
      return "FULL";
    case mail::ReturnContent::kHeaders:
      return "HDRS";
  }
  __builtin_trap();
}

const char* Fault(const mail::Recipient& recipient) {
  if (!IsCleanUpTo(recipient.address, mail::kMaxAddress)) return "recipient address is not clean text";
  if (!IsCleanUpTo(recipient.original, mail::kMaxAddress)) return "original recipient is not clean text";
  if (!IsCleanUpTo(recipient.orcpt, mail::kMaxOriginalRecipient)) return "ORCPT is not clean text";
  return nullptr;
}

const char* Fault(const mail::Envelope& envelope) {
  if (!IsCleanUpTo(envelope.sender, mail::kMaxAddress)) return "sender address is not clean text";
  if (!IsCleanUpTo(envelope.envelope_id, mail::kMaxEnvelopeId)) return "ENVID is not clean text";
  return nullptr;
}

const char* Fault(const Route& route) {
  if (route.transport.empty()) return "no transport";
  if (!IsCleanUpTo(route.transport, kMaxText)) return "transport is not clean text";
  if (!IsCleanUpTo(route.next_hop, kMaxText)) return "next hop is not clean text";
  return nullptr;
}

RecipientRow ReadRecipient(const Rows& row) {
  RecipientRow out;
  QueuedRecipient& recipient = out.recipient;
  recipient.message = row.Integer(0);
  out.stored_number = row.Integer(1);
  recipient.recipient.address = row.Text(2);
  recipient.recipient.original = row.Text(3);
  recipient.recipient.orcpt = row.Text(5);
  recipient.state = RecipientState::kDead;
  recipient.route = {std::string(row.Text(7)), std::string(row.Text(8))};
  recipient.next_attempt = row.Time(9);
  recipient.last_status = row.Text(11);
  recipient.last_text = row.Text(12);
  out.fault = FaultOfRecipientRow(row, recipient);
  recipient.key = MakeRecipientKey(recipient.message, recipient.number);
  if (out.fault == nullptr) return out;
  for (std::string* text :
       {&recipient.recipient.address, &recipient.recipient.original, &recipient.recipient.orcpt,
        &recipient.route.transport, &recipient.route.next_hop, &recipient.last_status, &recipient.last_text}) {
    Clean(*text);
  }
  return out;
}

MessageRow ReadMessage(const Rows& row) {
  MessageRow out;
  QueuedMessage& message = out.message;
  message.key = row.Integer(0);
  message.origin = row.Text(2) == ToString(Origin::kBounce) ? Origin::kBounce : Origin::kSubmission;
  message.envelope.sender = row.Text(3);
  message.arrival = row.Time(4);
  message.waiting_since = row.Time(12);
  message.envelope.envelope_id = row.Text(8);
  message.envelope.body = row.Integer(10) != 0 ? mail::BodyType::k8BitMime : mail::BodyType::k7Bit;
  message.envelope.smtputf8 = row.Integer(11) != 0;
  message.warning = ReadWarning(row.Integer(14));
  out.fault = FaultOfMessageRow(row, message);
  if (out.fault == nullptr) return out;
  Clean(message.envelope.sender);
  Clean(message.envelope.envelope_id);
  return out;
}

}  // namespace outpost::queue
