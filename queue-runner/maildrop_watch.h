// Tells when a file in maildrop/ has become whole: inotify, whose events `drop` causes by setting u+x last. Events
// say no more than "look": pickup looks. Where inotify is not to be had, a slow scan must do.
#pragma once

#include <functional>

#include "lib/sys/event_loop.h"
#include "lib/sys/unique_fd.h"

namespace outpost::queue_runner {

class MaildropWatch {
 public:
  static sys::Result<MaildropWatch> Make(const std::string& maildrop);
  // Calls `on_file` once for each burst of events.
  sys::Result<void> Start(sys::EventLoop& loop, std::function<void()> on_file);

 private:
  explicit MaildropWatch(sys::UniqueFd inotify) : inotify_(std::move(inotify)) {}
  sys::UniqueFd inotify_;
};

// Whether `maildrop` has any entry, whole or not; true when that cannot be told.
bool HasEntries(const std::string& maildrop);

}  // namespace outpost::queue_runner
