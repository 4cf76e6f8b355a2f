#include "queue-runner/intake_memory.h"

#include <cerrno>
#include <unistd.h>
#include <utility>
#include <vector>

#include "lib/sys/file.h"

namespace outpost::queue_runner {
namespace {

constexpr size_t kSlice = 1000;

bool IsAbsent(sys::FdView directory, const mail::QueueId& id) {
  return faccessat(directory.get(), id.text().c_str(), F_OK, 0) != 0 && errno == ENOENT;
}

}  // namespace

sys::Result<bool> IntakeMemory::ForgetSome(sys::Microseconds made_before) {
  auto ids = queue_.AcceptedBefore(made_before, after_, kSlice);
  if (!ids) return ids.error();
  const bool more = ids->size() == kSlice;
  after_ = more ? ids->back() : mail::QueueId();
  // The one error that is no trouble of the queue: it is for another time.
  const auto maildrop = sys::OpenDirectory(maildrop_);
  if (!maildrop || ids->empty()) return false;
  std::erase_if(*ids, [&](const mail::QueueId& id) { return !IsAbsent(*maildrop, id); });
  // After the look: what is absent now stays so after a crash as well.
  if (!sys::SyncFile(*maildrop, "maildrop")) return false;
  if (auto forgotten = queue_.ForgetIntake(*ids); !forgotten) return forgotten.error();
  return more;
}

}  // namespace outpost::queue_runner
