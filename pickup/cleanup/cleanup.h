// From hostile bytes to a message that the rest may trust: runs the steps of this folder, in Postfix's order, over a
// message that streams by. The content grows in a Scratch; memory holds one header field and the envelope.
//
//   top         separator lines of a mailbox go, line endings are LF (lib/content)
//   Received:   ours, first
//   each field  counted, asked for recipients, dropped, cut at its limit, its addresses completed
//   header end  what is missing; hops; the envelope's recipients
//   body        as it is, but for its line endings; a last newline
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "conf/settings.h"
#include "lib/content/message_reader.h"
#include "lib/content/recipient_headers.h"
#include "lib/mail/address.h"
#include "lib/mail/envelope.h"
#include "lib/spool/record.h"
#include "lib/sys/file.h"
#include "pickup/cleanup/header_repair.h"
#include "pickup/cleanup/refusal.h"

namespace outpost::pickup {

struct CleanedMessage {
  mail::Envelope envelope;
  sys::ReadOnlyFd content;
  uint64_t header_bytes = 0;  // of content, without the empty line
  std::string message_id;     // printable
  bool sender_malformed = false;
  // Set when the message cannot be taken; `content` is then its header alone.
  std::optional<Refusal> refusal;
};

class Cleanup : private content::MessageParts {
 public:
  // `settings` and `head` must outlive this. `output` is empty.
  Cleanup(const conf::PickupSettings& settings, const spool::RecordHead& head, uint32_t uid, sys::Scratch output);
  Cleanup(const Cleanup&) = delete;
  Cleanup& operator=(const Cleanup&) = delete;

  // The next bytes of the message. An Error is one of the output, such as a full disk; the message may be tried again.
  sys::Result<void> Feed(std::string_view bytes);
  // After the last.
  sys::Result<CleanedMessage> Finish() &&;

 private:
  void OnField(const content::Field& field) override;
  void OnHeaderEnd() override;
  void OnBody(std::string_view bytes) override;

  void Repair();
  std::string FromText() const;
  void CollectRecipients();
  void Refuse(std::optional<Refusal> refusal);
  void Write(std::string_view bytes);

  const conf::PickupSettings& settings_;
  const spool::RecordHead& head_;
  const mail::CompletionRules completion_;
  sys::Scratch output_;
  sys::Result<void> written_;  // the first error, if any
  content::RecipientHeaders named_recipients_;
  HeaderRepair repair_;
  int64_t received_fields_ = 0;
  CleanedMessage message_;
  content::MessageReader reader_;
};

}  // namespace outpost::pickup
