#include "lib/confine/landlock.h"

#include <cstdint>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/sys/text.h"
#include "lib/sys/unique_fd.h"

namespace outpost::confine {
namespace {

// The kernel's interface, written down here because the distribution's <linux/landlock.h> is older than the kernels
// that we run on: the three structures and the rights by the ABI version that brought them.
struct RulesetAttributes {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;  // since ABI 4
  uint64_t scoped;              // since ABI 6
};

struct [[gnu::packed]] PathBeneathAttributes {
  uint64_t allowed_access;
  int32_t parent_fd;
};

constexpr unsigned kAskVersion = 1;
constexpr int kPathBeneath = 1;

enum Access : uint64_t {
  kExecute = 1U << 0,
  kWriteFile = 1U << 1,
  kReadFile = 1U << 2,
  kReadDirectory = 1U << 3,
  kRemoveDirectory = 1U << 4,
  kRemoveFile = 1U << 5,
  kMakeDirectory = 1U << 7,
  kMakeRegular = 1U << 8,
  kMakeSocket = 1U << 9,
  kRefer = 1U << 13,     // ABI 2: rename and link between directories; before it, always refused
  kTruncate = 1U << 14,  // ABI 3
  kIoctlDevice = 1U << 15,
};
constexpr uint64_t kAllOfAbi1 = (1U << 13) - 1;
constexpr int kReferAbi = 2;
constexpr int kTruncateAbi = 3;
constexpr int kIoctlAbi = 5;
constexpr int kScopeAbi = 6;
constexpr uint64_t kScopeAbstractSockets = 1U << 0;
constexpr uint64_t kScopeSignals = 1U << 1;

constexpr uint64_t kRead = kReadFile | kReadDirectory;
constexpr uint64_t kWrite = kRead | kWriteFile | kTruncate | kRemoveFile | kRemoveDirectory | kMakeRegular |
                            kMakeDirectory | kMakeSocket | kRefer;
constexpr uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDevice;

uint64_t HandledBy(int abi) {
  uint64_t handled = kAllOfAbi1;
  if (abi >= kReferAbi) handled |= kRefer;
  if (abi >= kTruncateAbi) handled |= kTruncate;
  if (abi >= kIoctlAbi) handled |= kIoctlDevice;
  return handled;
}

sys::Result<sys::UniqueFd> MakeRuleset(int abi, bool allow_exec) {
  RulesetAttributes attributes{};
  attributes.handled_access_fs = HandledBy(abi);
  // A process that starts no programs has nobody to signal but its own forks.
  if (abi >= kScopeAbi) attributes.scoped = kScopeAbstractSockets | (allow_exec ? uint64_t{0} : kScopeSignals);
  // An older kernel takes the longer structure as long as what it does not know is zero.
  sys::UniqueFd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset) return sys::Error::FromErrno("make a landlock ruleset");
  return ruleset;
}

sys::Result<void> Allow(sys::FdView ruleset, const std::string& path, uint64_t rights) {
  const sys::UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  // What cannot be reached now cannot be opened later either.
  if (!fd && (errno == ENOENT || errno == EACCES || errno == ENOTDIR)) return {};
  struct stat status {};
  if (!fd || fstat(fd.get(), &status) != 0) return sys::Error::FromErrno(sys::Cat("allow ", path));
  if (!S_ISDIR(status.st_mode)) rights &= kOfFiles;
  const PathBeneathAttributes rule{rights, fd.get()};
  if (syscall(SYS_landlock_add_rule, ruleset.get(), kPathBeneath, &rule, 0) != 0) {
    return sys::Error::FromErrno(sys::Cat("allow ", path));
  }
  return {};
}

}  // namespace

sys::Result<std::optional<std::string>> RestrictPaths(const std::vector<PathRule>& paths, bool allow_exec) {
  const auto abi = static_cast<int>(syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion));
  if (abi < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) return std::optional<std::string>("landlock");
  if (abi < 0) return sys::Error::FromErrno("ask for landlock");
  auto ruleset = MakeRuleset(abi, allow_exec);
  if (!ruleset) return ruleset.error();
  std::vector<PathRule> all = {
      {.path = "/etc/localtime"}, {.path = "/usr/share/zoneinfo"}, {.path = "/dev/null", .write = true}};
  all.insert(all.end(), paths.begin(), paths.end());
  for (const PathRule& rule : all) {
    const uint64_t rights = (rule.write ? kWrite : kRead) | (allow_exec ? kExecute : uint64_t{0});
    if (auto allowed = Allow(*ruleset, rule.path, rights & HandledBy(abi)); !allowed) return allowed.error();
  }
  if (syscall(SYS_landlock_restrict_self, ruleset->get(), 0) != 0) return sys::Error::FromErrno("enforce landlock");
  if (abi < kTruncateAbi) return std::optional<std::string>("landlock for truncate");
  return std::optional<std::string>();
}

}  // namespace outpost::confine
