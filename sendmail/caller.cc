#include "sendmail/caller.h"

#include <algorithm>
#include <pwd.h>
#include <unistd.h>

#include "lib/mail/address.h"
#include "lib/spool/record.h"
#include "lib/sys/text.h"

namespace outpost::sendmail {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::string Cleaned(std::string text) {
  std::ranges::replace_if(text, IsControl, ' ');
  if (text.size() > spool::kMaxFullName) text.resize(spool::kMaxFullName);
  return text;
}

}  // namespace

Caller IdentifyCaller() {
  Caller caller;
  caller.uid = getuid();
  const passwd* user = getpwuid(caller.uid);
  const std::string_view name = user == nullptr ? "" : user->pw_name;
  if (user == nullptr || name.empty() || std::ranges::any_of(name, IsControl)) {
    caller.login = sys::Cat("uid-", caller.uid);
    return caller;
  }
  // What the name service allows, an address may have to quote.
  caller.login = mail::QuoteLocalPart(name);
  caller.gecos = user->pw_gecos == nullptr ? "" : user->pw_gecos;
  return caller;
}

std::string FullNameOfGecos(std::string_view gecos, std::string_view login) {
  std::string name;
  for (const char c : gecos.substr(0, gecos.find_first_of(",;%"))) {
    if (c != '&') {
      name += c;
    } else if (!login.empty()) {
      name += login[0] >= 'a' && login[0] <= 'z' ? static_cast<char>(login[0] - 'a' + 'A') : login[0];
      name += login.substr(1);
    }
  }
  return name;
}

std::optional<std::string> ChooseFullName(const std::optional<std::string>& option,
                                          const std::optional<std::string>& environment, const Caller& caller) {
  if (option) return option;
  if (environment) return Cleaned(*environment);
  if (!caller.gecos) return std::nullopt;
  return Cleaned(FullNameOfGecos(*caller.gecos, caller.login));
}

}  // namespace outpost::sendmail
