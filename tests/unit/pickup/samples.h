// Settings and a record's head for the tests of this folder.
#pragma once

#include "conf/settings.h"
#include "lib/mail/date.h"
#include "lib/spool/record.h"

namespace outpost::pickup {

inline conf::PickupSettings SampleSettings() {
  conf::PickupSettings settings;
  settings.myhostname = "host.example";
  settings.mydomain = "example";
  settings.myorigin = "origin.example";
  settings.mail_name = "Outpost";
  settings.empty_address_recipient = "MAILER-DAEMON";
  settings.full_name_encoding_charset = "utf-8";
  settings.message_drop_headers = {"bcc", "content-length", "resent-bcc", "return-path"};
  settings.header_size_limit = 102400;
  settings.header_address_token_limit = 10240;
  settings.hopcount_limit = 50;
  settings.max_idle = std::chrono::seconds(100);
  settings.submit_connection_limit = 50;
  settings.submit_timeout = std::chrono::seconds(60);
  return settings;
}

inline spool::RecordHead SampleHead() {
  spool::RecordHead head;
  head.id = mail::QueueId::Make(std::chrono::microseconds(1763688360000000), 42);
  head.token = "00112233445566778899aabbccddeeff";
  head.arrival = std::chrono::microseconds(1763688360000000);
  head.sender = "root";
  head.recipients = {"x@y.example"};
  return head;
}

// The whole record of `message`.
inline std::string SampleRecord(spool::RecordHead head, std::string_view message) {
  head.size_bytes = message.size();
  return spool::FormatHead(head) + std::string(message);
}

}  // namespace outpost::pickup
