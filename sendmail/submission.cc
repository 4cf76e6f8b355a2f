#include "sendmail/submission.h"

#include <array>
#include <cstdlib>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <utility>

#include "conf/compiled_in.h"
#include "conf/configuration.h"
#include "conf/location.h"
#include "conf/settings.h"
#include "conf/system_defaults.h"
#include "lib/spool/paths.h"
#include "lib/spool/record.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "sendmail/addresses.h"
#include "sendmail/hand_over.h"
#include "sendmail/record_file.h"

namespace outpost::sendmail {
namespace {

content::LineEndings ToLineEndings(conf::FixLineEndings value) {
  switch (value) {
    case conf::FixLineEndings::kAlways:
      return content::LineEndings::kAlways;
    case conf::FixLineEndings::kStrict:
      return content::LineEndings::kStrict;
    case conf::FixLineEndings::kNever:
      return content::LineEndings::kNever;
  }
  __builtin_trap();
}

std::optional<std::string> Environment(const char* name) {
  const char* value = secure_getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// The id and token of a new submission.
void Name(spool::RecordHead& head) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::array<unsigned char, sizeof(uint64_t) + spool::kTokenLength / 2> random{};
  sys::FillRandom(random);
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof number; ++i) number = number << 8 | random[i];
  head.id = mail::QueueId::Make(sys::WallClock(), number);
  for (size_t i = sizeof number; i < random.size(); ++i) {
    head.token += kHexDigits[random[i] >> 4];
    head.token += kHexDigits[random[i] & 15];
  }
}

Attempt<spool::RecordHead> MakeHead(const Options& options, const Caller& caller,
                                    std::vector<std::string>& warnings) {
  spool::RecordHead head;
  Name(head);
  head.sender = caller.login;
  if (options.sender) {
    auto sender = ParseSender(*options.sender);
    if (!sender) return Failure{EX_USAGE, sender.error().text()};
    if (sender->had_more) warnings.emplace_back("option -f: more than one sender; the first one counts");
    head.sender = std::move(sender->address);
  }
  auto recipients = ParseRecipients(options.recipients);
  if (!recipients) return Failure{EX_USAGE, recipients.error().text()};
  if (recipients->empty() && !options.extract_recipients) {
    return Failure{EX_USAGE, "recipients must be given on the command line or, with -t, in the message header"};
  }
  head.recipients = std::move(*recipients);
  head.extract_recipients = options.extract_recipients;
  head.is_relayed = options.is_relayed;
  head.full_name = ChooseFullName(options.full_name, Environment("NAME"), caller);
  head.notify = options.notify;
  head.ret = options.ret;
  head.envelope_id = options.envelope_id;
  return head;
}

// Where a large message may stand while it is read; a file there has no name.
sys::Result<sys::UniqueFd> OpenTemporary() {
  if (const auto directory = Environment("TMPDIR"); directory && directory->starts_with('/')) {
    if (auto opened = sys::OpenDirectory(*directory)) return opened;
  }
  if (auto opened = sys::OpenDirectory("/var/tmp")) return opened;
  return sys::OpenDirectory("/tmp");
}

// Whether the mailer of this configuration is the caller's own, and would run with the caller's rights. Root's would
// not: it becomes mail_owner.
bool IsOwn(const conf::Location& location) {
  struct stat facts {};
  return geteuid() != 0 && stat(location.directory.c_str(), &facts) == 0 && facts.st_uid == geteuid();
}

Ways ChooseWays(const Surroundings& mailer) {
  const spool::SpoolPaths paths(mailer.settings.common.queue_directory);
  Ways ways{.submit_socket = paths.SubmitSocket(),
            .maildrop = paths.Maildrop(),
            .drop_program = "",
            .make_maildrop = false};
  if (mailer.settings.queue_is_compiled_in) {
    ways.drop_program = conf::DefaultDaemonDirectory() + "/outpost-drop";
  } else {
    ways.make_maildrop = mailer.location.user_mode || IsOwn(mailer.location);
  }
  return ways;
}

}  // namespace

Attempt<Surroundings> FindMailer(const Options& options) {
  auto location = conf::Locate(options.config);
  if (!location) return Failure{EX_USAGE, location.error().text()};
  auto configuration = conf::Configuration::Load(*location, conf::FindInEffect);
  return Surroundings{std::move(*location), conf::ReadSendmailSettings(configuration)};
}

Attempt<Submitted> Submit(const Options& options, const Caller& caller, const Surroundings& mailer) {
  Submitted submitted{.id = "", .warnings = {}};
  auto head = MakeHead(options, caller, submitted.warnings);
  if (auto* failure = std::get_if<Failure>(&head)) return std::move(*failure);
  auto& made = std::get<spool::RecordHead>(head);

  const auto temporary = OpenTemporary();
  if (!temporary) return Failure{EX_TEMPFAIL, temporary.error().text()};
  const InputRules rules{.message_size_limit = mailer.settings.message_size_limit,
                         .dot_is_text = options.dot_is_text,
                         .line_endings = ToLineEndings(mailer.settings.sendmail_fix_line_endings)};
  auto record = MakeRecord(sys::FdView(STDIN_FILENO), *temporary, rules, made);
  if (auto* failure = std::get_if<Failure>(&record)) return std::move(*failure);

  auto id = HandOver(std::get<sys::ReadOnlyFd>(record), made, ChooseWays(mailer));
  if (auto* failure = std::get_if<Failure>(&id)) return std::move(*failure);
  submitted.id = std::move(std::get<std::string>(id));
  return submitted;
}

}  // namespace outpost::sendmail
