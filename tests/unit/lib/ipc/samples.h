// Messages with something in every member, for the tests of this room.
#pragma once

#include "lib/ipc/delivery.h"
#include "lib/ipc/intake.h"

namespace outpost::ipc {

inline mail::QueueId SampleId() { return mail::QueueId::Make(std::chrono::microseconds(1763688360000000), 42); }

inline mail::Recipient SampleRecipient() {
  return {.address = "\"a \\\"b\"@example.org",
          .original = "a.b@example.org",
          .notify = {.never = false, .success = true, .failure = true, .delay = false},
          .orcpt = "rfc822;a.b@example.org"};
}

inline mail::Envelope SampleEnvelope() {
  return {.sender = "jürgen@example.org",
          .recipients = {},
          .envelope_id = "QQ314159",
          .ret = mail::ReturnContent::kHeaders,
          .body = mail::BodyType::k8BitMime,
          .smtputf8 = true};
}

inline Submission SampleSubmission() {
  Submission message{.handle = 7,
                     .id = SampleId(),
                     .uid = 1000,
                     .token = "00112233445566778899aabbccddeeff",
                     .record_bytes = 1234,
                     .digest = "ffeeddccbbaa99887766554433221100",
                     .arrival_us = 1763688360000000,
                     .content_bytes = 1500,
                     .header_bytes = 400,
                     .message_id = "<x@example.org>",
                     .envelope = SampleEnvelope(),
                     .refused = true,
                     .refusal = {.status = {5, 3, 4}, .why = "message too large"},
                     .more = true};
  message.envelope.recipients = {SampleRecipient(),
                                 {.address = "b@example.org", .original = {}, .notify = {}, .orcpt = {}}};
  return message;
}

inline Deliver SampleDeliver() {
  return {.id = SampleId(),
          .arrival_us = -1,
          .activated_us = 2,
          .content_bytes = 3,
          .header_bytes = 4,
          .may_be_duplicate = true,
          .envelope = SampleEnvelope(),
          .recipients = {{.number = 0, .recipient = SampleRecipient()}, {.number = 4294967295, .recipient = {}}},
          .more = false};
}

}  // namespace outpost::ipc
