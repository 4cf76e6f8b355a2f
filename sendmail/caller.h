// Who has started us: the envelope sender, and the name for a From: that has to be made, when nothing else was asked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace outpost::sendmail {

struct Caller {
  uid_t uid = 0;
  std::string login;                 // of the real uid; "uid-N" for one without a name
  std::optional<std::string> gecos;  // nothing when the user is not known
};
// Asks the name service.
Caller IdentifyCaller();

// The user's own part of a passwd entry's GECOS field: up to "," ";" or "%", "&" being the login name, capitalised.
std::string FullNameOfGecos(std::string_view gecos, std::string_view login);

// -F, else NAME of the environment, else GECOS. -F "" is "no name", which is not the same as nothing. Control
// characters of the latter two become blanks; both are cut at spool::kMaxFullName.
std::optional<std::string> ChooseFullName(const std::optional<std::string>& option,
                                          const std::optional<std::string>& environment, const Caller& caller);

}  // namespace outpost::sendmail
