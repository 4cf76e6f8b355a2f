// sendmail (mailq, newaliases): what programs call to send a message.
//   runs as    the caller, with the caller's rights alone; a set-id bit that somebody gave it is undone first
//   opens      main.cf, public/submit; a temporary file for a large message; in user mode maildrop/ID
//   starts     drop (set-gid), when nobody answers on the socket; `outpost` for the queue's commands
//   trusts     nothing in argv, the environment or the message; pickup's answer only as far as one of three lines
//   promises   exit 0 only when message and envelope are on stable storage; an end to every wait but that for its input
//   if killed  nothing was promised yet; what was handed over whole is delivered, what was not leaves nothing behind
#include <csignal>
#include <new>
#include <string>
#include <string_view>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <vector>

#include "conf/compiled_in.h"
#include "lib/sys/file.h"
#include "lib/sys/inherited.h"
#include "lib/sys/log.h"
#include "lib/sys/spawn.h"
#include "lib/sys/text.h"
#include "sendmail/caller.h"
#include "sendmail/options.h"
#include "sendmail/submission.h"

namespace {

namespace conf = outpost::conf;
namespace sendmail = outpost::sendmail;
namespace sys = outpost::sys;
using sys::Cat;

void Say(int fd, const std::string& line) {
  // Whether anybody reads it changes nothing.
  (void)sys::WriteAll(sys::FdView(fd), line, "the terminal");
}

// Nothing has been promised yet, and another time there may be some.
[[noreturn]] void EndWithoutMemory() {
  constexpr std::string_view kLine = "sendmail: fatal: out of memory\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kLine.data(), kLine.size());
  _exit(EX_TEMPFAIL);
}

// To syslog whatever maillog_file says: this runs with the caller's rights, by a main.cf that may be the caller's, and
// writes into no file but a maildrop's (attack S1).
int Fail(const sendmail::Caller& caller, const sendmail::Failure& failure,
         std::string_view syslog_name = "outpost") {
  const std::string text = sys::Printable(Cat(caller.login, "(", caller.uid, "): ", failure.reason));
  Say(STDERR_FILENO, Cat("sendmail: fatal: ", text, "\n"));
  sys::Log::ToSyslog(syslog_name, "sendmail").Error(text);
  return failure.exit_code;
}

int SubmitAndReport(const sendmail::Options& options, const sendmail::Caller& caller) {
  for (const std::string& warning : options.warnings) Say(STDERR_FILENO, Cat("sendmail: warning: ", warning, "\n"));
  const auto found = sendmail::FindMailer(options);
  if (const auto* failure = std::get_if<sendmail::Failure>(&found)) return Fail(caller, *failure);
  const auto& mailer = std::get<sendmail::Surroundings>(found);
  const auto attempt = sendmail::Submit(options, caller, mailer);
  if (const auto* failure = std::get_if<sendmail::Failure>(&attempt)) {
    return Fail(caller, *failure, mailer.settings.common.syslog_name);
  }
  const auto& submitted = std::get<sendmail::Submitted>(attempt);
  for (const std::string& warning : submitted.warnings)
    Say(STDERR_FILENO, Cat("sendmail: warning: ", warning, "\n"));
  if (options.verbose) Say(STDOUT_FILENO, Cat("queued as ", submitted.id, "\n"));
  return EX_OK;
}

// Becomes `outpost WORDS`, which is installed beside us.
int BecomeOutpost(const sendmail::Options& options, const sendmail::Caller& caller,
                  std::vector<std::string> words) {
  const auto own = sys::OwnDirectory();
  std::string program = own ? *own + "/outpost" : "";
  if (!own || access(program.c_str(), X_OK) != 0)
    program = std::string(conf::CompiledCommandDirectory()) + "/outpost";
  if (options.config) words.insert(words.begin(), {"-C", *options.config});
  words.insert(words.begin(), "outpost");
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  signal(SIGPIPE, SIG_DFL);  // "mailq | head"
  signal(SIGXFSZ, SIG_DFL);
  execv(program.c_str(), argv.data());
  return Fail(caller, {EX_UNAVAILABLE, sys::Error::FromErrno(Cat("execute ", program)).text()});
}

int Run(const sendmail::Options& options, const sendmail::Caller& caller) {
  switch (options.mode) {
    case sendmail::Mode::kSubmit:
      return SubmitAndReport(options, caller);
    case sendmail::Mode::kListQueue:
      return BecomeOutpost(options, caller, {"mailq"});
    case sendmail::Mode::kRunQueue:
      return BecomeOutpost(options, caller, {"queue", "run"});
    case sendmail::Mode::kFlushMessage:
      return BecomeOutpost(options, caller, {"flush", "--id=" + options.flushed});
    case sendmail::Mode::kFlushDomain:
      return BecomeOutpost(options, caller, {"flush", "--to=" + options.flushed});
    case sendmail::Mode::kRebuildAliases:
      return BecomeOutpost(options, caller, {"newaliases"});
    case sendmail::Mode::kNothing:
      return EX_OK;
  }
  __builtin_trap();
}

sys::Result<void> LeaveTheCallersSettings() {
  const uid_t uid = getuid();
  const gid_t gid = getgid();
  if (getauxval(AT_SECURE) != 0 && (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)) {
    return sys::Error::FromErrno("give up set-id rights");
  }
  auto opened = sys::OpenStandardDescriptors();
  sys::CloseInheritedDescriptors();
  umask(0022);
  signal(SIGPIPE, SIG_IGN);  // a pickup that hangs up is an error of write(2)
  signal(SIGXFSZ, SIG_IGN);  // a limit on files likewise
  signal(SIGCHLD, SIG_DFL);  // where it was ignored, nobody could wait for drop
  return opened;
}

}  // namespace

int main(int argc, char** argv) {
  std::set_new_handler(EndWithoutMemory);
  const auto left = LeaveTheCallersSettings();
  const sendmail::Caller caller = sendmail::IdentifyCaller();
  if (!left) return Fail(caller, {EX_OSERR, left.error().text()});
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto options = sendmail::ParseOptions(argc > 0 ? argv[0] : "sendmail", words);
  if (!options) return Fail(caller, {EX_USAGE, options.error().text()});
  return Run(*options, caller);
}
