// One message over a session that is ready: drives the transaction over the conversation, sends the content, tells
// the runner what became of each recipient, and logs it.
#pragma once

#include <optional>
#include <string>

#include "conf/settings.h"
#include "lib/sys/log.h"
#include "smtp-client/capabilities.h"
#include "smtp-client/conversation.h"
#include "smtp-client/delivery_log.h"
#include "smtp-client/runner_line.h"
#include "smtp-client/transaction.h"
#include "smtp-client/transcript.h"

namespace outpost::smtp_client {

// What all messages of a session share.
struct SessionFacts {
  std::string relay;  // "host[addr]:port"
  Party party = Party::kRelay;
  Capabilities capabilities;
  Microseconds begun{};      // wall clock: when the process took up its work
  Microseconds connected{};  // and when the session was ready
};

class Delivery {
 public:
  enum class End {
    kNextMessage,  // the session is good for another
    kClose,        // it is not; what has not begun is simply due
  };

  // All must outlive this.
  Delivery(const conf::SmtpClientSettings& settings, const SessionFacts& facts, Conversation& conversation,
           Transcript& transcript, const RunnerLine& runner, const sys::Log& log);

  End Deliver(const Assignment& assignment);

 private:
  struct Current;
  // The transaction from its first command to its end, or to what broke it.
  std::optional<Interruption> Drive(Current& current);
  std::optional<Interruption> SendContent(Current& current);
  std::optional<Interruption> SendBlocks(Current& current);
  // Without waiting: that somebody is there to hear what becomes of the message, and the relay has said nothing that
  // was not asked.
  std::optional<Interruption> LookAround();
  bool IsUntouched(const Current& current) const;
  // The next step after the next reply.
  std::optional<Interruption> TakeReply(Current& current, Transaction::Step& step);
  void SettleInterrupted(Current& current, const Interruption& trouble);
  void WarnOf8Bit(const Assignment& assignment);

  const conf::SmtpClientSettings& settings_;
  const SessionFacts& facts_;
  Conversation& conversation_;
  Transcript& transcript_;
  const RunnerLine& runner_;
  const sys::Log& log_;
  int messages_ = 0;
  bool needs_reset_ = false;
  bool warned_of_8bit_ = false;
};

// "lost connection with R while sending RCPT TO", "conversation with R timed out while ...".
std::string DescribeInterruption(const Interruption& trouble, std::string_view relay, Stage stage);
Trouble TroubleOf(const Interruption& interruption);

}  // namespace outpost::smtp_client
