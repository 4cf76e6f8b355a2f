// queue-runner <-> a delivery program (smtp-client).
//
// The runner starts one parent for each (next hop, account) and speaks to it on its channel: Prepare, answered by
// Prepared or PrepareFailed; then Connect, with one end of a new channel as descriptor, for each connection wanted:
// the parent forks a child that serves that channel; ConnectionEnded tells that the child is gone. On a
// connection's channel the runner sends Deliver (content in the packet's descriptor), several ahead if it likes;
// the child answers in order: Connected once, Begun when the first content byte of a message is about to leave,
// one Verdicts or more for each message, the last with `last`. ConnectionFailed says that no message which has
// not begun was attempted, and why; the child ends after it. A child whose channel closes ends and never finishes
// a content after that. Silence means try again: what a dead child did not answer is deferred, or in doubt if it
// had begun.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/ipc/channel.h"
#include "lib/mail/envelope.h"
#include "lib/mail/queue_id.h"
#include "lib/mail/verdict.h"
#include "lib/sys/error.h"

namespace outpost::ipc {

constexpr size_t kTranscriptLines = 40;

// runner -> parent
struct Prepare {
  std::string next_hop;  // as configured: "[smtp.example.org]:587", "example.org"
  // A recipient's own domain, no relay of main.cf's: DNS may say for good that nobody takes mail there.
  bool is_recipient_domain = false;
  // Its certificate was good on another network than the one that this host is in now: if it is not good here, that
  // says something of the network.
  bool verified_elsewhere = false;
  // Refusals of mail are to come with a transcript of the session.
  bool wants_transcripts = false;
  std::string Encode() const;
};
struct Connect {
  uint64_t connection = 0;  // the runner's number for it
  std::string Encode() const;
};
// parent -> runner
struct Prepared {
  std::string account;  // user name that will log in, "" when none; for display and the circuit's key
  std::string Encode() const;
};
struct PrepareFailed {
  mail::Deferred why;
  std::string Encode() const;
};
struct ConnectionEnded {
  uint64_t connection = 0;
  std::string how;  // "exit status 0", "signal 9"
  std::string Encode() const;
};

// runner -> child
struct DeliveryRecipient {
  uint32_t number = 0;  // within the message; verdicts name it
  mail::Recipient recipient;
};
struct Deliver {
  mail::QueueId id;
  int64_t arrival_us = 0;      // wall clock, for delays=
  int64_t activated_us = 0;    // wall clock, when the runner took it up
  uint64_t content_bytes = 0;  // lines ending in LF
  uint64_t header_bytes = 0;
  bool may_be_duplicate = false;
  mail::Envelope envelope;                    // without recipients
  std::vector<DeliveryRecipient> recipients;  // at most kRecipientsAPacket
  bool more = false;                          // DeliverMore with the same id follows, nothing between
  std::string Encode() const;
};
struct DeliverMore {
  mail::QueueId id;
  std::vector<DeliveryRecipient> recipients;
  bool more = false;
  std::string Encode() const;
};
// No more messages: QUIT and end.
struct Finish {
  std::string Encode() const;
};

// child -> runner
struct Connected {
  std::string relay;        // "host[address]:port"
  std::string tls;          // "TLSv1.3 with cipher ...", "" for plain text
  std::string certificate;  // "verified", "trusted", "untrusted", "" for none
  std::string mechanism;    // SASL mechanism used, "" for none
  std::string Encode() const;
};
struct ConnectionFailed {
  mail::Deferred why;
  std::string relay;  // may be empty: nothing was reached
  // The last lines of the session that failed before it stood; at most kTranscriptLines.
  std::vector<std::string> transcript{};
  std::string Encode() const;
};
struct Begun {
  mail::QueueId id;
  std::string Encode() const;
};
struct Verdicts {
  mail::QueueId id;
  std::vector<uint32_t> recipients;  // numbers; at most kRecipientsAPacket
  mail::Verdict verdict;             // for each of them
  std::string relay;
  bool last = false;  // nothing more comes for this message
  // The last lines of the session, of a refusal where that was asked for; at most kTranscriptLines.
  std::vector<std::string> transcript{};
  std::string Encode() const;
};

using ToParent = std::variant<Prepare, Connect>;
using FromParent = std::variant<Prepared, PrepareFailed, ConnectionEnded>;
using ToChild = std::variant<Deliver, DeliverMore, Finish>;
using FromChild = std::variant<Connected, ConnectionFailed, Begun, Verdicts>;
sys::Result<ToParent> ParseToParent(std::string_view bytes);
sys::Result<FromParent> ParseFromParent(std::string_view bytes);
sys::Result<ToChild> ParseToChild(std::string_view bytes);
sys::Result<FromChild> ParseFromChild(std::string_view bytes);

}  // namespace outpost::ipc
