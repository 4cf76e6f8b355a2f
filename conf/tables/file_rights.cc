#include "conf/tables/file_rights.h"

#include <algorithm>
#include <fcntl.h>
#include <grp.h>
#include <optional>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/tables/table_name.h"
#include "lib/sys/text.h"

namespace outpost::conf {
namespace {

using Severity = Finding::Severity;

std::string UserName(uid_t uid) {
  const passwd* user = getpwuid(uid);
  return user == nullptr ? sys::Cat(uid) : user->pw_name;
}

std::string GroupName(gid_t gid) {
  const group* found = getgrgid(gid);
  return found == nullptr ? sys::Cat(gid) : found->gr_name;
}

std::string Octal(mode_t mode) {
  std::string digits = "0000";
  for (size_t i = 0; i < 4; ++i) digits[3 - i] = static_cast<char>('0' + ((mode >> (3 * i)) & 7));
  return digits;
}

// "mode 0600, owner root, group root"
std::string Describe(const struct stat& status) {
  return sys::Cat("mode ", Octal(status.st_mode), ", owner ", UserName(status.st_uid), ", group ",
                  GroupName(status.st_gid));
}

bool IsThisProcess(const FileReader& reader) { return reader.uid == geteuid(); }

// By the mode; `bit` is 4 to read, 1 to search.
bool Permits(const struct stat& status, const FileReader& reader, mode_t bit) {
  if (reader.uid == 0) return true;
  if (status.st_uid == reader.uid) return (status.st_mode & (bit << 6)) != 0;
  const bool in_group = std::ranges::find(reader.groups, status.st_gid) != reader.groups.end();
  return (status.st_mode & (in_group ? bit << 3 : bit)) != 0;
}

bool MayUse(const std::string& path, const struct stat& status, const FileReader& reader, mode_t bit) {
  if (!IsThisProcess(reader)) return Permits(status, reader, bit);
  return faccessat(AT_FDCWD, path.c_str(), bit == 4 ? R_OK : X_OK, AT_EACCESS) == 0;
}

std::string MendingCommand(const std::string& path, const struct stat& status, const FileReader& reader) {
  if (status.st_uid == reader.uid) return sys::Cat("chmod 0600 ", path);
  if (status.st_uid == 0) return sys::Cat("chgrp ", reader.group, " ", path, " && chmod 0640 ", path);
  return sys::Cat("chown ", reader.user, " ", path, " && chmod 0600 ", path);
}

// The first directory on the way to `path` that `reader` may not search.
std::optional<Finding> FindClosedDirectory(const std::string& path, const FileReader& reader) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string directory = path.substr(0, slash);
    struct stat status {};
    if (stat(directory.c_str(), &status) != 0) return std::nullopt;
    if (MayUse(directory, status, reader, 1)) continue;
    return Finding{
        Severity::kError, path, 0,
        sys::Cat(reader.user, " cannot read it, because of the directory ", directory, " (", Describe(status),
                 "); mend it with: chgrp ", reader.group, " ", directory, " && chmod g+x ", directory)};
  }
  return std::nullopt;
}

std::vector<Finding> JudgeOthers(const std::string& path, const struct stat& status, const FileReader& reader) {
  const bool foreign_group =
      status.st_gid != 0 && (reader.groups.empty() || status.st_gid != reader.groups.front());
  if ((status.st_mode & S_IWOTH) != 0) {
    return {{Severity::kError, path, 0,
             sys::Cat("everybody on this host may change it (mode ", Octal(status.st_mode),
                      "); mend it with: ", MendingCommand(path, status, reader))}};
  }
  if ((status.st_mode & S_IROTH) != 0) {
    return {{Severity::kWarning, path, 0,
             sys::Cat("everybody on this host can read these passwords (mode ", Octal(status.st_mode),
                      "); mend it with: ", MendingCommand(path, status, reader))}};
  }
  if ((status.st_mode & S_IRGRP) != 0 && foreign_group) {
    return {{Severity::kWarning, path, 0,
             sys::Cat("the group ", GroupName(status.st_gid), " can read these passwords (mode ",
                      Octal(status.st_mode), "); mend it with: chgrp ", reader.group, " ", path)}};
  }
  return {};
}

}  // namespace

FileReader CurrentReader() {
  FileReader reader{geteuid(), {getegid()}, UserName(geteuid()), GroupName(getegid())};
  const int count = getgroups(0, nullptr);
  if (count > 0) {
    std::vector<gid_t> groups(static_cast<size_t>(count));
    if (getgroups(count, groups.data()) == count) {
      reader.groups.insert(reader.groups.end(), groups.begin(), groups.end());
    }
  }
  return reader;
}

sys::Result<FileReader> ReaderOf(const std::string& user) {
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) return sys::Error(sys::Cat("there is no user \"", sys::Printable(user, 80), "\""));
  FileReader reader{entry->pw_uid, std::vector<gid_t>(64), user, GroupName(entry->pw_gid)};
  const gid_t primary = entry->pw_gid;
  int count = static_cast<int>(reader.groups.size());
  if (getgrouplist(user.c_str(), primary, reader.groups.data(), &count) < 0) {
    reader.groups.resize(static_cast<size_t>(count));
    getgrouplist(user.c_str(), primary, reader.groups.data(), &count);
  }
  reader.groups.resize(static_cast<size_t>(count));
  return reader;
}

bool MayRead(const std::string& path, const FileReader& reader) {
  struct stat status {};
  return !FindClosedDirectory(path, reader) && stat(path.c_str(), &status) == 0 && MayUse(path, status, reader, 4);
}

Finding UnreadableFile(const std::string& path, const FileReader& reader) {
  if (std::optional<Finding> closed = FindClosedDirectory(path, reader)) return *closed;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return {Severity::kError, path, 0, sys::Error::FromErrno("cannot be opened").text()};
  }
  return {Severity::kError, path, 0,
          sys::Cat(reader.user, " cannot read it (", Describe(status),
                   "); mend it with: ", MendingCommand(path, status, reader))};
}

std::vector<Finding> CheckSecretFile(const std::string& path, const FileReader& reader) {
  if (std::optional<Finding> closed = FindClosedDirectory(path, reader)) return {*closed};
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    const bool is_absent = errno == ENOENT;
    const std::string why = sys::Error::FromErrno("cannot be opened").text();
    const std::string remedy =
        is_absent ? sys::Cat("; make it with: install -m 0640 -g ", reader.group, " /dev/null ", path) : "";
    return {{Severity::kError, path, 0, why + remedy}};
  }
  if (!S_ISREG(status.st_mode)) return {{Severity::kError, path, 0, "is no regular file"}};
  std::vector<Finding> findings = JudgeOthers(path, status, reader);
  if (!MayUse(path, status, reader, 4)) findings.push_back(UnreadableFile(path, reader));
  return findings;
}

bool CheckSecretTables(Configuration& configuration, std::string_view parameter, const FileReader& reader) {
  bool right = true;
  for (const std::string& item : configuration.List(parameter)) {
    const std::string file = FileOf(ParseTableName(item));
    if (file.empty()) continue;  // no file, or TableList::Open tells
    for (Finding& finding : CheckSecretFile(file, reader)) {
      right &= finding.severity != Severity::kError;
      configuration.AddFinding(std::move(finding));
    }
  }
  return right;
}

}  // namespace outpost::conf
