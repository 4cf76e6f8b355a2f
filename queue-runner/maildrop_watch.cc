#include "queue-runner/maildrop_watch.h"

#include <dirent.h>
#include <memory>
#include <string_view>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/sys/text.h"

namespace outpost::queue_runner {

sys::Result<MaildropWatch> MaildropWatch::Make(const std::string& maildrop) {
  sys::UniqueFd inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return sys::Error::FromErrno("make an inotify descriptor");
  constexpr uint32_t kWhole = IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR;
  if (inotify_add_watch(inotify.get(), maildrop.c_str(), kWhole) < 0) {
    return sys::Error::FromErrno(sys::Cat("watch ", maildrop));
  }
  return MaildropWatch(std::move(inotify));
}

sys::Result<void> MaildropWatch::Start(sys::EventLoop& loop, std::function<void()> on_file) {
  auto watch = loop.Watch(inotify_, [fd = inotify_.get(), on_file = std::move(on_file)] {
    alignas(inotify_event) char events[16384];
    while (read(fd, events, sizeof events) > 0) {
    }
    on_file();
  });
  return watch ? sys::Result<void>() : watch.error();
}

bool HasEntries(const std::string& maildrop) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(maildrop.c_str()), closedir);
  if (!directory) return true;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") return true;
  }
  return false;
}

}  // namespace outpost::queue_runner
