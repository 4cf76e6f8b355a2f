// One message's transaction (RFC 5321 section 3.3) as a state machine: reply in, next commands out. Pure: it never
// sees a socket, so every strange relay is a unit test.
//
// With PIPELINING, MAIL, all RCPT and DATA leave in one write, after an RSET where one is due; without it one at a
// time. Each reply is matched to its command in order. A relay that accepts DATA after it refused every recipient
// is answered by a lone dot, so that it delivers nothing (attack S23).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "lib/mail/envelope.h"
#include "lib/mail/verdict.h"
#include "smtp-client/capabilities.h"
#include "smtp-client/faults.h"
#include "smtp-client/reply.h"
#include "smtp-client/stage.h"

namespace outpost::smtp_client {

// What a transaction must know of its message.
struct TransactionRequest {
  const mail::Envelope* envelope = nullptr;  // its own recipients are not looked at
  const std::vector<mail::Recipient>* recipients = nullptr;
  uint64_t content_bytes = 0;
};

class Transaction {
 public:
  enum class Next {
    kReply,    // feed the next reply to OnReply()
    kContent,  // send the content with its lone dot, then feed the reply
    kEnd,      // every recipient has its verdict, or is left without one because must_close()
  };
  struct Step {
    std::string commands;  // to send now, before anything else; may be empty
    Next next = Next::kEnd;
  };
  struct Outcome {
    size_t recipient = 0;  // index in the request
    mail::Verdict verdict;
  };

  // `relay` is how the relay is called in texts: "host[addr]:port". What `request` points to must outlive this.
  // `reset_first`: the transaction before on this connection was left open.
  Transaction(const TransactionRequest& request, const Capabilities& capabilities, Party party,
              std::string_view relay, bool reset_first);

  Step Start();
  Step OnReply(const Reply& reply);

  // The stage of the reply that is waited for.
  Stage stage() const;
  // The verdicts, in no particular order, when it has ended: until then a relay may still show that what it said was
  // for other commands.
  std::vector<Outcome> TakeOutcomes();
  // Gives all recipients that have none yet this verdict.
  void Settle(const mail::Verdict& verdict);
  // The same when the connection broke. Nobody's verdict stands while replies to commands that left together are
  // still missing, or once replies came that fit no command (`out_of_step`), unless DATA has had its own: a relay
  // that leaves a reply out, or says one too many, shifts all that follow (attack S23).
  void Abandon(const mail::Deferred& why, bool out_of_step);
  // The next message on this connection must begin with RSET.
  bool needs_reset() const { return needs_reset_; }
  // The connection can carry nothing more: 421, or replies that do not fit the commands.
  bool must_close() const { return must_close_; }

 private:
  enum class Phase { kReset, kMail, kRcpt, kData, kContent, kLoneDot };
  struct Expected {
    Phase phase;
    size_t recipient = 0;
  };

  bool RefuseBeforeMail();
  std::string MailCommand() const;
  std::string RcptCommand(const mail::Recipient& recipient) const;
  Step AllAtOnce();
  Step NextSingle();
  static bool IsAcceptance(Phase phase, const Reply& reply);
  bool HasAccepted() const;
  bool IsMoot(const Expected& expected, const Ruling& ruling, const Reply& reply) const;
  Step OnAcceptance(const Expected& expected, const Reply& reply);
  Step OnRefusal(const Expected& expected, const mail::Verdict& verdict);
  Step Continue();
  Step Close(const Ruling& ruling, const Reply& reply, Stage stage);
  void Expect(Phase phase, size_t recipient = 0) { expected_.push_back({phase, recipient}); }
  void Decide(size_t recipient, mail::Verdict verdict);

  const mail::Envelope& envelope_;
  const std::vector<mail::Recipient>& recipients_;
  uint64_t content_bytes_;
  const Capabilities& capabilities_;
  Party party_;
  std::string relay_;
  bool reset_first_;

  enum class RecipientState { kOpen, kAccepted, kDecided };
  std::vector<RecipientState> states_;
  std::deque<Expected> expected_;
  std::vector<Outcome> outcomes_;
  bool mail_sent_ = false;
  bool mail_refused_ = false;
  bool data_sent_ = false;
  bool data_answered_ = false;  // and with it every command that left together with DATA
  bool needs_reset_ = false;
  bool must_close_ = false;
};

// "host R said: 550 5.1.1 ... (in reply to RCPT TO command)".
std::string DescribeRefusal(std::string_view relay, const Reply& reply, Stage stage);

// Whether `address` can stand between < and > in a command: clean text, no bracket outside quotes, no unquoted blank.
bool IsSafePath(std::string_view address);

}  // namespace outpost::smtp_client
