#include "smtp-client/transaction.h"

#include <algorithm>
#include <utility>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr int kStartMailInput = 354;
constexpr int kClosing = 421;

// The relay wants to be logged in to, or TLS, before it takes anything (RFC 4954 section 6, RFC 3207 section 4).
bool WantsLogin(const Reply& reply) {
  return reply.code == 530 || reply.code == 534 || reply.code == 535 || reply.code == 538;
}

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// xtext and "rfc822;xtext" (RFC 3461 section 4): nothing that could end the parameter.
bool IsParameterValue(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

std::string DescribeRefusal(std::string_view relay, const Reply& reply, Stage stage) {
  return sys::Cat("host ", relay, " said: ", reply.ToString(), " (in reply to ", CommandName(stage), " command)");
}

bool IsSafePath(std::string_view address) {
  if (!sys::IsCleanText(address)) return false;
  bool quoted = false;
  for (size_t i = 0; i < address.size(); ++i) {
    const char c = address[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '<' || c == '>' || c == ' ')) {
      return false;
    }
  }
  return !quoted;
}

Transaction::Transaction(const TransactionRequest& request, const Capabilities& capabilities,
                         std::string_view relay, bool reset_first)
    : envelope_(*request.envelope),
      recipients_(*request.recipients),
      content_bytes_(request.content_bytes),
      capabilities_(capabilities),
      relay_(relay),
      reset_first_(reset_first),
      states_(recipients_.size(), RecipientState::kOpen),
      needs_reset_(reset_first) {}

Transaction::Step Transaction::Start() {
  if (RefuseBeforeMail()) return {"", Next::kEnd};
  return capabilities_.pipelining ? AllAtOnce() : NextSingle();
}

// What can be known without a word to the relay.
bool Transaction::RefuseBeforeMail() {
  if (capabilities_.size_limit > 0 && content_bytes_ > capabilities_.size_limit) {
    Settle(mail::Returned{{5, 3, 4},
                          sys::Cat("message size ", content_bytes_, " exceeds size limit ",
                                   capabilities_.size_limit, " of server ", relay_)});
  } else if (envelope_.smtputf8 && !capabilities_.smtputf8) {
    Settle(mail::Returned{{5, 6, 7}, sys::Cat("SMTPUTF8 is required, but was not offered by host ", relay_)});
  } else if (!IsSafePath(envelope_.sender)) {
    Settle(mail::Returned{{5, 1, 7}, "bad sender address syntax"});
  }
  for (size_t i = 0; i < recipients_.size(); ++i) {
    const bool safe = IsSafePath(recipients_[i].address) && !recipients_[i].address.empty();
    if (!safe) Decide(i, mail::Returned{{5, 1, 3}, "bad recipient address syntax"});
  }
  return std::ranges::none_of(states_, [](auto state) { return state == RecipientState::kOpen; });
}

std::string Transaction::MailCommand() const {
  std::string command = sys::Cat("MAIL FROM:<", envelope_.sender, ">");
  if (capabilities_.size) command += sys::Cat(" SIZE=", content_bytes_);
  if (capabilities_.eight_bit_mime && envelope_.body == mail::BodyType::k8BitMime) command += " BODY=8BITMIME";
  const bool utf8 = capabilities_.smtputf8 && (envelope_.smtputf8 || !IsAscii(envelope_.sender));
  if (utf8) command += " SMTPUTF8";
  if (capabilities_.dsn) {
    if (envelope_.ret == mail::ReturnContent::kFull) command += " RET=FULL";
    if (envelope_.ret == mail::ReturnContent::kHeaders) command += " RET=HDRS";
    if (!envelope_.envelope_id.empty() && IsParameterValue(envelope_.envelope_id))
      command += sys::Cat(" ENVID=", envelope_.envelope_id);
  }
  return command + "\r\n";
}

