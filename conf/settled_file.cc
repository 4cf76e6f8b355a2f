#include "conf/settled_file.h"

#include <sys/stat.h>
#include <thread>

#include "lib/sys/clock.h"
#include "lib/sys/file.h"

namespace outpost::conf {
namespace {

// The zero time, long ago, where there is none.
timespec LastWrite(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mtim : timespec{};
}

}  // namespace

bool IsOlder(const timespec& modified, std::chrono::milliseconds age) {
  const auto fraction = std::chrono::nanoseconds(modified.tv_nsec);
  const auto then = std::chrono::seconds(modified.tv_sec) + std::chrono::duration_cast<sys::Microseconds>(fraction);
  const sys::Microseconds now = sys::WallClock();
  return then > now || now - then >= age;
}

sys::Result<std::string> ReadSettled(const std::string& path, size_t max_bytes) {
  constexpr std::chrono::milliseconds kPause{20};
  constexpr std::chrono::milliseconds kPatience{3000};
  for (std::chrono::milliseconds waited{0};; waited += kPause) {
    sys::Result<std::string> text = sys::ReadFile(path, max_bytes);
    if (!text || waited >= kPatience) return text;
    if (IsOlder(LastWrite(path), text->ends_with('\n') ? kFirstSettleTime : kFirstCutTime)) return text;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace outpost::conf
