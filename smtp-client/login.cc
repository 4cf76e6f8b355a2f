#include "smtp-client/login.h"

#include <utility>

#include "lib/sys/text.h"
#include "smtp-client/secret.h"

namespace outpost::smtp_client {
namespace {

constexpr int kChallenge = 334;
constexpr int kClosing = 421;

}  // namespace

Login::Step Login::Start() {
  const std::string start = sys::Cat("AUTH ", exchange_.mechanism());
  auto response = exchange_.TakeInitialResponse();
  if (!response) return {Next::kReply, start + "\r\n", {}};
  const std::string_view shown = response->empty() ? std::string_view("=") : *response;
  if (start.size() + 1 + shown.size() + 2 <= kMaxInitialLine) {
    Step step{Next::kReply, sys::Cat(start, " ", shown, "\r\n"), {}};
    Wipe(*response);
    return step;
  }
  held_response_ = std::move(response);
  return {Next::kReply, start + "\r\n", {}};
}

Login::Step Login::OnReply(const Reply& reply) {
  if (!aborted_.empty()) return Fail({4, 7, 0}, aborted_);
  if (reply.code == kChallenge) return OnChallenge(reply);
  if (reply.Class() == 2) {
    if (exchange_.complete()) return {Next::kDone, "", {}};
    return Fail({4, 7, 0}, sys::Cat("SASL authentication failed: ", relay_,
                                    " accepted the login without completing ", exchange_.mechanism()));
  }
  mail::EnhancedStatus status = reply.SoftStatus();
  if (status.subject == 0) status = {4, 7, 8};
  return Fail(status, sys::Cat("SASL authentication failed; server ", relay_, " said: ", reply.ToString()),
              reply.code == kClosing ? mail::Fault::kPath : mail::Fault::kAccount);
}

Login::Step Login::OnChallenge(const Reply& reply) {
  if (++challenges_ > kMaxChallenges) return Abort("too many challenges");
  if (reply.cut || reply.lines.size() != 1) return Abort("a challenge is too long");
  const std::string_view challenge = sys::Trim(reply.lines.front());
  if (held_response_) {
    Step step{Next::kReply, *held_response_ + "\r\n", {}};
    Wipe(*held_response_);
    held_response_.reset();
    return step;
  }
  auto response = exchange_.Answer(challenge);
  if (!response) return Abort(response.error().text());
  Step step{Next::kReply, *response + "\r\n", {}};
  Wipe(*response);
  return step;
}

Login::Step Login::Abort(std::string_view why) {
  aborted_ = sys::Cat("SASL authentication failed: ", exchange_.mechanism(), " with ", relay_, ": ", why);
  return {Next::kReply, "*\r\n", {}};
}

Login::Step Login::Fail(mail::EnhancedStatus status, std::string why, mail::Fault fault) const {
  return {Next::kFailed, "", mail::Deferred{status, std::move(why), fault}};
}

}  // namespace outpost::smtp_client
