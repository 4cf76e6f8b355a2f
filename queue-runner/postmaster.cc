#include "queue-runner/postmaster.h"

#include <algorithm>
#include <unistd.h>
#include <utility>

#include "lib/mail/date.h"
#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "queue-runner/mail_text.h"
#include "queue-runner/system_mail.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

constexpr size_t kMaxSubject = 200;
constexpr size_t kMaxParagraph = 4000;
constexpr size_t kMaxLine = 900;
constexpr size_t kMaxBody = queue::kContentChunk - 64 * 1024UL;  // beside the header
constexpr Microseconds kRetry = std::chrono::seconds(5);

// A header line of ASCII alone.
std::string SubjectOf(const WaitingNotices::Mail& mail, const Policy& policy) {
  std::string subject =
      Cat(policy.mail_name, ": ", sys::Printable(mail.notices.front().notice.subject, kMaxSubject));
  if (mail.notices.size() > 1) subject += Cat(" (and ", mail.notices.size() - 1, " more)");
  std::ranges::replace_if(
      subject, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }, '?');
  return subject;
}

// Line by line, so that a line break stays one.
std::string Transcript(std::string_view text) {
  std::string out = "Transcript of the session:\n\n";
  text = text.substr(0, kMaxTranscript);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out += Cat("  ", sys::Printable(text.substr(0, end), kMaxLine), "\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "\n";
}

std::string Section(const WaitingNotice& what) {
  std::string out;
  for (const auto& paragraph : what.notice.paragraphs) {
    out += Cat(Wrap(sys::Printable(paragraph, kMaxParagraph), ""), "\n\n");
  }
  if (what.times > 1) {
    out += Wrap(Cat("This happened ", what.times, " times between ", mail::FormatDate(what.first), " and ",
                    mail::FormatDate(what.last), "."),
                "") +
           "\n\n";
  } else {
    out += Cat("This happened at ", mail::FormatDate(what.first), ".\n\n");
  }
  if (!what.notice.transcript.empty()) out += Transcript(what.notice.transcript);
  return out;
}

std::string Signature(const WaitingNotices::Mail& mail, const Policy& policy) {
  std::string classes;
  for (const auto& what : mail.notices) {
    const auto word = conf::ToString(what.notice.notice_class);
    if (classes.find(word) == std::string::npos) classes += Cat(classes.empty() ? "" : ", ", word);
  }
  return Cat("-- \nThe mailer of ", policy.myhostname, ". It tells you of this because notify_classes in its\n",
             "main.cf names or implies: ", classes, "\n");
}

}  // namespace

AdministratorMail FormatAdministratorMail(const WaitingNotices::Mail& mail, const Policy& policy) {
  AdministratorMail out;
  out.subject = SubjectOf(mail, policy);
  uint64_t left_out = mail.left_out;
  for (const auto& what : mail.notices) {
    const std::string section = Section(what);
    if (!out.body.empty() && out.body.size() + section.size() > kMaxBody) {
      ++left_out;
      continue;
    }
    if (!out.body.empty()) out.body += "----------------------------------------\n\n";
    out.body += section;
  }
  if (left_out > 0) out.body += Cat("There was no room for ", left_out, " more notices; the log has them.\n\n");
  out.body += Signature(mail, policy);
  return out;
}

void Postmaster::Tell(AdministratorNotice notice) {
  if (!context_.policy.notices.Wants(notice.notice_class)) return;
  waiting_.Add(std::move(notice), sys::WallClock(), sys::MonotonicClock());
  context_.ask_for_round();
}

void Postmaster::Contribute() {
  if (waiting_.empty() || context_.batch.in_trouble()) return;
  for (auto& mail : waiting_.Take(context_.policy.notices, sys::MonotonicClock())) {
    const auto shared = std::make_shared<WaitingNotices::Mail>(std::move(mail));
    const auto route = std::make_shared<queue::Route>();
    Batch::Change change;
    change.apply = [this, shared, route]() -> sys::Result<void> {
      const AdministratorMail text = FormatAdministratorMail(*shared, context_.policy);
      SystemMail system;
      system.now = sys::WallClock();
      system.id = MakeId(system.now);
      system.sender = context_.policy.notices.double_bounce_sender;
      system.recipient = shared->recipient;
      system.subject = text.subject;
      system.auto_submitted = "auto-generated";
      system.eight_bit = !IsAscii(text.body);
      system.content_type = Cat("text/plain; charset=", system.eight_bit ? "utf-8" : "us-ascii");
      system.smtputf8 = !IsAscii(system.sender) || !IsAscii(system.recipient);
      system.uid = getuid();
      SystemMailText whole;
      whole.front = FormatHeader(system, context_.policy);
      whole.header_bytes = whole.front.size();
      whole.tail = Cat("\n", text.body);
      auto stored = StoreSystemMail(context_, system, whole);
      if (!stored) return stored.error();
      *route = *stored;
      return {};
    };
    change.committed = [this, route] { due_now_(*route); };
    change.failed = [this, shared](const sys::Error&) {
      waiting_.PutBack(std::move(*shared));
      context_.loop.After(kRetry, [] {});  // a round, which contributes it again
    };
    context_.batch.Add(std::move(change));
  }
  Arm();
}

void Postmaster::Arm() {
  context_.loop.Cancel(timer_);
  const Microseconds now = sys::MonotonicClock();
  const auto next = waiting_.NextTime(context_.policy.notices, now);
  if (next) timer_ = context_.loop.After(*next - now, [] {});  // a round
}

}  // namespace outpost::queue_runner
