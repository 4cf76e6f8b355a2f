// The envelope: who sent a message and who shall have it (RFC 5321 section 2.3.1, RFC 3461).
//
// Addresses here are in RFC 5321's external form, quoted where they need it, without angle brackets, clean UTF-8
// (sys::IsCleanText) and at most kMaxAddress bytes. The null sender is "". A recipient may be malformed: it is
// then returned to the sender by the queue runner, alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace outpost::mail {

constexpr size_t kMaxAddress = 1000;  // far above RFC 5321's 320; what is longer is refused where it comes in
constexpr size_t kMaxRecipients = 100000;
constexpr size_t kMaxEnvelopeId = 100;  // RFC 3461 section 4.4
constexpr size_t kMaxOriginalRecipient = 500;

// NOTIFY= (RFC 3461 section 4.1); all false: not given.
struct Notify {
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;
  // "NEVER" or "SUCCESS,FAILURE,DELAY" in that order; "" when not given.
  std::string ToString() const;
  static bool Parse(std::string_view text, Notify& out);
  friend bool operator==(const Notify&, const Notify&) = default;
};

struct Recipient {
  std::string address;
  std::string original;  // as it was submitted, before rewriting; empty when the same
  Notify notify;
  std::string orcpt;  // "rfc822;a@b", xtext, or empty
  friend bool operator==(const Recipient&, const Recipient&) = default;
};

enum class ReturnContent { kUnspecified, kFull, kHeaders };  // RET=
enum class BodyType { k7Bit, k8BitMime };                    // what the content is, not what was declared

struct Envelope {
  std::string sender;
  std::vector<Recipient> recipients;
  std::string envelope_id;  // ENVID=, xtext, or empty
  ReturnContent ret = ReturnContent::kUnspecified;
  BodyType body = BodyType::k7Bit;
  bool smtputf8 = false;  // an address needs SMTPUTF8 (RFC 6531)
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

}  // namespace outpost::mail
