#include "queue-runner/refusal_notice.h"

#include "lib/mail/explanation.h"
#include "lib/sys/text.h"
#include "queue-runner/report_words.h"

namespace outpost::queue_runner {
namespace {

using conf::NoticeClass;
using sys::Cat;

// RFC 3463: X.5.Z is of the protocol, X.7.Z of security and policy.
constexpr int kProtocolSubject = 5;
constexpr int kPolicySubject = 7;

// "host R said: 550 5.7.1 no (in reply to RCPT TO command)" -> what left, and what came.
std::string Exchange(std::string_view text) {
  constexpr std::string_view kIn = " (in reply to ";
  const size_t at = text.rfind(kIn);
  if (at == std::string_view::npos) return "";
  std::string_view command = text.substr(at + kIn.size());
  command = command.substr(0, command.rfind(" command)"));
  return Cat("Out: ", command, "\nIn:  ", RelayWords(text), "\n");
}

}  // namespace

std::optional<AdministratorNotice> RefusalNotice(const mail::EnhancedStatus& status, std::string_view text,
                                                 std::string_view relay) {
  const bool policy = status.subject == kPolicySubject;
  const bool protocol = status.subject == kProtocolSubject;
  if (relay.empty() || (!policy && !protocol)) return std::nullopt;
  const std::string_view host = HostOf(relay);
  const mail::Explanation explanation = mail::Explain(status, text);
  AdministratorNotice notice;
  notice.notice_class = policy ? NoticeClass::kPolicy : NoticeClass::kProtocol;
  notice.subject = policy ? Cat(host, " refuses mail by its policy") : Cat(host, " does not understand a command");
  notice.paragraphs = {Cat(explanation.sentence, " The answer of ", host, " was: ", RelayWords(text)),
                       explanation.remedy.empty() ? "What becomes of the mail is told by outpost queue list."
                                                  : std::string(explanation.remedy)};
  notice.transcript = Exchange(text);
  return notice;
}

}  // namespace outpost::queue_runner
