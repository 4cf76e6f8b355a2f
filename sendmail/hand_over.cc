#include "sendmail/hand_over.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sysexits.h>
#include <unistd.h>
#include <utility>

#include "lib/spool/maildrop_file.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/socket.h"
#include "lib/sys/spawn.h"
#include "lib/sys/text.h"

namespace outpost::sendmail {
namespace {

using std::chrono::milliseconds;
using sys::Cat;
using sys::Error;
using sys::Result;

constexpr size_t kBlock = 64 * 1024;
constexpr int kTriesBySocket = 2;
constexpr int kTriesByDrop = 4;  // of which all but the last were killed
constexpr int kCannotExecute = 127;

class Deadline {
 public:
  explicit Deadline(milliseconds from_now) : end_(sys::MonotonicClock() + from_now) {}
  // At least 0, for poll(2).
  int Left() const {
    const auto left = std::chrono::ceil<milliseconds>(end_ - sys::MonotonicClock()).count();
    return left > 0 ? static_cast<int>(left) : 0;
  }

 private:
  sys::Microseconds end_;
};

// Waits until `fd` is readable, whatever signals come; false when the time is over.
bool AwaitReadable(sys::FdView fd, const Deadline& deadline) {
  while (true) {
    pollfd waiting{fd.get(), POLLIN, 0};
    const int count = poll(&waiting, 1, deadline.Left());
    if (count < 0 && errno == EINTR) continue;
    return count > 0;
  }
}

// Gives `take` the whole of `record`, block by block.
template <typename Take>
Result<void> ForEachBlock(const sys::ReadOnlyFd& record, Take take) {
  std::string block(std::min<uint64_t>(kBlock, record.size()), '\0');
  for (uint64_t offset = 0; offset < record.size();) {
    const auto count = sys::ReadAt(record.view(), block, offset);
    if (!count) return count.error();
    if (*count == 0) return Error("the record is shorter than it was");
    if (auto taken = take(std::string_view(block).substr(0, *count)); !taken) return taken;
    offset += *count;
  }
  return {};
}

Result<void> Send(sys::FdView socket, const sys::ReadOnlyFd& record, milliseconds limit) {
  const Deadline deadline(limit);
  return ForEachBlock(record, [&](std::string_view bytes) -> Result<void> {
    if (deadline.Left() == 0) return Error("submission takes too long", ETIMEDOUT);
    return sys::SendAll(socket, bytes, "submission");
  });
}

Result<spool::Answer> ReadAnswer(sys::FdView socket, milliseconds limit) {
  const Deadline deadline(limit);
  std::string line;
  while (line.find('\n') == std::string::npos) {
    if (!AwaitReadable(socket, deadline)) return Error("no answer in time", ETIMEDOUT);
    char buffer[spool::kMaxAnswerLine];
    const auto count = sys::ReadSome(socket, buffer);
    if (!count) return count.error();
    if (*count == 0) return Error("the connection ended without an answer");
    line.append(buffer, *count);
    if (line.size() > spool::kMaxAnswerLine) return Error("the answer is too long");
  }
  return spool::ParseAnswer(line);
}

enum class Silence { kNobodyThere, kAnswerLost };

std::variant<spool::Answer, Silence> AskBySocket(const sys::ReadOnlyFd& record, const Ways& ways,
                                                 const TimeLimits& limits) {
  const auto socket = sys::ConnectUnix(ways.submit_socket, limits.connect);
  if (!socket) return Silence::kNobodyThere;
  // A refusal may come before the last byte has been taken: the answer is looked for in any case, but not waited for
  // where nothing more can come of it.
  const auto sent = Send(*socket, record, limits.send);
  auto answer = ReadAnswer(*socket, sent ? limits.answer : milliseconds(0));
  if (!answer) return Silence::kAnswerLost;
  return std::move(*answer);
}

Attempt<std::string> FromAnswer(const spool::Answer& answer) {
  switch (answer.kind) {
    case spool::Answer::Kind::kQueued:
      return answer.id;
    case spool::Answer::Kind::kLater:
      return Failure{EX_TEMPFAIL, answer.text};
    case spool::Answer::Kind::kRefused:
      return Failure{answer.exit_code, answer.text};
  }
  __builtin_trap();
}

Result<spool::MaildropFile> CreateMaildropFile(const mail::QueueId& id, const Ways& ways) {
  auto file = spool::MaildropFile::Create(ways.maildrop, id, spool::kMaildropLimits);
  if (file || file.error().code() != ENOENT) return file;
  if (!ways.make_maildrop) return file.error().Within("the mailer has never run here");
  // As the mailer would: its sockets are for every user, the maildrop is not.
  const std::string queue_directory = ways.maildrop.substr(0, ways.maildrop.rfind('/'));
  if (auto made = sys::MakeDirectories(queue_directory, 0755); !made) return made.error();
  if (auto made = sys::MakeDirectories(ways.maildrop, 0700); !made) return made.error();
  return spool::MaildropFile::Create(ways.maildrop, id, spool::kMaildropLimits);
}

Result<void> WriteMaildrop(const sys::ReadOnlyFd& record, const mail::QueueId& id, const Ways& ways) {
  auto file = CreateMaildropFile(id, ways);
  if (!file) return file.error();
  auto written = ForEachBlock(record, [&](std::string_view bytes) { return file->Append(bytes); });
  return written ? file->Commit() : written;
}

Attempt<std::string> ByOwnRights(const sys::ReadOnlyFd& record, const mail::QueueId& id, const Ways& ways) {
  const auto written = WriteMaildrop(record, id, ways);
  if (written) return id.text();
  return Failure{written.error().code() == EFBIG ? EX_UNAVAILABLE : EX_TEMPFAIL, written.error().text()};
}

// The exit status of drop, in our words; its own are on stderr already.
Attempt<std::string> FromDrop(const sys::ExitStatus& status, const mail::QueueId& id, const std::string& program) {
  if (!status.signalled && status.number == EX_OK) return id.text();
  if (!status.signalled && status.number == kCannotExecute) {
    return Failure{EX_UNAVAILABLE, Cat("the mailer is not running, and ", program, " cannot be executed")};
  }
  const bool too_large = !status.signalled && status.number == EX_UNAVAILABLE;
  return Failure{too_large ? EX_UNAVAILABLE : EX_TEMPFAIL,
                 Cat("the maildrop did not take the message (", program, ": ", sys::Describe(status), ")")};
}

// The end of one drop.
Result<sys::ExitStatus> RunDrop(const sys::ReadOnlyFd& record, const std::string& program,
                                const TimeLimits& limits) {
  if (lseek(record.view().get(), 0, SEEK_SET) != 0) return Error("cannot rewind the record");
  auto process =
      sys::Spawn({.argv = {program},
                  .descriptors = {{record.view(), STDIN_FILENO}, {sys::FdView(STDERR_FILENO), STDERR_FILENO}},
                  .environment = {}});
  if (!process) return process.error();
  if (!AwaitReadable(process->pidfd, Deadline(limits.drop))) {
    // It removes its file, or is at its end already, unless it is stuck in the disk, where nothing reaches it.
    kill(process->pid, SIGTERM);
    if (!AwaitReadable(process->pidfd, Deadline(limits.drop_end))) {
      return Error("writing to the maildrop takes too long");
    }
  }
  return sys::Reap(*process);
}

// One that was killed may have left the whole file, and pickup may have taken it: only another one, with the same
// record, knows, or makes it so.
Attempt<std::string> ByDrop(const sys::ReadOnlyFd& record, const mail::QueueId& id, const std::string& program,
                            const TimeLimits& limits) {
  for (int tries = 1;; ++tries) {
    const auto status = RunDrop(record, program, limits);
    if (!status) return Failure{EX_TEMPFAIL, status.error().text()};
    if (!status->signalled || tries == kTriesByDrop) return FromDrop(*status, id, program);
  }
}

}  // namespace

Attempt<std::string> HandOver(const sys::ReadOnlyFd& record, const spool::RecordHead& head, const Ways& ways,
                              const TimeLimits& limits) {
  for (int tries = 0; tries < kTriesBySocket; ++tries) {
    const auto asked = AskBySocket(record, ways, limits);
    if (const auto* answer = std::get_if<spool::Answer>(&asked)) {
      if (tries == 0 || answer->kind != spool::Answer::Kind::kLater) return FromAnswer(*answer);
      // The first try may still be on its way into the queue: to say "not kept" now could make the caller send it twice.
      break;
    }
    if (std::get<Silence>(asked) == Silence::kNobodyThere) break;
  }
  if (ways.drop_program.empty()) return ByOwnRights(record, head.id, ways);
  return ByDrop(record, head.id, ways.drop_program, limits);
}

}  // namespace outpost::sendmail
