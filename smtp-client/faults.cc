#include "smtp-client/faults.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "lib/sys/text.h"

namespace outpost::smtp_client {
namespace {

// An address that the relay repeats may hold any words, and whoever wrote the mail has chosen them.
std::string WithoutAddresses(const Reply& reply) {
  std::string out;
  for (const auto& line : reply.lines) {
    bool within = false;
    for (const char c : line) {
      if (c == '<') within = true;
      if (!within) out += c;
      if (c == '>') within = false;
    }
    out += ' ';
  }
  return sys::LowerCase(out);
}

bool FitsCode(int pattern, const Reply& reply) {
  return pattern == 0 || pattern == reply.code || pattern == reply.Class();
}

bool Fits(const ReplyRow& row, Party party, Stage stage, const Reply& reply) {
  if ((row.stages & At(stage)) == 0 || !FitsCode(row.code, reply)) return false;
  if (row.relay_only && party != Party::kRelay) return false;
  const mail::EnhancedStatus stated = reply.Status();
  if (row.subject >= 0 && row.subject != stated.subject) return false;
  if (row.detail >= 0 && row.detail != stated.detail) return false;
  return row.words.empty() || WithoutAddresses(reply).find(sys::LowerCase(row.words)) != std::string::npos;
}

bool Fits(const TroubleRow& row, Party party, Trouble trouble, Stages stage) {
  if (row.trouble != trouble || (row.stages != 0 && (row.stages & stage) == 0)) return false;
  return party == Party::kRelay ? row.at_relay : row.at_recipient_domain;
}

const Ruling& JudgeTrouble(Party party, Trouble trouble, Stages stage) {
  for (const auto& row : TroubleRows()) {
    if (Fits(row, party, trouble, stage)) return row.ruling;
  }
  std::abort();  // faults_test.cc goes through them all
}

}  // namespace

const Ruling& Judge(Party party, Stage stage, const Reply& reply) {
  for (const auto& row : ReplyRows()) {
    if (Fits(row, party, stage, reply)) return row.ruling;
  }
  std::abort();  // the last rows fit every reply
}

const Ruling& Judge(Party party, Trouble trouble) { return JudgeTrouble(party, trouble, 0); }

const Ruling& Judge(Party party, Trouble trouble, Stage stage) { return JudgeTrouble(party, trouble, At(stage)); }

mail::EnhancedStatus StatusOf(const Ruling& ruling, const Reply& reply) {
  mail::EnhancedStatus status = reply.Status();
  // Such a reply answers something else, and so does what it states.
  if (ruling.action == Action::kOutOfStep || (status.subject == 0 && ruling.status.category != 0)) {
    status = ruling.status;
  }
  if (ruling.action != Action::kReturn) status.category = 4;
  return status;
}

mail::Deferred Defer(const Ruling& ruling, mail::EnhancedStatus status, std::string why) {
  status.category = 4;
  return {status, std::move(why), ruling.fault};
}

mail::Deferred Defer(const Ruling& ruling, std::string why) { return Defer(ruling, ruling.status, std::move(why)); }

mail::Verdict Decide(const Ruling& ruling, mail::EnhancedStatus status, std::string why) {
  if (ruling.action == Action::kReturn) return mail::Returned{status, std::move(why)};
  return Defer(ruling, status, std::move(why));
}

mail::Verdict Decide(const Ruling& ruling, std::string why) {
  return Decide(ruling, ruling.status, std::move(why));
}

Trouble ConnectTrouble(int code) {
  switch (code) {
    case ECONNREFUSED:
      return Trouble::kConnectRefused;
    case ETIMEDOUT:
      return Trouble::kConnectTimeout;
    case EHOSTUNREACH:
    case EHOSTDOWN:
      return Trouble::kHostUnreachable;
    case ENETUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return Trouble::kNetworkUnreachable;
    case EACCES:
    case EPERM:
      return Trouble::kConnectForbidden;
    case ECONNRESET:
    case ECONNABORTED:
      return Trouble::kConnectReset;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EAGAIN:
      return Trouble::kNoSockets;
    default:
      return Trouble::kConnectFailed;
  }
}

}  // namespace outpost::smtp_client
