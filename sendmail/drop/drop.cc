#include "sendmail/drop/drop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <string_view>
#include <sys/signalfd.h>
#include <sysexits.h>

#include "lib/spool/record.h"
#include "lib/sys/clock.h"
#include "lib/sys/file.h"
#include "lib/sys/text.h"

namespace outpost::drop {
namespace {

using sys::Error;
using sys::Result;

constexpr size_t kBlock = 64 * 1024;

// Input that a signal or the clock can interrupt between reads. Not a signal handler: what it would have to remove
// is then removed in the ordinary way.
class Input {
 public:
  static Result<Input> Make(sys::FdView fd, std::chrono::seconds time_limit) {
    sigset_t ending;
    sigemptyset(&ending);
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU}) sigaddset(&ending, number);
    sys::UniqueFd signals(signalfd(-1, &ending, SFD_CLOEXEC));
    if (!signals) return Error::FromErrno("watch signals");
    return Input(fd, std::move(signals), sys::MonotonicClock() + time_limit);
  }

  // The next bytes, at most a block; empty at the end. Valid until the next call.
  Result<std::string_view> Next() {
    if (auto ready = Await(); !ready) return ready.error();
    const auto count = sys::ReadSome(fd_, block_);
    if (!count) return count.error().Within("input");
    return std::string_view(block_.data(), *count);
  }

 private:
  Input(sys::FdView fd, sys::UniqueFd signals, sys::Microseconds deadline)
      : fd_(fd), signals_(std::move(signals)), deadline_(deadline) {}

  Result<void> Await() {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - sys::MonotonicClock());
    std::array<pollfd, 2> watched{pollfd{signals_.get(), POLLIN, 0}, pollfd{fd_.get(), POLLIN, 0}};
    const auto wait = static_cast<int>(std::max<int64_t>(left.count(), 0));
    const int count = poll(watched.data(), watched.size(), wait);
    if (count < 0) return Error::FromErrno("wait for input");
    if (count == 0) return Error("input took too long", ETIMEDOUT);
    if (watched[0].revents != 0) return Error("interrupted by a signal", EINTR);
    return {};
  }

  sys::FdView fd_;
  sys::UniqueFd signals_;
  sys::Microseconds deadline_;
  std::string block_ = std::string(kBlock, '\0');
};

Outcome Failed(const Error& error) {
  // All but the record's size may be otherwise when the caller tries again.
  return {error.code() == EFBIG ? EX_UNAVAILABLE : EX_TEMPFAIL, error.text()};
}

}  // namespace

Outcome Drop(sys::FdView fd, const std::string& maildrop, const spool::MaildropLimits& limits,
             std::chrono::seconds time_limit) {
  auto input = Input::Make(fd, time_limit);
  if (!input) return Failed(input.error());

  std::string begin;
  while (begin.size() < spool::kFirstLineLength) {
    const auto bytes = input->Next();
    if (!bytes) return Failed(bytes.error());
    if (bytes->empty()) break;
    begin += *bytes;
  }
  const auto id = spool::ParseFirstLine(std::string_view(begin).substr(0, spool::kFirstLineLength));
  if (!id) return {EX_SOFTWARE, "input is not a submission record"};

  auto file = spool::MaildropFile::Create(maildrop, *id, limits);
  if (!file) return Failed(file.error());
  if (auto written = file->Append(begin); !written) return Failed(written.error());
  while (true) {
    const auto bytes = input->Next();
    if (!bytes) return Failed(bytes.error());
    if (bytes->empty()) break;
    if (auto written = file->Append(*bytes); !written) return Failed(written.error());
  }
  if (auto kept = file->Commit(); !kept) return Failed(kept.error());
  return {};
}

}  // namespace outpost::drop
