// Where in a session something was sent or went wrong. Each stage has its own time limit, and its own name in what
// people read.
#pragma once

#include <chrono>
#include <string_view>

#include "conf/settings.h"

namespace outpost::smtp_client {

enum class Stage {
  kGreeting,
  kEhlo,
  kHelo,
  kStartTls,
  kAuth,
  kMail,
  kRcpt,
  kData,
  kContent,
  kEndOfData,
  kReset,
  kQuit,
};

// "RCPT TO": as in "(in reply to RCPT TO command)".
std::string_view CommandName(Stage stage);
// "sending RCPT TO": as in "lost connection with HOST while sending RCPT TO".
std::string_view Activity(Stage stage);
std::chrono::seconds TimeLimit(Stage stage, const conf::SmtpClientSettings& settings);

}  // namespace outpost::smtp_client
