// The AUTH dialogue (RFC 4954) as a state machine over one SASL exchange. Pure but for the exchange it is given.
//
// A refusal is the account's fault: nothing is returned. The number of challenges is bounded, a challenge that is
// not base64 or was cut ends the exchange with "*", and a relay that says 235 before it has proved itself, where the
// mechanism asks for that, is not believed (attacks S17, S19).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/mail/verdict.h"
#include "lib/sys/error.h"
#include "smtp-client/faults.h"
#include "smtp-client/reply.h"

namespace outpost::smtp_client {

// One attempt with one mechanism; everything in base64, as it stands on the wire.
class SaslExchange {
 public:
  virtual ~SaslExchange() = default;
  virtual const std::string& mechanism() const = 0;
  // The response to send before any challenge; nothing when the relay speaks first. Once.
  virtual std::optional<std::string> TakeInitialResponse() = 0;
  // The response to a challenge; both may be empty.
  virtual sys::Result<std::string> Answer(std::string_view challenge) = 0;
  // Our side has seen all that it wants to see.
  virtual bool complete() const = 0;
};

class Login {
 public:
  static constexpr int kMaxChallenges = 20;
  static constexpr size_t kMaxInitialLine = 512;  // AUTH with its response, CRLF included

  enum class Next { kReply, kDone, kFailed };
  struct Step {
    Next next = Next::kFailed;
    std::string command;  // may hold a secret: to be wiped when it is sent
    mail::Deferred failure;
  };

  Login(SaslExchange& exchange, std::string_view relay) : exchange_(exchange), relay_(relay) {}
  Step Start();
  Step OnReply(const Reply& reply);

 private:
  Step OnChallenge(const Reply& reply);
  Step Abort(std::string_view why);
  static Step Fail(Trouble trouble, std::string why);

  SaslExchange& exchange_;
  std::string relay_;
  std::optional<std::string> held_response_;  // too long for the AUTH line
  int challenges_ = 0;
  std::string aborted_;  // why, once "*" was sent
};

}  // namespace outpost::smtp_client
