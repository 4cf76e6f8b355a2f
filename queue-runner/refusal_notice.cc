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

constexpr int kTooManyRecipients = 3;  // X.5.3: what is beyond the limit goes later

// "502 what?": a code that says that a command was not understood, as Postfix counts them.
bool IsProtocolCode(std::string_view reply) { return reply.starts_with("50") || reply.starts_with("555"); }

}  // namespace

std::optional<AdministratorNotice> RefusalNotice(const mail::EnhancedStatus& status, std::string_view text,
                                                 std::string_view relay,
                                                 const std::vector<std::string>& transcript) {
  const bool policy = status.subject == kPolicySubject;
  const bool protocol = (status.subject == kProtocolSubject && status.detail != kTooManyRecipients) ||
                        (status.subject == 0 && IsProtocolCode(RelayWords(text)));
  if (relay.empty() || (!policy && !protocol)) return std::nullopt;
  const std::string_view host = HostOf(relay);
  const mail::Explanation explanation = mail::Explain(status, text);
  AdministratorNotice notice;
  notice.notice_class = policy ? NoticeClass::kPolicy : NoticeClass::kProtocol;
  notice.subject = policy ? Cat(host, " refuses mail by its policy") : Cat(host, " does not understand a command");
  notice.paragraphs = {Cat(explanation.sentence, " The answer of ", host, " was: ", RelayWords(text)),
                       explanation.remedy.empty() ? "What becomes of the mail is told by outpost queue list."
                                                  : std::string(explanation.remedy)};
  for (const auto& line : transcript) notice.transcript += Cat(line, "\n");
  return notice;
}

}  // namespace outpost::queue_runner