std::string Transaction::RcptCommand(const mail::Recipient& recipient) const {
  std::string command = sys::Cat("RCPT TO:<", recipient.address, ">");
  if (capabilities_.dsn) {
    if (const std::string notify = recipient.notify.ToString(); !notify.empty())
      command += sys::Cat(" NOTIFY=", notify);
    if (!recipient.orcpt.empty() && IsParameterValue(recipient.orcpt))
      command += sys::Cat(" ORCPT=", recipient.orcpt);
  }
  return command + "\r\n";
}

Transaction::Step Transaction::AllAtOnce() {
  Step step{"", Next::kReply};
  if (reset_first_) {
    step.commands += "RSET\r\n";
    Expect(Phase::kReset);
  }
  step.commands += MailCommand();
  Expect(Phase::kMail);
  for (size_t i = 0; i < recipients_.size(); ++i) {
    if (states_[i] != RecipientState::kOpen) continue;
    step.commands += RcptCommand(recipients_[i]);
    Expect(Phase::kRcpt, i);
  }
  step.commands += "DATA\r\n";
  Expect(Phase::kData);
  data_sent_ = true;
  needs_reset_ = true;
  return step;
}

// Without PIPELINING: the command that follows from what is known.
Transaction::Step Transaction::NextSingle() {
  if (reset_first_) {
    reset_first_ = false;
    Expect(Phase::kReset);
    return {"RSET\r\n", Next::kReply};
  }
  if (!mail_sent_) {
    mail_sent_ = needs_reset_ = true;
    Expect(Phase::kMail);
    return {MailCommand(), Next::kReply};
  }
  if (mail_refused_ || data_sent_) return {"", Next::kEnd};
  const auto open = std::ranges::find(states_, RecipientState::kOpen);
  if (open != states_.end()) {
    const auto index = static_cast<size_t>(open - states_.begin());
    Expect(Phase::kRcpt, index);
    return {RcptCommand(recipients_[index]), Next::kReply};
  }
  if (std::ranges::find(states_, RecipientState::kAccepted) == states_.end()) return {"", Next::kEnd};
  data_sent_ = true;
  Expect(Phase::kData);
  return {"DATA\r\n", Next::kReply};
}

Transaction::Step Transaction::Continue() {
  if (!expected_.empty()) return {"", Next::kReply};
  return capabilities_.pipelining ? Step{"", Next::kEnd} : NextSingle();
}

Stage Transaction::stage() const {
  if (expected_.empty()) return Stage::kMail;
  switch (expected_.front().phase) {
    case Phase::kReset:
      return Stage::kReset;
    case Phase::kMail:
      return Stage::kMail;
    case Phase::kRcpt:
      return Stage::kRcpt;
    case Phase::kData:
      return Stage::kData;
    case Phase::kContent:
    case Phase::kLoneDot:
      return Stage::kEndOfData;
  }
  return Stage::kMail;
}

Transaction::Step Transaction::OnReply(const Reply& reply) {
  const Stage at = stage();
  if (expected_.empty() || reply.code == kClosing || WantsLogin(reply)) return Close(reply, at);
  const Expected expected = expected_.front();
  expected_.pop_front();
  switch (expected.phase) {
    case Phase::kReset:
      if (reply.Class() != 2) return Close(reply, at);
      return Continue();
    case Phase::kMail:
      return OnMailReply(reply);
    case Phase::kRcpt:
      return OnRcptReply(expected.recipient, reply);
    case Phase::kData:
      return OnDataReply(reply);
    case Phase::kContent:
      return OnFinalReply(reply);
    case Phase::kLoneDot:
      needs_reset_ = false;
      return {"", Next::kEnd};
  }
  return Close(reply, at);
}

Transaction::Step Transaction::OnMailReply(const Reply& reply) {
  if (reply.Class() == 3) return Close(reply, Stage::kMail);
  if (reply.Class() != 2) {
    mail_refused_ = true;
    RefuseOpen(reply, Stage::kMail);
  }
  return Continue();
}

