#include "queue-runner/recovery.h"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <memory>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "lib/sys/clock.h"
#include "lib/sys/text.h"
#include "queue-runner/log_lines.h"

namespace outpost::queue_runner {
namespace {

using sys::Cat;

constexpr Microseconds kLockInterval = std::chrono::milliseconds(50);
constexpr size_t kPage = 200;
constexpr std::string_view kStatus = "4.4.2";
constexpr std::string_view kWhy = "in doubt: the mailer ended while it was with the relay, which may have taken it";

struct flock WholeFile(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

struct InDoubt {
  ActivePointer message;
  std::vector<queue::QueuedRecipient> recipients;
  std::vector<queue::Outcome> outcomes;
};

}  // namespace

Recovery::Recovery(Context& context, std::function<void()> done) : context_(context), done_(std::move(done)) {}

Recovery::~Recovery() { context_.loop.Cancel(timer_); }

void Recovery::Start() {
  started_ = sys::MonotonicClock();
  TryLock();
}

void Recovery::StartAgain() {
  context_.loop.Cancel(timer_);
  locked_ = under_way_ = finished_ = false;
  Start();
}

void Recovery::TryLock() {
  struct flock wanted = WholeFile(F_WRLCK);
  if (fcntl(context_.agents_lock.get(), F_SETLK, &wanted) == 0) {
    struct flock release = WholeFile(F_UNLCK);
    fcntl(context_.agents_lock.get(), F_SETLK, &release);
    locked_ = true;
    return context_.ask_for_round();
  }
  struct flock holder = WholeFile(F_WRLCK);
  const bool known = fcntl(context_.agents_lock.get(), F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK;
  if (known && sys::MonotonicClock() - started_ >= kPatience) EndHolder(holder.l_pid);
  timer_ = context_.loop.After(kLockInterval, [this] { TryLock(); });
}

// The pidfd is opened first and the lock asked for again: a pid that has gone to another process meanwhile no longer
// holds it.
void Recovery::EndHolder(pid_t holder) {
  const sys::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, holder, 0)));
  struct flock again = WholeFile(F_WRLCK);
  if (!pidfd || fcntl(context_.agents_lock.get(), F_GETLK, &again) != 0 || again.l_pid != holder) return;
  if (std::exchange(ended_, holder) == holder) return;  // it is on its way
  context_.log.Warning(Cat("process ", holder, " of an earlier run still holds agents.lock: it is ended"));
  if (auto sent = context_.spawner.End(pidfd); !sent) context_.log.Error(sent.error().text());
}

void Recovery::Contribute() {
  if (!locked_ || under_way_ || finished_ || context_.batch.in_trouble()) return;
  MakeInDoubt();
}

void Recovery::MakeInDoubt() {
  auto found = context_.queue.Undecided(kPage);
  if (!found) return context_.log.Error(found.error().text());
  if (found->empty()) {
    finished_ = true;
    return done_();
  }
  const Microseconds now = sys::WallClock();
  auto by_message = std::make_shared<std::map<queue::MessageKey, InDoubt>>();
  for (auto& recipient : *found) {
    InDoubt& one = (*by_message)[recipient.message];
    if (!one.message) {
      auto message = context_.active.FindOrRead(context_.queue, recipient.message);
      if (!message) return context_.log.Error(message.error().text());
      one.message = std::move(*message);
    }
    if (!one.message) continue;
    one.outcomes.push_back({recipient.key, queue::RecipientState::kInDoubt,
                            NextAttempt(AttemptOn(*one.message, context_.queue), context_.policy.schedule), true,
                            std::string(kStatus), std::string(kWhy), ""});
    one.recipients.push_back(std::move(recipient));
  }
  if (std::ranges::none_of(*by_message, [](const auto& entry) { return entry.second.message != nullptr; })) {
    finished_ = true;  // none of them can be read; the queue has set them aside
    return done_();
  }
  under_way_ = true;
  context_.batch.Add({[this, by_message, now]() -> sys::Result<void> {
                        for (const auto& [key, one] : *by_message) {
                          if (!one.message) continue;
                          if (auto done = context_.queue.Record(key, one.outcomes, now); !done) return done;
                        }
                        return {};
                      },
                      [this, by_message, now] {
                        under_way_ = false;
                        for (const auto& [key, one] : *by_message) {
                          for (const auto& recipient : one.recipients) {
                            context_.log.Info(
                                RecipientLine(*one.message, recipient.recipient, now, kStatus, "deferred", kWhy));
                          }
                        }
                        context_.ask_for_round();
                      },
                      [this](const sys::Error&) { under_way_ = false; }});
}

void SweepTemporary(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(directory.c_str()), closedir);
  if (!opened) return;
  while (const dirent* entry = readdir(opened.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") unlinkat(dirfd(opened.get()), entry->d_name, 0);
  }
}

}  // namespace outpost::queue_runner
