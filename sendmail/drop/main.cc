// drop: puts one submission record into the maildrop.
//   runs as    the caller, set-gid outdrop
//   opens      maildrop/ID, new, for writing, or to read what an earlier one that was killed has left there for the
//              same caller; nothing else. The path is compiled in; there are no options, no configuration and no
//              environment
//   trusts     nobody: any user may run it with any input; of that it reads only the first line, which names the file
//   promises   exit 0 only when the file is whole, marked so, and on stable storage
//   if killed  a file without its x bit is left, which the next one, or else pickup, takes for unfinished and removes;
//              or one that is whole, which the next one makes durable: sendmail starts it with the same record
#include <csignal>
#include <cstdlib>
#include <new>
#include <string_view>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/spool/paths.h"
#include "lib/sys/file.h"
#include "lib/sys/inherited.h"
#include "lib/sys/text.h"
#include "sendmail/drop/drop.h"

namespace {

using outpost::drop::Outcome;
using outpost::sys::Cat;
using outpost::sys::FdView;

// Nothing of the caller's way of starting us may matter from here on.
Outcome LeaveTheCaller() {
  clearenv();
  sigset_t all;
  sigfillset(&all);
  // SIGXFSZ and SIGPIPE become errors of write(2); those that end us are taken in between reads.
  sigprocmask(SIG_SETMASK, &all, nullptr);
  umask(0027);
  if (const auto opened = outpost::sys::OpenStandardDescriptors(); !opened)
    return {EX_OSERR, opened.error().text()};
  outpost::sys::CloseInheritedDescriptors();
  // No core file, no ptrace by the user whose right this is not.
  if (prctl(PR_SET_DUMPABLE, 0) != 0 || chdir("/") != 0)
    return {EX_OSERR, "cannot leave the caller's surroundings"};
  return {};
}

}  // namespace

int main() {
  std::set_new_handler([] { _exit(EX_TEMPFAIL); });
  Outcome outcome = LeaveTheCaller();
  if (outcome.exit_code == 0) {
    const outpost::spool::SpoolPaths paths(OUTPOST_QUEUE_DIRECTORY);
    outcome = outpost::drop::Drop(FdView(STDIN_FILENO), paths.Maildrop());
  }
  if (outcome.exit_code != 0) {
    // Whether anybody reads it changes nothing.
    (void)outpost::sys::WriteAll(FdView(STDERR_FILENO), Cat("outpost-drop: fatal: ", outcome.text, "\n"), "stderr");
  }
  return outcome.exit_code;
}