Transaction::Step Transaction::OnRcptReply(size_t recipient, const Reply& reply) {
  if (reply.Class() == 3) return Close(reply, Stage::kRcpt);
  if (states_[recipient] == RecipientState::kOpen) {
    if (reply.Class() == 2) {
      states_[recipient] = RecipientState::kAccepted;
    } else {
      Refuse(recipient, reply, Stage::kRcpt);
    }
  }
  return Continue();
}

Transaction::Step Transaction::OnDataReply(const Reply& reply) {
  const bool accepted = std::ranges::find(states_, RecipientState::kAccepted) != states_.end();
  data_answered_ = reply.code == kStartMailInput || reply.Class() >= 4;
  if (reply.code == kStartMailInput) {
    Expect(accepted ? Phase::kContent : Phase::kLoneDot);
    if (accepted) return {"", Next::kContent};
    return {".\r\n", Next::kReply};
  }
  if (!data_answered_) return Close(reply, Stage::kData);
  RefuseOpen(reply, Stage::kData);
  return {"", Next::kEnd};
}

Transaction::Step Transaction::OnFinalReply(const Reply& reply) {
  if (reply.Class() == 3) return Close(reply, Stage::kEndOfData);
  needs_reset_ = false;
  if (reply.Class() == 2) {
    Settle(mail::Delivered{reply.Status(), reply.ToString()});
  } else {
    RefuseOpen(reply, Stage::kEndOfData);
  }
  return {"", Next::kEnd};
}

// The relay goes away, does not know us, or answers what was not asked: nobody is refused for that.
Transaction::Step Transaction::Close(const Reply& reply, Stage stage) {
  must_close_ = true;
  const bool spoke_of_us = reply.Class() == 4 || WantsLogin(reply);
  const mail::EnhancedStatus status = spoke_of_us ? reply.SoftStatus() : mail::EnhancedStatus{4, 5, 0};
  // Before the relay has looked at sender and recipients it speaks for itself, not of this message.
  const bool early = stage == Stage::kReset || stage == Stage::kMail;
  mail::Fault fault = early ? mail::Fault::kPath : mail::Fault::kMessage;
  if (WantsLogin(reply)) fault = mail::Fault::kAccount;
  const mail::Deferred why{status, DescribeRefusal(relay_, reply, stage), fault};
  if (reply.code == kClosing) {
    Settle(why);
  } else {
    Abandon(why, true);
  }
  return {"", Next::kEnd};
}

void Transaction::Refuse(size_t recipient, const Reply& reply, Stage stage) {
  const std::string text = DescribeRefusal(relay_, reply, stage);
  if (reply.Class() == 5) {
    Decide(recipient, mail::Returned{reply.Status(), text});
  } else {
    Decide(recipient, mail::Deferred{reply.Status(), text, mail::Fault::kMessage});
  }
}

void Transaction::RefuseOpen(const Reply& reply, Stage stage) {
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i] != RecipientState::kDecided) Refuse(i, reply, stage);
  }
}

void Transaction::Settle(const mail::Verdict& verdict) {
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i] != RecipientState::kDecided) Decide(i, verdict);
  }
}

void Transaction::Abandon(const mail::Deferred& why, bool out_of_step) {
  if ((capabilities_.pipelining || out_of_step) && !data_answered_) {
    outcomes_.clear();
    std::ranges::fill(states_, RecipientState::kOpen);
  }
  Settle(why);
}

void Transaction::Decide(size_t recipient, mail::Verdict verdict) {
  if (states_[recipient] == RecipientState::kDecided) return;
  states_[recipient] = RecipientState::kDecided;
  outcomes_.push_back({recipient, std::move(verdict)});
}

std::vector<Transaction::Outcome> Transaction::TakeOutcomes() { return std::exchange(outcomes_, {}); }

}  // namespace outpost::smtp_client
