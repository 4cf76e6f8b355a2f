#include "admin/own_queue.h"

#include <dirent.h>
#include <memory>
#include <unistd.h>

#include "conf/settings.h"
#include "lib/confine/confine.h"
#include "lib/mail/queue_id.h"

namespace outpost::admin {
namespace {

// Others who read the stopped queue, and a runner that ends, soon let go of it; one that starts soon listens.
constexpr auto kLockPatience = std::chrono::seconds(3);

}  // namespace

sys::Result<std::optional<OwnQueue>> OpenOwnQueue(Environment& environment) {
  const auto refused = [](const sys::Error& error) {
    return error.Within("the mailer is not running, and its queue cannot be read");
  };
  const std::string owner = conf::ReadQueueRunnerSettings(environment.configuration).mail_owner;
  if (auto dropped = confine::DropPrivileges(owner); !dropped) return refused(dropped.error());
  auto lock = queue::QueueLock::Take(environment.paths, kLockPatience);
  if (!lock && lock.error().code() == ENOENT) return std::optional<OwnQueue>();
  if (!lock) return refused(lock.error());
  if (!*lock) return sys::Error("the mailer is starting or stopping; try again in a moment");
  auto queue = queue::Queue::Open(environment.paths, **lock);
  if (!queue) return refused(queue.error());
  return std::optional(OwnQueue{std::move(**lock), std::move(*queue)});
}

std::optional<uint64_t> CountMaildrop(const spool::SpoolPaths& paths) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(paths.Maildrop().c_str()), closedir);
  if (directory == nullptr) return std::nullopt;
  uint64_t files = 0;
  while (const dirent* entry = readdir(directory.get())) {
    if (mail::QueueId::Parse(entry->d_name)) ++files;
  }
  return files;
}

}  // namespace outpost::admin
