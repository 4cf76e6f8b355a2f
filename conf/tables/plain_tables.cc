#include "conf/tables/plain_tables.h"

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <grp.h>
#include <pwd.h>
#include <string>
#include <utility>

#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Lookup = std::function<Found(std::string_view)>;

class FunctionTable : public Table {
 public:
  FunctionTable(Lookup lookup, bool is_pattern) : lookup_(std::move(lookup)), is_pattern_(is_pattern) {}
  Found Find(std::string_view key) override { return lookup_(key); }
  bool IsPattern() const override { return is_pattern_; }

 private:
  Lookup lookup_;
  bool is_pattern_;
};

std::unique_ptr<Table> Make(Lookup lookup, bool is_pattern = false) {
  return std::make_unique<FunctionTable>(std::move(lookup), is_pattern);
}

// What a getXbyY(3) call that came back with nothing means.
Found NotFound(std::string_view database) {
  // The manual's list of codes that stand for "no such entry".
  for (const int code : {0, ENOENT, ESRCH, EBADF, EPERM}) {
    if (errno == code) return std::optional<std::string>();
  }
  return sys::Error::FromErrno(sys::Cat("ask ", database));
}

Found FindUser(std::string_view key) {
  errno = 0;
  const passwd* user = getpwnam(std::string(key).c_str());
  if (user == nullptr) return NotFound("passwd.byname");
  return std::optional(sys::Cat(user->pw_name, ":", user->pw_passwd, ":", user->pw_uid, ":", user->pw_gid, ":",
                                user->pw_gecos, ":", user->pw_dir, ":", user->pw_shell));
}

Found FindGroup(std::string_view key) {
  errno = 0;
  const group* found = getgrnam(std::string(key).c_str());
  if (found == nullptr) return NotFound("group.byname");
  std::string line = sys::Cat(found->gr_name, ":", found->gr_passwd, ":", found->gr_gid, ":");
  for (char** member = found->gr_mem; *member != nullptr; ++member) {
    line += sys::Cat(member == found->gr_mem ? "" : ",", *member);
  }
  return std::optional(std::move(line));
}

}  // namespace

sys::Result<std::unique_ptr<Table>> MakeStaticTable(std::string_view name) {
  std::string value(name);
  if (name.starts_with('{')) {
    if (!name.ends_with('}')) return sys::Error("\"{\" without \"}\" at the end");
    value = sys::Trim(name.substr(1, name.size() - 2));
  }
  if (value.empty()) return sys::Error("a value is missing");
  return Make([value](std::string_view) { return std::optional(value); });
}

sys::Result<std::unique_ptr<Table>> MakeFailTable(std::string_view name) {
  return Make([name = std::string(name)](
                  std::string_view) -> Found { return sys::Error(sys::Cat("fail:", name, " fails always")); },
              true);
}

sys::Result<std::unique_ptr<Table>> MakeEnvironTable(std::string_view) {
  return Make([](std::string_view key) -> Found {
    const char* value = getenv(std::string(key).c_str());
    if (value == nullptr) return std::optional<std::string>();
    if (!IsLine(value)) return sys::Error("the variable is more than one line of text");
    return std::optional<std::string>(value);
  });
}

sys::Result<std::unique_ptr<Table>> MakeUnixTable(std::string_view name) {
  if (name == "passwd.byname") return Make(FindUser);
  if (name == "group.byname") return Make(FindGroup);
  return sys::Error("there are passwd.byname and group.byname");
}

}  // namespace outpost::conf
