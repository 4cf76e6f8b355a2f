// Whether a file that holds passwords can be read by those who must, and by nobody else. For smtp-client, which
// reads it, and for `outpost check`, which often runs as somebody else.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "conf/configuration.h"
#include "lib/sys/error.h"

namespace outpost::conf {

// Who is going to read.
struct FileReader {
  uid_t uid = 0;
  std::vector<gid_t> groups;  // the primary one first
  std::string user;           // names, for people and commands
  std::string group;
};
// This process, with its effective rights.
FileReader CurrentReader();
// A user as login would set it up; an Error when there is none.
sys::Result<FileReader> ReaderOf(const std::string& user);

// A warning when others than `reader` and the owner may read `path` (file and mode are named); an error when
// `reader` cannot read it (with the command that mends it), when everybody may write it, when it is not there.
// Rights beyond the mode (access control lists) count only where `reader` is this process.
std::vector<Finding> CheckSecretFile(const std::string& path, const FileReader& reader);

// The same of every file among the tables of `parameter`, into the configuration's findings. False when one of them is
// an error.
bool CheckSecretTables(Configuration& configuration, std::string_view parameter, const FileReader& reader);

// By its mode and those of the directories on its path; as above for this process.
bool MayRead(const std::string& path, const FileReader& reader);

// The error alone that CheckSecretFile gives for a file, or a directory on its path, that `reader` may not read;
// a general one when the reason is not to be seen.
Finding UnreadableFile(const std::string& path, const FileReader& reader);

}  // namespace outpost::conf
