#include "smtp-client/login.h"

#include <utility>

#include "lib/sys/text.h"
#include "smtp-client/secret.h"

namespace outpost::smtp_client {
namespace {

constexpr int kChallenge = 334;

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
  if (!aborted_.empty()) return Fail(Trouble::kLoginAborted, aborted_);
  if (reply.code == kChallenge) return OnChallenge(reply);
  if (reply.Class() == 2) {
    if (exchange_.complete()) return {Next::kDone, "", {}};
    return Fail(Trouble::kLoginUnproven,
                sys::Cat("SASL authentication failed: ", relay_, " accepted the login without completing ",
                         exchange_.mechanism()));
  }
  const Ruling& ruling = Judge(Party::kRelay, Stage::kAuth, reply);
  return {Next::kFailed, "",
          Defer(ruling, StatusOf(ruling, reply),
                sys::Cat("SASL authentication failed; server ", relay_, " said: ", reply.ToString()))};
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

Login::Step Login::Fail(Trouble trouble, std::string why) {
  return {Next::kFailed, "", Defer(Judge(Party::kRelay, trouble), std::move(why))};
}

}  // namespace outpost::smtp_client
