// public/control: a person's command to the running queue-runner. A stream socket: one JSON line in (Request), JSON
// lines out, the last of which is Done; then the runner closes. At most kMaxControlLine bytes a line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/sys/error.h"

namespace outpost::ipc {

constexpr size_t kMaxControlLine = 64 * 1024;

struct Request {
  enum class Verb { kStatus, kList, kTrace, kFlush, kReload, kStop };
  Verb verb = Verb::kStatus;
  std::string id;              // kTrace: the message; kFlush: of it alone
  std::string domain;          // kFlush: of recipients there alone; not with `id`
  std::string Encode() const;  // newline included, as all below
};

struct StatusLine {
  uint64_t pid = 0;
  int64_t started_us = 0;
  std::string config_directory;
  std::string queue_directory;
  uint64_t messages = 0;  // in the queue
  uint64_t dead_letters = 0;
  std::string trouble;           // why the queue cannot be changed (a full disk); "" when it can
  int64_t offline_since_us = 0;  // 0: this host has a network
  // One line for people for each destination that has something to tell: "[relay]:587: login refused since ...", and for
  // each user who is beyond a limit: "uid 1000: 900 messages are held: ..."
  std::vector<std::string> destinations;
  std::string Encode() const;
};

struct ListedRecipient {
  std::string address;
  std::string state;   // queue::ToString(RecipientState)
  std::string reason;  // last status text, "" when none
  int64_t next_attempt_us = 0;
};
struct ListedMessage {
  std::string id;
  std::string sender;
  uint64_t size = 0;
  int64_t arrival_us = 0;
  uint32_t uid = 0;
  std::string state;                        // "active", "deferred", "hold", "in doubt", "dead"
  std::vector<ListedRecipient> recipients;  // those not finished, at most kListedRecipients
  uint64_t recipients_total = 0;
  std::string Encode() const;
};
constexpr size_t kListedRecipients = 50;

struct TraceLine {
  int64_t first_us = 0;
  int64_t last_us = 0;
  uint64_t count = 1;
  std::string kind;       // "submitted", "dispatched", "deferred", "sent", ...
  std::string recipient;  // "" when it is the message's
  std::string text;
  std::string relay;
  std::string Encode() const;
};

// The last line. `error` says what was refused or failed, or that there was nothing to do; "" when it was done.
struct Done {
  std::string error;
  int exit_code = 0;  // sysexits for the command line
  std::string Encode() const;
};

using Response = std::variant<StatusLine, ListedMessage, TraceLine, Done>;
sys::Result<Request> ParseRequest(std::string_view line);
sys::Result<Response> ParseResponse(std::string_view line);

}  // namespace outpost::ipc
