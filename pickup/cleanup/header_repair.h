// The fields that a message should have and did not come with (RFC 5322 section 3.6), in Postfix's order: Message-Id,
// Date, From, and a recipient field where main.cf has one. A message with any Resent- field is repaired in its Resent-
// fields alone: the others are somebody else's.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "lib/mail/queue_id.h"

namespace outpost::pickup {

class HeaderRepair {
 public:
  // A field that the message came with.
  void Note(std::string_view name);

  struct Facts {
    mail::QueueId id;
    std::chrono::microseconds arrival{};
    std::string_view hostname;
    std::string_view from;                           // name and address, as FormatMailbox makes it
    std::string_view undisclosed_recipients_header;  // "Name: text", or "" for none
  };
  // What is to follow the last field; "" when nothing is missing.
  std::string Missing(const Facts& facts) const;

  // The Message-Id that Missing() gives.
  static std::string MakeMessageId(const mail::QueueId& id, std::string_view hostname);

 private:
  struct Origin {  // the fields that say who sent what and when
    bool message_id = false;
    bool date = false;
    bool from = false;
  };
  Origin plain_;
  Origin resent_;
  bool is_resent_ = false;
  bool has_recipients_ = false;
};

}  // namespace outpost::pickup
