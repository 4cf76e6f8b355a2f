#include "smtp-client/transaction.h"

#include <algorithm>
#include <utility>

#include "lib/mail/address.h"
#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

constexpr int kStartMailInput = 354;

bool EndsConnection(Action action) {
  return action == Action::kClose || action == Action::kOutOfStep || action == Action::kStopAccount;
}

bool IsAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// xtext and "rfc822;xtext" (RFC 3461 section 4): nothing that could end the parameter.
bool IsParameterValue(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

// Of printable ASCII (RFC 3461 section 4).
std::string EncodeXtext(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c > ' ' && c < 0x7F && c != '+' && c != '=') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'+', kHex[byte >> 4U], kHex[byte & 0xFU]};
  }
  return out;
}

// What the sender gave, else the address as it was submitted (RFC 3461 section 5.2.1 (b)), as Postfix does. A name without
// a domain means nothing beyond this host, and "rfc822" is ASCII: then it is left to the relay.
std::string OriginalRecipient(const mail::Recipient& recipient) {
  if (!recipient.orcpt.empty()) return IsParameterValue(recipient.orcpt) ? recipient.orcpt : "";
  const std::string& submitted = recipient.original.empty() ? recipient.address : recipient.original;
  if (!mail::IsValidAddress(submitted) || !IsAscii(submitted)) return "";
  std::string made = sys::Cat("rfc822;", EncodeXtext(submitted));
  return made.size() <= mail::kMaxOriginalRecipient ? made : "";
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

Transaction::Transaction(const TransactionRequest& request, const Capabilities& capabilities, Party party,
                         std::string_view relay, bool reset_first)
    : envelope_(*request.envelope),
      recipients_(*request.recipients),
      content_bytes_(request.content_bytes),
      capabilities_(capabilities),
      party_(party),
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
  const auto refusal = [&](Trouble trouble, std::string why) {
    return smtp_client::Decide(Judge(party_, trouble), std::move(why));
  };
  if (capabilities_.size_limit > 0 && content_bytes_ > capabilities_.size_limit) {
    Settle(refusal(Trouble::kMessageTooLarge, sys::Cat("message size ", content_bytes_, " exceeds size limit ",
                                                       capabilities_.size_limit, " of server ", relay_)));
  } else if (envelope_.smtputf8 && !capabilities_.smtputf8) {
    Settle(refusal(Trouble::kNoSmtpUtf8, sys::Cat("SMTPUTF8 is required, but was not offered by host ", relay_)));
  } else if (!IsSafePath(envelope_.sender)) {
    Settle(refusal(Trouble::kBadSender, "bad sender address syntax"));
  }
  for (size_t i = 0; i < recipients_.size(); ++i) {
    const bool safe = IsSafePath(recipients_[i].address) && !recipients_[i].address.empty();
    if (!safe) Decide(i, refusal(Trouble::kBadRecipient, "bad recipient address syntax"));
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
    if (const std::string original = OriginalRecipient(recipient); !original.empty())
      command += sys::Cat(" ORCPT=", original);
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
  if (!HasAccepted()) return {"", Next::kEnd};
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

bool Transaction::HasAccepted() const {
  return std::ranges::find(states_, RecipientState::kAccepted) != states_.end();
}

// Whether what was hoped for at this point has come.
bool Transaction::IsAcceptance(Phase phase, const Reply& reply) {
  if (phase == Phase::kData) return reply.code == kStartMailInput;
  return reply.Class() == 2;
}

// Nothing depends on it any more: "503 no valid recipients" says only what is known.
bool Transaction::IsMoot(const Expected& expected, const Ruling& ruling, const Reply& reply) const {
  if (reply.Class() < 4 || ruling.action != Action::kOutOfStep) return false;
  if (expected.phase == Phase::kRcpt) return states_[expected.recipient] != RecipientState::kOpen;
  return expected.phase == Phase::kData && !HasAccepted();
}

Transaction::Step Transaction::OnReply(const Reply& reply) {
  const Stage at = stage();
  const Ruling& ruling = Judge(party_, at, reply);
  if (expected_.empty()) return Close(ruling, reply, at);
  const Expected expected = expected_.front();
  if (expected.phase == Phase::kLoneDot) {
    must_close_ = ruling.action == Action::kClose;
    needs_reset_ = false;
    return {"", Next::kEnd};
  }
  const bool accepted = IsAcceptance(expected.phase, reply);
  if (!accepted && EndsConnection(ruling.action) && !IsMoot(expected, ruling, reply))
    return Close(ruling, reply, at);
  expected_.pop_front();
  if (accepted) return OnAcceptance(expected, reply);
  return OnRefusal(expected,
                   smtp_client::Decide(ruling, StatusOf(ruling, reply), DescribeRefusal(relay_, reply, at)));
}

Transaction::Step Transaction::OnAcceptance(const Expected& expected, const Reply& reply) {
  switch (expected.phase) {
    case Phase::kReset:
    case Phase::kMail:
    case Phase::kLoneDot:
      return Continue();
    case Phase::kRcpt:
      if (states_[expected.recipient] == RecipientState::kOpen)
        states_[expected.recipient] = RecipientState::kAccepted;
      return Continue();
    case Phase::kData:
      data_answered_ = true;
      if (HasAccepted()) {
        Expect(Phase::kContent);
        return {"", Next::kContent};
      }
      Expect(Phase::kLoneDot);
      return {".\r\n", Next::kReply};
    case Phase::kContent:
      needs_reset_ = false;
      Settle(mail::Delivered{reply.Status(), reply.ToString(), capabilities_.dsn});
      return {"", Next::kEnd};
  }
  return {"", Next::kEnd};
}

Transaction::Step Transaction::OnRefusal(const Expected& expected, const mail::Verdict& verdict) {
  switch (expected.phase) {
    case Phase::kRcpt:
      Decide(expected.recipient, verdict);
      return Continue();
    case Phase::kMail:
      mail_refused_ = true;
      Settle(verdict);
      return Continue();
    case Phase::kData:
      data_answered_ = true;
      Settle(verdict);
      return {"", Next::kEnd};
    case Phase::kContent:
    case Phase::kLoneDot:
      needs_reset_ = false;
      Settle(verdict);
      return {"", Next::kEnd};
    case Phase::kReset:
      break;
  }
  return Continue();
}

// The relay goes away, does not know us, or answers what was not asked: nobody is refused for that.
Transaction::Step Transaction::Close(const Ruling& ruling, const Reply& reply, Stage stage) {
  must_close_ = true;
  const mail::Deferred why = Defer(ruling, StatusOf(ruling, reply), DescribeRefusal(relay_, reply, stage));
  if (ruling.action == Action::kClose) {
    Settle(why);
  } else {
    Abandon(why, true);
  }
  return {"", Next::kEnd};
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
